"""Augmentation of the segmenter's sagittal batches: geometry, contrast, what a coarse or noisy scanner does,
and fields of view cut short.

A part of the samples gets each change; the recipe says how large a part. Randomness is torch's global one,
which the loop seeds for every step.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .augment import affine, chance, change_some, soften, uniform, warp
from .networks import CLASSES
from .recipe import SegmenterRecipe

AIR = -1024.0
"""HU outside the field of view."""
BODY = -900.0
"""HU above which a voxel is not the air around the patient."""
PIXEL_MM = 2.0
"""Rows and columns of the sagittal grid; its slices lie 4 mm apart."""
BEND_MM = 36.0
"""From node to node of a smooth bend: two vertebrae."""
SOFT = 100.0
"""HU below which there is no bone."""
DENSE = 1500.0
"""HU of compact bone: the fixed point of the change of contrast."""


def augment_sagittal(image: Tensor, label: Tensor, recipe: SegmenterRecipe) -> tuple[Tensor, Tensor]:
    """image (B, 5, H, W) float32 HU, label (B, H, W) int64 -> the same, changed.

    In the order of the physics: where things are, what they are made of, what disturbs the rays, how coarse
    the scanner sees it, how much of it lies in the field.
    """
    batch = len(image)
    image = change_some(chance(batch, 0.5, image), image, lambda x: x.flip(1))  # left-right
    image, label = move(image, label, recipe.elastic)
    if recipe.densities:
        chosen = chance(batch, recipe.densities, image).view(-1, 1, 1, 1)
        image = torch.where(chosen, change_densities(image, label), image)
    for share, change in (
        (0.5, shift_scale),
        (recipe.contrast, bend_contrast),
        (recipe.bias, add_bias),
        (recipe.streaks, add_streaks),
        (recipe.grain, add_grain),
        (recipe.coarse, lambda x: coarsen(x, recipe.coarse_mm)),
        (recipe.blur, blur),
    ):
        image = change_some(chance(batch, share, image), image, change)
    image = thicken_rows(image, recipe.thick_rows)
    image = soften(image, -0.5, 0.9, 0.5)
    sigma = uniform(batch, 4, 45, image) * chance(batch, 0.4, image)
    image = image + torch.randn_like(image) * sigma.view(-1, 1, 1, 1)
    return cut_field(image, label, recipe.truncate, recipe.cord)


def move(image: Tensor, label: Tensor, elastic: float = 0.0) -> tuple[Tensor, Tensor]:
    """Rotation, size, shear and shift in the plane; air and background come in from outside.

    `elastic` is the share of samples that are bent besides.
    """
    batch, _, height, width = image.shape
    still = torch.zeros(batch, dtype=torch.bool, device=image.device)
    shift = torch.stack([uniform(batch, -0.15, 0.15, image), uniform(batch, -0.12, 0.12, image)], 1)
    turn, size = uniform(batch, -15, 15, image), uniform(batch, 0.85, 1.18, image)
    shear = uniform(batch, -0.06, 0.06, image)
    matrix = affine(turn, size, shift, shear, still, (height, width))
    waves = draw_bends(elastic, image) if elastic else None
    label = warp(label[:, None].float(), matrix, mode="nearest", waves=waves)[:, 0].long()
    return warp(image - AIR, matrix, waves=waves) + AIR, label


def draw_bends(share: float, image: Tensor) -> Tensor:
    """(B, 2, n, m) displacements for `warp`: up to 4 mm (standard deviation) for a `share` of the samples,
    none for the others. Bones change their size against each other and lean anew."""
    batch, _, height, width = image.shape
    nodes = [1 + round(side * PIXEL_MM / BEND_MM) for side in (height, width)]
    sigma = uniform(batch, 0, 4, image) * chance(batch, share, image)
    half_mm = torch.tensor([width, height], device=image.device) * PIXEL_MM / 2
    return torch.randn(batch, 2, *nodes, device=image.device) * (sigma[:, None] / half_mm)[:, :, None, None]


def per_sample(count: int, low: float, high: float, like: Tensor) -> Tensor:
    """(count, 1, 1, 1) uniform numbers."""
    return uniform(count, low, high, like).view(-1, 1, 1, 1)


def shift_scale(image: Tensor) -> Tensor:
    """HU off by 50 and all contrasts weaker or stronger, within the body."""
    batch = len(image)
    scaled = (image - per_sample(batch, -50, 50, image)) * per_sample(batch, 0.75, 1.3, image)
    return torch.where(image > BODY, scaled, image)


def bend_contrast(image: Tensor) -> Tensor:
    """Soft tissue and bone apart: gamma 0.6-1.6 above 0 HU (osteoporosis to sclerosis, low to high kV) and
    0.4-1.6 of the contrast below it (fat, airways)."""
    batch = len(image)
    gamma = torch.exp(per_sample(batch, -0.5, 0.5, image))
    above = DENSE * (image.clamp(min=0) / DENSE).pow(gamma)
    below = image.clamp(max=0) * per_sample(batch, 0.4, 1.6, image)
    return torch.where(image > BODY, above + below, image)


def change_densities(image: Tensor, label: Tensor) -> Tensor:
    """Bones denser or lighter than each other, which tells a segmenter not to count by brightness.

    On real necks the dens and C1 are often twice as dense as the bodies below them, and the skull base above
    them is not: C1 and the tip of the dens become up to 2.2 times as dense, the unlabelled bone above them
    down to 0.35 times, each other vertebra 0.8 to 1.25 times.
    """
    batch, height = label.shape[:2]
    label = label * data.vertebrae(label)
    row = torch.arange(height, device=image.device)[None]
    gain = uniform(batch * CLASSES, 0.8, 1.25, image).view(batch, CLASSES)
    gain[:, 0], gain[:, 1] = 1.0, uniform(batch, 0.9, 2.0, image)
    field = gain.gather(1, label.flatten(1)).view(label.shape)
    rows = (label == 2).any(2)
    below_tip = ((row - first(rows)[:, None]) * 2 / rows.sum(1, keepdim=True).clamp(min=1)).clamp(0, 1)
    dens = torch.lerp(uniform(batch, 0.9, 2.2, image)[:, None], gain[:, 2:3], below_tip)
    field = torch.where(label == 2, dens[:, :, None], field)
    upper = ((label == 1) | (label == 2)).any(2)
    above = upper.any(1, keepdim=True) & (row < first(upper)[:, None] + 8)
    skull = (label == 0) & above[:, :, None]
    field = torch.where(skull, per_sample(batch, 0.35, 1.1, image)[:, 0], field)
    field = F.avg_pool2d(field[:, None], 3, 1, 1, count_include_pad=False)
    return torch.where(image > SOFT, SOFT + (image - SOFT) * field, image)


def first(rows: Tensor) -> Tensor:
    """(B, H) bool -> (B,) index of the first true row; 0 where there is none."""
    return rows.float().argmax(1)


def add_bias(image: Tensor) -> Tensor:
    """Slow changes of HU, as beam hardening leaves: up to about 120 HU, over 60 mm and more."""
    batch, _, height, width = image.shape
    coarse = torch.randn(batch, 1, 4, 4, device=image.device) * per_sample(batch, 10, 60, image)
    field = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    return torch.where(image > BODY, image + field, image)


def add_streaks(image: Tensor) -> Tensor:
    """Starvation at the shoulders, or metal in the teeth: rows that are too dark or too bright along their
    length, in a band 4-60 mm high. A row is an axial slice, so neighbours differ."""
    batch, slices, height, width = image.shape
    coarse = torch.randn(batch, slices, height, max(width // 16, 2), device=image.device)
    streak = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    row = torch.arange(height, device=image.device).view(1, 1, -1, 1)
    off = (row - per_sample(batch, 0, 1, image) * height) / per_sample(batch, 1, 15, image)
    streak = streak * torch.exp(-(off**2)) * torch.exp(per_sample(batch, 4.0, 6.2, image))  # 55-500 HU
    return torch.where(image > BODY, image + streak, image)


def add_grain(image: Tensor) -> Tensor:
    """Correlated noise of soft kernels: 10-80 HU before it is smeared over 3 x 3 pixels once or twice."""
    noise = torch.randn_like(image) * per_sample(len(image), 10, 80, image)
    smeared = F.avg_pool2d(noise, 3, 1, 1)
    twice = F.avg_pool2d(smeared, 3, 1, 1)
    grain = torch.lerp(smeared, twice, per_sample(len(image), 0, 1, image))
    return torch.where(image > BODY, image + 2.5 * grain, image)


def coarsen(image: Tensor, pixel_mm: tuple[float, float]) -> Tensor:
    """As if scanned with axial pixels of `pixel_mm` (low, high) and slices of 1.5-4 mm, then read trilinearly
    on this grid: columns and rows averaged over a pixel and interpolated between pixels, slices mixed."""
    batch, _, height, width = image.shape
    axial = uniform(batch, *pixel_mm, image)
    rows = sampling(uniform(batch, 1.5, 4.0, image) / PIXEL_MM, height)
    columns = sampling(axial / PIXEL_MM, width)
    image = rows[:, None] @ image @ columns[:, None].transpose(2, 3)
    blend = (axial / 4).clamp(max=1) * uniform(batch, 0.2, 0.6, image)  # the grid's slices are 4 mm apart
    return mix_slices(image, blend)


def sampling(step: Tensor, size: int) -> Tensor:
    """(B, size, size) matrices: means over boxes `step` (B,) pixels wide, read back linearly.

    The boxes lie at a random phase; those that reach over the edge keep the part inside.
    """
    count = size + 1  # more than enough boxes for steps of half a pixel and more
    step = step.clamp(min=1.0).view(-1, 1, 1)
    phase = torch.rand(len(step), 1, 1, device=step.device)
    centre = (torch.arange(count, device=step.device).view(1, -1, 1) - phase) * step  # of each box, in pixels
    pixel = torch.arange(size, device=step.device).view(1, 1, -1) + 0.5
    low, high = torch.maximum(pixel - 0.5, centre - step / 2), torch.minimum(pixel + 0.5, centre + step / 2)
    box = (high - low).clamp(min=0)  # (B, box, pixel)
    total = box.sum(2, keepdim=True)
    linear = (1 - (pixel.transpose(1, 2) - centre.transpose(1, 2)).abs() / step).clamp(min=0)
    linear = linear * (total > 0).transpose(1, 2)  # (B, pixel, box)
    linear = linear / linear.sum(2, keepdim=True).clamp(min=1e-6)
    return linear @ (box / total.clamp(min=1e-6))


def mix_slices(image: Tensor, blend: Tensor) -> Tensor:
    """Each of the five slices mixed with the mean of its neighbours by `blend` (B,)."""
    before = torch.cat([image[:, :1], image[:, :-1]], 1)
    after = torch.cat([image[:, 1:], image[:, -1:]], 1)
    return torch.lerp(image, (before + after) / 2, blend.view(-1, 1, 1, 1))


def blur(image: Tensor) -> Tensor:
    """Smeared over 3 x 3 pixels (6 mm) one to three times."""
    times = 1 + int(torch.randint(3, ()))
    for _ in range(times):
        image = F.avg_pool2d(image, 3, 1, 1, count_include_pad=False)
    return image


def thicken_rows(image: Tensor, share: float) -> Tensor:
    """Thick axial slices: rows averaged in groups of 2, 3 or 4 and repeated, each for a third of `share`."""
    height, pick = image.shape[2], torch.rand(len(image), device=image.device)
    for k, rows in enumerate((2, 3, 4)):

        def thicken(x, rows=rows):
            thick = F.avg_pool2d(x, (rows, 1), ceil_mode=True)
            return thick.repeat_interleave(rows, 2)[:, :, :height]

        image = change_some((pick >= share * k / 3) & (pick < share * (k + 1) / 3), image, thicken)
    return image


def cut_field(image: Tensor, label: Tensor, share: float, cord: float = 0.0) -> tuple[Tensor, Tensor]:
    """Field truncation: rows below or above, and now and then columns, become air with label 0.

    For a part `cord` of the samples the canal's content stays beyond the rows that are cut.
    """
    batch, _, height, width = image.shape
    row = torch.arange(height, device=image.device)[None]
    column = torch.arange(width, device=image.device)[None]
    cut, which = chance(batch, share, image), torch.rand(batch, device=image.device)
    bottom = torch.where(cut & (which < 0.7), uniform(batch, 0.33, 1.0, image), 1.0) * height
    top = torch.where(cut & (which > 0.55), uniform(batch, 0.0, 0.4, image), 0.0) * height
    side = chance(batch, 0.15, image)
    front = torch.where(side, uniform(batch, 0.0, 0.2, image), 0.0) * width
    back = torch.where(side, uniform(batch, 0.8, 1.0, image), 1.0) * width
    inside = ((row >= top[:, None]) & (row < bottom[:, None]))[:, :, None]
    inside = inside & ((column >= front[:, None]) & (column < back[:, None]))[:, None, :]
    cut = torch.where(inside[:, None], image, AIR)
    if cord:
        strip = canal(image, label) & chance(batch, cord, image).view(-1, 1, 1, 1) & (image > BODY)
        cut = torch.where(strip & ~inside[:, None], image.clamp(max=150), cut)
    return cut, torch.where(inside, label, 0)


def canal(image: Tensor, label: Tensor) -> Tensor:
    """(B, 5, H, W) bool: a strip 6-22 mm wide along the middle of the labels, in some neighbouring slices.

    Roughly where the cord runs; data sets that keep only what they outline (OpenKBP) show it, and nothing
    else, above and below the field. Nothing where the sample has few labels.
    """
    batch, slices, height, width = image.shape
    row = torch.arange(height, device=image.device, dtype=torch.float32)[None]
    column = torch.arange(width, device=image.device, dtype=torch.float32)
    spine = data.vertebrae(label)
    count = spine.sum(2).float()
    middle = (spine * column).sum(2) / count.clamp(min=1)
    total = count.sum(1, keepdim=True).clamp(min=1)
    mean_row, mean_column = (
        (count * row).sum(1, keepdim=True) / total,
        (count * middle).sum(1, keepdim=True) / total,
    )
    spread = (count * (row - mean_row) ** 2).sum(1, keepdim=True)
    slope = (count * (row - mean_row) * (middle - mean_column)).sum(1, keepdim=True) / spread.clamp(min=1)
    centre = mean_column + slope.clamp(-1, 1) * (row - mean_row) + uniform(batch, -4, 4, image)[:, None]
    near = (column - centre[:, :, None]).abs() < uniform(batch, 1.5, 5.5, image).view(-1, 1, 1)  # (B, H, W)
    index = torch.arange(slices, device=image.device)[None]
    first = torch.randint(-2, slices, (batch, 1), device=image.device)
    seen = (
        (index >= first) & (index < first + 3) & (count.sum(1, keepdim=True) > 50)
    )  # 12 mm from side to side
    return near[:, None] & seen[:, :, None, None]
