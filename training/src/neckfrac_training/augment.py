"""Augmentation of whole batches of crops with torch operations, on whatever device holds the batch.

Image, mask, heat map and label always go through the same geometry. Randomness is torch's global one, which
the loop seeds for every step.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

CROP_PIXEL_MM = 0.7
"""Axial pixel of a vertebra's crop."""


def uniform(count: int, low: float, high: float, like: Tensor) -> Tensor:
    return torch.rand(count, device=like.device) * (high - low) + low


def chance(count: int, share: float, like: Tensor) -> Tensor:
    """(count,) bool, each true with probability `share`."""
    return torch.rand(count, device=like.device) < share


def change_some(chosen: Tensor, values: Tensor, change) -> Tensor:
    """`values` (B, ...) with `change` applied to the samples that are `chosen` (B,) bool and to no other."""
    rows = chosen.nonzero()[:, 0]
    if len(rows) == 0:
        return values
    if len(rows) == len(values):
        return change(values)
    return values.index_copy(0, rows, change(values[rows]))


def affine(degrees: Tensor, scale: Tensor, shift: Tensor, shear: Tensor, mirror: Tensor, shape) -> Tensor:
    """(B, 2, 3) matrix for affine_grid, each parameter (B,), shift (B, 2) in shares of half the field (x, y).

    Distances stay true where the field is not square. `mirror` (B,) bool reverses x.
    """
    angle = degrees * (math.pi / 180)
    cos, sin = torch.cos(angle), torch.sin(angle)
    height, width = shape
    matrix = torch.zeros(len(degrees), 2, 3, device=degrees.device)
    matrix[:, 0, 0] = scale * (cos + shear * sin)
    matrix[:, 0, 1] = scale * (shear * cos - sin) * (height / width)
    matrix[:, 1, 0] = scale * sin * (width / height)
    matrix[:, 1, 1] = scale * cos
    matrix[:, :, 2] = shift
    matrix[:, 0, 0] = torch.where(mirror, -matrix[:, 0, 0], matrix[:, 0, 0])
    matrix[:, 1, 0] = torch.where(mirror, -matrix[:, 1, 0], matrix[:, 1, 0])
    return matrix


