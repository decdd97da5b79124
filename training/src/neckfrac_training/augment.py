"""Augmentation of whole batches with torch operations, on whatever device holds the batch.

Image, mask, heat map and label always go through the same geometry. Randomness is torch's global one, which
the loop seeds for every step.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

AIR = -1024.0
"""HU outside the field of view."""
CROP_PIXEL_MM = 0.7
"""Axial pixel of a vertebra's crop."""


def uniform(count: int, low: float, high: float, like: Tensor) -> Tensor:
    return torch.rand(count, device=like.device) * (high - low) + low


def chance(count: int, share: float, like: Tensor) -> Tensor:
    """(count,) bool, each true with probability `share`."""
    return torch.rand(count, device=like.device) < share


def where_sample(chosen: Tensor, changed: Tensor, kept: Tensor) -> Tensor:
    """Per sample: `changed` where `chosen` (B,), else `kept`."""
    return torch.where(chosen.view(-1, *[1] * (kept.ndim - 1)), changed, kept)


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


def warp(values: Tensor, matrix: Tensor, mode: str = "bilinear") -> Tensor:
    """(B, C, H, W) float32 through `matrix`; zero comes in from outside."""
    grid = F.affine_grid(matrix, list(values.shape), align_corners=False)
    return F.grid_sample(values, grid, mode=mode, align_corners=False)


# ---------------------------------------------------------------- sagittal batches


def augment_sagittal(image: Tensor, label: Tensor, truncate: float) -> tuple[Tensor, Tensor]:
    """image (B, 5, H, W) float32 HU, label (B, H, W) int64 -> the same, changed."""
    batch, _, height, width = image.shape
    image = where_sample(chance(batch, 0.5, image), image.flip(1), image)  # left-right: the slices' order
    still = torch.zeros(batch, dtype=torch.bool, device=image.device)
    shift = torch.stack([uniform(batch, -0.15, 0.15, image), uniform(batch, -0.12, 0.12, image)], 1)
    matrix = affine(
        uniform(batch, -15, 15, image),
        uniform(batch, 0.85, 1.18, image),
        shift,
        uniform(batch, -0.06, 0.06, image),
        still,
        (height, width),
    )
    image = warp(image - AIR, matrix) + AIR
    label = warp(label[:, None].float(), matrix, "nearest")[:, 0].long()
    image = thicken_rows(image)
    body = image > -900
    scaled = (image - uniform(batch, -50, 50, image).view(-1, 1, 1, 1)) * uniform(
        batch, 0.75, 1.3, image
    ).view(-1, 1, 1, 1)
    image = where_sample(chance(batch, 0.5, image), torch.where(body, scaled, image), image)
    image = soften(image, -0.5, 0.9, 0.5)
    sigma = uniform(batch, 4, 45, image) * chance(batch, 0.4, image)
    image = image + torch.randn_like(image) * sigma.view(-1, 1, 1, 1)
    return cut_field(image, label, truncate)


def thicken_rows(image: Tensor) -> Tensor:
    """Thick axial slices: rows averaged in groups of 2 to 4 and repeated, for a third of the samples."""
    height, pick = image.shape[2], torch.rand(len(image), device=image.device)
    for k, rows in enumerate((2, 3, 4)):
        chosen = (pick >= 0.11 * k) & (pick < 0.11 * (k + 1))
        thick = F.avg_pool2d(image, (rows, 1), ceil_mode=True)
        thick = thick.repeat_interleave(rows, 2)[:, :, :height]
        image = where_sample(chosen, thick, image)
    return image


def cut_field(image: Tensor, label: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Field truncation: rows below or above, and now and then columns, become air with label 0."""
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
    return torch.where(inside[:, None], image, AIR), torch.where(inside, label, 0)


# ---------------------------------------------------------------- crops


def augment_crops(image: Tensor, mask: Tensor, heat: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """image (B, S, 128, 128), mask (B, M, 128, 128), heat (B, T, 16, 16), all float32 in [0, 1].

    One geometry a sample, for all its slices; S is 3 for Model I and 24 for Model II.
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
    moved = warp(torch.cat([image, mask], 1), matrix)
    image, mask = moved[:, : image.shape[1]], moved[:, image.shape[1] :]
    return change_intensity(image), change_mask(mask), warp(heat, matrix)


def change_intensity(image: Tensor) -> Tensor:
    """Kernel, slice thickness, window, gamma and noise. (B, S, H, W) in [0, 1] -> the same."""
    batch = len(image)
    image = soften(image, -0.8, 1.0, 0.6)
    blend = uniform(batch, 0, 0.6, image) * chance(batch, 0.3, image)
    image = thicken_slices(image, blend)
    image = image * uniform(batch, 0.85, 1.18, image).view(-1, 1, 1, 1)
    image = (image + uniform(batch, -0.06, 0.06, image).view(-1, 1, 1, 1)).clamp(0, 1)
    gamma = torch.where(chance(batch, 0.3, image), uniform(batch, 0.75, 1.35, image), 1.0)
    image = (image + 1e-4).pow(gamma.view(-1, 1, 1, 1))
    sigma = uniform(batch, 0.0, 0.05, image) * chance(batch, 0.5, image)
    return (image + torch.randn_like(image) * sigma.view(-1, 1, 1, 1)).clamp(0, 1)


def thicken_slices(image: Tensor, blend: Tensor) -> Tensor:
    """Each slice mixed with the mean of its two neighbours by `blend` (B,): anisotropy along z."""
    before = torch.cat([image[:, :1], image[:, :-1]], 1)
    after = torch.cat([image[:, 1:], image[:, -1:]], 1)
    return torch.lerp(image, (before + after) / 2, blend.view(-1, 1, 1, 1))


def soften(image: Tensor, low: float, high: float, share: float) -> Tensor:
    """Mixes the image with its 3 x 3 mean: softer kernels for weights above 0, sharper ones below."""
    amount = uniform(len(image), low, high, image) * chance(len(image), share, image)
    mean = F.avg_pool2d(image, 3, 1, 1, count_include_pad=False)
    return torch.lerp(image, mean, amount.view(-1, 1, 1, 1))


def change_mask(mask: Tensor) -> Tensor:
    """What a segmenter may get wrong: the mask up to 4 px off, grown, shrunk, blurred or weak.

    Most are closed first (9 px, 6 mm): an expert's mask has a notch where a wide fracture is, which a
    segmenter's has not, and a network that looks for notches would find nothing in use.
    """
    batch, pick = len(mask), torch.rand(len(mask), device=mask.device)
    mask = where_sample(chance(batch, 0.7, mask), close_mask(mask, 9), mask)
    still = torch.zeros(batch, dtype=torch.bool, device=mask.device)
    pixels = torch.stack([uniform(batch, -4, 4, mask), uniform(batch, -4, 4, mask)], 1)
    shift = pixels / (mask.shape[-1] / 2) * chance(batch, 0.5, mask)[:, None]
    none = torch.zeros(batch, device=mask.device)
    mask = warp(mask, affine(none, none + 1, shift, none, still, mask.shape[-2:]))
    mask = where_sample(pick < 0.15, F.max_pool2d(mask, 5, 1, 2), mask)
    mask = where_sample((pick >= 0.15) & (pick < 0.3), -F.max_pool2d(-mask, 5, 1, 2), mask)
    mask = where_sample((pick >= 0.3) & (pick < 0.5), F.avg_pool2d(mask, 5, 1, 2), mask)
    return mask * uniform(batch, 0.8, 1.0, mask).view(-1, 1, 1, 1)


def close_mask(mask: Tensor, pixels: int) -> Tensor:
    """Fills notches and holes up to `pixels` wide in each slice; (B, M, H, W), an odd number of pixels."""
    half = pixels // 2
    padded = F.pad(mask, (half, half, half, half))
    grown = F.max_pool2d(padded, pixels, 1, half)
    return -F.max_pool2d(-grown, pixels, 1, half)[..., half:-half, half:-half]


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