def warp(
    values: Tensor, matrix: Tensor, mode: str = "bilinear", part: float = 1.0, waves: Tensor | None = None
) -> Tensor:
    """(B, C, H, W) float32 through `matrix`, in `part` of the pixels a side; zero comes in from outside.

    `waves` (B, 2, n, m) moves what is seen besides, in shares of half the field (x, y), smooth between nodes.
    """
    sides = [round(side * part) for side in values.shape[2:]]
    grid = F.affine_grid(matrix, [*values.shape[:2], *sides], align_corners=False)
    if waves is not None:
        grid = grid + F.interpolate(waves, sides, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    return F.grid_sample(values, grid, mode=mode, align_corners=False)


def draw_waves(share: float, patch: float, half_mm: float, like: Tensor) -> Tensor | None:
    """For a `share` of the samples of `like` displacements of up to 1.5 mm (standard deviation), about 15 mm
    from node to node; for the others none."""
    if share == 0:
        return None
    count, nodes = len(like), 1 + round(6 * patch)
    size = uniform(count, 0, 1.5, like) * chance(count, share, like) / half_mm
    return torch.randn(count, 2, nodes, nodes, device=like.device) * size.view(-1, 1, 1, 1)


# ---------------------------------------------------------------- crops


def augment_crops(
    image: Tensor,
    mask: Tensor,
    heat: Tensor,
    patch: float = 1.0,
    focus: Tensor | None = None,
    elastic: float = 0.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """image (B, S, 128, 128), mask (B, M, 128, 128), heat (B, T, 16, 16), all float32 in [0, 1].

    One geometry a sample, for all its slices; S is 3 for Model I and 24 for Model II. With a `focus`
    (B, 2), the field's (x, y) in [-1, 1], what comes back is the part `patch` of each side around it.
    `elastic` is the share of samples that are bent besides.
    """
    batch = len(image)
    half_mm = image.shape[-1] * CROP_PIXEL_MM / 2
    shift = torch.stack([uniform(batch, -6, 6, image), uniform(batch, -6, 6, image)], 1) / half_mm
    matrix = affine(
        uniform(batch, -15, 15, image),
        uniform(batch, 0.87, 1.15, image),
        shift,
        uniform(batch, -0.08, 0.08, image),
        chance(batch, 0.5, image),
        image.shape[-2:],
    )
    if focus is not None:  # up to 16 px beside the patch's middle, besides the shift
        aside = torch.stack([uniform(batch, -0.25, 0.25, image), uniform(batch, -0.25, 0.25, image)], 1)
        matrix = torch.cat([matrix[:, :, :2] * patch, matrix[:, :, 2:] + (focus + aside)[:, :, None]], 2)
    waves = draw_waves(elastic, patch, half_mm, image)
    mask = change_some(chance(batch, 0.7, mask), mask, lambda m: close_mask(m, 9))
    return (
        change_intensity(warp(image, matrix, part=patch, waves=waves)),
        change_mask(warp(mask, misplace(matrix, mask.shape[-1]), part=patch, waves=waves)),
        warp(heat, matrix, part=patch, waves=waves),
    )


def choose_focus(mask: Tensor, heat: Tensor) -> Tensor:
    """(B, 2) middle of a random cell, (x, y) in [-1, 1]: with fracture where heat (B, 1, 16, 16) has any,
    else with bone of the mask (B, 1, 128, 128), else any."""
    cells = heat.shape[-1]
    fracture = heat.flatten(1)
    bone = F.adaptive_avg_pool2d(mask, cells).flatten(1) + 1e-6
    chosen = torch.multinomial(torch.where(fracture.amax(1, keepdim=True) > 0, fracture, bone), 1)[:, 0]
    return torch.stack([chosen % cells, chosen // cells], 1) * (2 / cells) + (1 / cells - 1)


def misplace(matrix: Tensor, size: int) -> Tensor:
    """Half of the matrices with up to 4 px of `size` more shift: what a segmenter may get wrong."""
    count = len(matrix)
    pixels = torch.stack([uniform(count, -4, 4, matrix), uniform(count, -4, 4, matrix)], 1)
    shift = pixels / (size / 2) * chance(count, 0.5, matrix)[:, None]
    return torch.cat([matrix[:, :, :2], matrix[:, :, 2:] + shift[:, :, None]], 2)


def change_intensity(image: Tensor) -> Tensor:
    """Kernel, slice thickness, window, gamma and noise. (B, S, H, W) in [0, 1] -> the same."""
    batch = len(image)
    image = soften(image, -0.8, 1.0, 0.6)
    image = change_some(
        chance(batch, 0.3, image), image, lambda x: thicken_slices(x, uniform(len(x), 0, 0.6, x))
    )
    image = image * uniform(batch, 0.85, 1.18, image).view(-1, 1, 1, 1)
    image = (image + uniform(batch, -0.06, 0.06, image).view(-1, 1, 1, 1)).clamp(0, 1)
    image = change_some(chance(batch, 0.3, image), image, bend)
    return change_some(chance(batch, 0.5, image), image, add_noise)


def bend(image: Tensor) -> Tensor:
    """Gamma 0.75-1.35."""
    return (image + 1e-4).pow(uniform(len(image), 0.75, 1.35, image).view(-1, 1, 1, 1)).clamp(max=1)


def add_noise(image: Tensor) -> Tensor:
    """White noise of up to 0.05 (90 HU)."""
    sigma = uniform(len(image), 0.0, 0.05, image)
    return (image + torch.randn_like(image) * sigma.view(-1, 1, 1, 1)).clamp(0, 1)


def thicken_slices(image: Tensor, blend: Tensor) -> Tensor:
    """Each slice mixed with the mean of its two neighbours by `blend` (B,): anisotropy along z."""
    before = torch.cat([image[:, :1], image[:, :-1]], 1)
    after = torch.cat([image[:, 1:], image[:, -1:]], 1)
    return torch.lerp(image, (before + after) / 2, blend.view(-1, 1, 1, 1))


def soften(image: Tensor, low: float, high: float, share: float) -> Tensor:
    """Mixes the image with its 3 x 3 mean: softer kernels for weights above 0, sharper ones below."""

    def mix(x: Tensor) -> Tensor:
        mean = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return torch.lerp(x, mean, uniform(len(x), low, high, x).view(-1, 1, 1, 1))

    return change_some(chance(len(image), share, image), image, mix)


def change_mask(mask: Tensor) -> Tensor:
    """What a segmenter may get wrong: the mask grown, shrunk, blurred or weak.

    Before that most were closed (9 px, 6 mm): an expert's mask has a notch where a wide fracture is, which a
    segmenter's has not, and a network that looks for notches would find nothing in use.
    """
    batch, pick = len(mask), torch.rand(len(mask), device=mask.device)
    mask = change_some(pick < 0.15, mask, lambda m: largest_within(m, 5))
    mask = change_some((pick >= 0.15) & (pick < 0.3), mask, lambda m: -largest_within(-m, 5))
    mask = change_some((pick >= 0.3) & (pick < 0.5), mask, lambda m: F.avg_pool2d(m, 5, 1, 2))
    return mask * uniform(batch, 0.8, 1.0, mask).view(-1, 1, 1, 1)


def close_mask(mask: Tensor, pixels: int) -> Tensor:
    """Fills notches and holes up to `pixels` wide in each slice; (B, M, H, W), an odd number of pixels."""
    half = pixels // 2
    grown = largest_within(F.pad(mask, (half, half, half, half)), pixels)
    return -largest_within(-grown, pixels)[..., half:-half, half:-half]


def largest_within(values: Tensor, pixels: int) -> Tensor:
    """Largest value of the `pixels` x `pixels` square around each pixel, an odd number; nothing lies outside.

    Windows double (1, 2, 4, ...) along each axis in turn: torch's pooling took 15 times as long on a CPU.
    """
    for axis in (-1, -2):
        half, size = pixels // 2, values.shape[axis]
        around = (half, half) if axis == -1 else (0, 0, half, half)
        widest, width = F.pad(values, around, value=float("-inf")), 1
        while width < pixels:
            step = min(width, pixels - width)
            left = widest.narrow(axis, 0, widest.shape[axis] - step)
            widest = torch.maximum(left, widest.narrow(axis, step, left.shape[axis]))
            width += step
        values = widest.narrow(axis, 0, size)
    return values


def mix_batch(batch: dict, share: float) -> dict:
    """For a `share` of batches: "input" mixed with that of a partner, and what `mixed_loss` needs to know.

    ratio () uniform in [0, 1] of the sample itself; partner (B,) its partner's place.
    """
    image = batch["input"]
    if float(torch.rand(())) >= share:
        return batch
    ratio = uniform(1, 0, 1, image)[0]
    partner = torch.randperm(len(image), device=image.device)
    return {**batch, "input": torch.lerp(image[partner], image, ratio), "ratio": ratio, "partner": partner}


def mixed_loss(batch: dict, loss_of) -> Tensor:
    """`loss_of` a batch's targets; where samples were mixed, of theirs and their partners' by the ratio."""
    own = loss_of(batch)
    if "partner" not in batch:
        return own
    partner = batch["partner"]
    other = {name: values[partner] for name, values in batch.items() if name not in ("input", "ratio")}
    return torch.lerp(loss_of(other), own, batch["ratio"])


def shuffle_slices(share: float, *stacks: Tensor) -> tuple[Tensor, ...]:
    """Stacks (B, 24, ...) with the slices of a `share` of the samples in random order, the same for each."""
    batch, count = stacks[0].shape[:2]
    order = torch.rand(batch, count, device=stacks[0].device).argsort(1)
    order = torch.where(chance(batch, share, order)[:, None], order, torch.arange(count, device=order.device))
    sample = torch.arange(batch, device=order.device)[:, None]
    return tuple(values[sample, order] for values in stacks)


def shift_slices(values: Tensor, by: Tensor) -> Tensor:
    """(B, 24, ...) moved along the slices by `by` (B,) whole slices; the outermost slice is repeated."""
    count = values.shape[1]
    index = (torch.arange(count, device=values.device)[None] + by[:, None]).clamp(0, count - 1)
    return values[torch.arange(len(values), device=values.device)[:, None], index]


def stack_neighbours(image: Tensor, mask: Tensor) -> Tensor:
    """image, mask (B, 24, H, W) -> (B, 24, 4, H, W): previous, this, next slice and mask."""
    before = torch.cat([image[:, :1], image[:, :-1]], 1)
    after = torch.cat([image[:, 1:], image[:, -1:]], 1)
    return torch.stack([before, image, after, mask], 2)
