"""The prediction of NeckFrac once more, in Python: pydicom, NumPy, SciPy and PyTorch on the CPU.

    python bench/peer/predict.py STUDY_DIR --bundle DIR [--threads 2] [--run DIR]

Reads one folder with the slices of an uncompressed series, finds the vertebrae, judges each with both
fracture models and prints one JSON object: eight probabilities, seconds of each stage, peak memory. It shares
no code with packages/, which say what is to be computed. Arrays are [z, y, x] or, for the segmenter,
[x, z, y]; matrices map (x, y, z) indices to LPS in mm.
"""

import time

START = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pydicom  # noqa: E402
import scipy  # noqa: E402
import torch  # noqa: E402
from networks import load_networks  # noqa: E402
from scipy import ndimage  # noqa: E402

IMPORTED = time.perf_counter()

LEVELS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
CLASSES = 10  # background, C1-C7, T1, T2 and lower
OUTSIDE_HU = -1024

SEGMENT_MM = (4, 2, 2)  # between sagittal slices, head to feet, front to back
SEGMENT_SLICES, SEGMENT_COLUMNS, MULTIPLE = 32, 112, 16
CONTEXT = 5
PROBE_MM, BONE_HU, FEWEST_PROBES = 4, 250, 50
TRIM, LEAST_MM3 = 0.01, 800

CROP_SHAPE = (24, 128, 128)
CROP_MM = (1.5, 0.7, 0.7)
HU_MIN, HU_MAX = -400, 1400
TOP_SLICES = 3
FEWEST_LEVELS, SLICE_LIMIT_MM, PIXEL_LIMIT_MM = 3, 3, 1.5


@dataclass(frozen=True)
class Volume:
    data: np.ndarray  # [z, y, x]
    to_lps: np.ndarray  # (4, 4)

    @property
    def size(self) -> np.ndarray:
        """Voxels along x, y, z."""
        return np.array(self.data.shape[::-1])

    @property
    def spacing(self) -> np.ndarray:
        return np.linalg.norm(self.to_lps[:3, :3], axis=0)


@dataclass(frozen=True)
class Vertebra:
    label: int
    centre: np.ndarray  # LPS, mm
    weight: float  # mean probability times volume


# Reading


def read_volume(folder: Path) -> Volume:
    """The folder's largest series as Hounsfield units, sorted along the normal of its slices."""
    series: dict[str, list[pydicom.Dataset]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        ds = pydicom.dcmread(path, force=True)
        if "ImagePositionPatient" in ds and "PixelData" in ds:
            series.setdefault(ds.SeriesInstanceUID, []).append(ds)
    if not series:
        raise SystemExit(f"{folder} holds no DICOM slices")
    slices = max(series.values(), key=len)
    row, column = np.reshape(np.array(slices[0].ImageOrientationPatient, float), (2, 3))
    normal = np.cross(row, column)
    slices.sort(key=lambda ds: np.dot(normal, np.array(ds.ImagePositionPatient, float)))

    data = np.empty((len(slices), slices[0].Rows, slices[0].Columns), np.int16)
    for plane, ds in zip(data, slices, strict=True):
        hu = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        plane[:] = np.floor(np.clip(hu, -1024, 3071) + 0.5)
    first, last = (np.array(ds.ImagePositionPatient, float) for ds in (slices[0], slices[-1]))
    between_rows, between_columns = map(float, slices[0].PixelSpacing)
    to_lps = np.eye(4)
    to_lps[:3, 0] = row * between_columns
    to_lps[:3, 1] = column * between_rows
    to_lps[:3, 2] = (last - first) / (len(slices) - 1)
    to_lps[:3, 3] = first
    return Volume(data, to_lps)


# Resampling


def rounded(values: np.ndarray) -> np.ndarray:
    """Nearest integer, halves upwards."""
    return np.floor(values + 0.5)


def grid(axes: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Affine map with the given columns."""
    to_lps = np.eye(4)
    to_lps[:3, :3] = axes
    to_lps[:3, 3] = origin
    return to_lps


def resample(volume: Volume, shape: tuple, to_lps: np.ndarray, outside: int = OUTSIDE_HU) -> np.ndarray:
    """HU on another grid: block mean where that is coarser than the voxels, then trilinear."""
    to_index = np.linalg.inv(volume.to_lps) @ to_lps
    factors = np.maximum(1, np.floor(1e-6 + np.abs(to_index[:3, :3]).max(1))).astype(int)
    if (factors > 1).any():
        volume = block_mean(volume, touched(to_index, shape, volume), factors)
        to_index = np.linalg.inv(volume.to_lps) @ to_lps
    k, j, i = np.ogrid[tuple(slice(n) for n in shape)]
    points = [r[0] * i + r[1] * j + r[2] * k + r[3] for r in to_index[:3]]
    sampled = ndimage.map_coordinates(volume.data, points[::-1], np.float32, order=1, mode="nearest")
    inside = np.ones(shape, bool)
    for at, n in zip(points, volume.size, strict=True):
        inside &= (at >= -0.5) & (at <= n - 0.5)
    return np.where(inside, rounded(sampled), outside).astype(np.int16)


def touched(to_index: np.ndarray, shape: tuple, volume: Volume) -> tuple[slice, ...]:
    """The part of the volume, as slices of x, y, z, that a grid's points can reach."""
    ends = to_index[:3, :3] * (np.array(shape[::-1]) - 1)
    low = to_index[:3, 3] + np.minimum(ends, 0).sum(1)
    high = to_index[:3, 3] + np.maximum(ends, 0).sum(1)
    margin = np.abs(to_index[:3, :3]).sum(1) + 1
    start = np.maximum(0, np.floor(low - margin)).astype(int)
    stop = np.minimum(volume.size, np.ceil(high + margin) + 1).astype(int)
    return tuple(slice(a, b) for a, b in zip(start, stop, strict=True))


def block_mean(volume: Volume, region: tuple[slice, ...], factors: np.ndarray) -> Volume:
    """Means of blocks of voxels; those at the far border may be smaller."""
    sums = volume.data[region[::-1]]
    voxels = np.ones((1, 1, 1))
    for axis, factor in enumerate(factors[::-1]):
        sums = block_sum(sums, axis, factor)
        counts = block_sum(np.ones(region[2 - axis].stop - region[2 - axis].start, np.int16), 0, factor)
        voxels = voxels * counts.reshape([-1 if n == axis else 1 for n in range(3)])
    start = np.array([r.start for r in region])
    to_voxel = grid(np.diag(factors), start + (factors - 1) / 2)
    return Volume(rounded(sums / voxels).astype(np.int16), volume.to_lps @ to_voxel)


def block_sum(values: np.ndarray, axis: int, factor: int) -> np.ndarray:
    """Sums of `factor` neighbours along an axis; the last block may be smaller."""
    missing = -values.shape[axis] % factor
    if missing:
        values = np.pad(values, [(0, missing if n == axis else 0) for n in range(values.ndim)])
    split = (*values.shape[:axis], -1, factor, *values.shape[axis + 1 :])
    return values.reshape(split).sum(axis + 1, dtype=np.int32)


# Vertebrae


def bone_centre(volume: Volume, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Median x and y of what is dense after averaging over 4 mm."""
    shape = tuple((1 + np.floor((high - low) / PROBE_MM)).astype(int)[::-1])
    probes = resample(volume, shape, grid(np.eye(3) * PROBE_MM, low))
    _, y, x = np.nonzero(probes >= BONE_HU)
    if len(x) < FEWEST_PROBES:
        return (low[:2] + high[:2]) / 2
    middle = len(x) // 2
    return low[:2] + PROBE_MM * np.array([np.partition(x, middle)[middle], np.partition(y, middle)[middle]])


def segmentation_image(volume: Volume) -> Volume:
    corners = np.array(np.meshgrid(*[[0, n - 1] for n in volume.size])).reshape(3, -1)
    corners = volume.to_lps[:3, :3] @ corners + volume.to_lps[:3, 3:]
    low, high = corners.min(1), corners.max(1)
    x, y = bone_centre(volume, low, high)
    dx, dz, dy = SEGMENT_MM
    rows = MULTIPLE * max(1, int(np.ceil(((high[2] - low[2]) / dz + 1) / MULTIPLE)))
    shape = (SEGMENT_SLICES, rows, SEGMENT_COLUMNS)
    origin = np.array([
        x - (SEGMENT_SLICES - 1) / 2 * dx,
        y - (SEGMENT_COLUMNS - 1) / 2 * dy,
        (low[2] + high[2]) / 2 + (rows - 1) / 2 * dz,
    ])  # fmt: skip
    axes = np.array([[0, 0, dx], [dy, 0, 0], [0, -dz, 0]], float)
    to_lps = grid(axes, origin)
    return Volume(resample(volume, shape, to_lps), to_lps)


def segment(image: Volume, network, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Label and its probability of each voxel of [x, z, y]."""
    slices = image.data.shape[0]
    around = np.arange(slices)[:, None] + np.arange(CONTEXT) - CONTEXT // 2
    slabs = torch.from_numpy(image.data[around.clip(0, slices - 1)]).float()
    logits = torch.cat([network(part)[0] for part in slabs.split(batch)])
    p = logits.softmax(1)
    before, after = torch.cat([p[:1], p[:-1]]), torch.cat([p[1:], p[-1:]])
    probability, labels = (0.25 * before + 0.5 * p + 0.25 * after).max(1)
    return labels.numpy().astype(np.uint8), probability.numpy()


def find_vertebrae(labels: np.ndarray, probability: np.ndarray, image: Volume) -> list[Vertebra]:
    """Keeps the largest piece of C1-T1 in `labels`, in place, and measures each vertebra."""
    found = []
    voxel_mm3 = image.spacing.prod()
    for label in range(1, 9):
        pieces, count = ndimage.label(labels == label)
        if count == 0:
            continue
        mask = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
        labels[(labels == label) & ~mask] = 0
        voxels = int(mask.sum())
        if voxels * voxel_mm3 < LEAST_MM3:
            continue
        ends = np.array([trimmed_ends(mask.sum(others)) for others in ((0, 1), (0, 2), (1, 2))])  # x, y, z
        corners = image.to_lps[:3, :3] @ ends + image.to_lps[:3, 3:]
        found.append(Vertebra(label, corners.mean(1), float(probability[mask].sum()) * voxel_mm3))
    return in_order(found)


def trimmed_ends(counts: np.ndarray) -> tuple[int, int]:
    """First and last index after cutting 1 % of the voxels off either end."""
    cut = TRIM * counts.sum()
    first = np.searchsorted(counts.cumsum(), cut, "right")
    last = len(counts) - 1 - np.searchsorted(counts[::-1].cumsum(), cut, "right")
    return int(first), int(last)


def in_order(vertebrae: list[Vertebra]) -> list[Vertebra]:
    """Drops the weaker of two neighbours that stand upside down until none do."""
    kept = list(vertebrae)
    while True:
        heights = [v.centre[2] for v in kept]
        wrong = [n for n in range(1, len(kept)) if heights[n - 1] <= heights[n]]
        if not wrong:
            return kept
        at = wrong[0]
        del kept[at if kept[at].weight < kept[at - 1].weight else at - 1]


# Fractures


def crops(volume: Volume, labels: Volume, vertebrae: list[Vertebra]) -> torch.Tensor:
    """(N, 24, 4, 128, 128) in [0, 1]: slice before, slice, slice after, mask."""
    spacing = np.array(CROP_MM[::-1])
    half = spacing * (np.array(CROP_SHAPE[::-1]) - 1) / 2
    down = np.array([1, 1, -1])
    stack = np.empty((len(vertebrae), CROP_SHAPE[0], 4, *CROP_SHAPE[1:]), np.float32)
    for out, vertebra in zip(stack, vertebrae, strict=True):
        to_lps = grid(np.diag(spacing * down), vertebra.centre - half * down)
        hu = resample(volume, CROP_SHAPE, to_lps).astype(np.float64)
        image = np.rint(np.clip((hu - HU_MIN) * (255 / (HU_MAX - HU_MIN)), 0, 255)) / 255
        indicator = Volume(np.where(labels.data == vertebra.label, 255, 0).astype(np.int16), labels.to_lps)
        out[:, 0] = image[[0, *range(CROP_SHAPE[0] - 1)]]
        out[:, 1] = image
        out[:, 2] = image[[*range(1, CROP_SHAPE[0]), -1]]
        out[:, 3] = resample(indicator, CROP_SHAPE, to_lps, 0) / 255
    return torch.from_numpy(stack)


def judge(
    images: torch.Tensor, levels: list[int], slices, sequence, decision: dict, batch: int
) -> np.ndarray:
    """Calibrated probability of a fracture of each crop."""
    flat = images.flatten(0, 1)
    fracture = torch.cat([slices(part)[0] for part in flat.split(batch * CROP_SHAPE[0])])
    at_level = fracture.unflatten(0, images.shape[:2])[torch.arange(len(levels)), :, torch.tensor(levels)]
    model_1 = at_level.topk(TOP_SLICES, 1).values.mean(1)
    model_2 = torch.cat([sequence(part)[0][:, 0] for part in images.split(batch)])
    share = decision["sliceModelWeight"]
    logit = (share * model_1 + (1 - share) * model_2).double().numpy()
    calibration = decision["calibration"]
    return 1 / (1 + np.exp(-(calibration["slope"] * logit + calibration["intercept"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="a training run, for its own PyTorch modules and weights")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1, help="vertebrae in one call of a fracture model")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    seconds = {"imports": IMPORTED - START}
    last = IMPORTED

    def lap(stage: str) -> None:
        nonlocal last
        seconds[stage], last = time.perf_counter() - last, time.perf_counter()

    decision = json.loads((options.bundle / "manifest.json").read_text())["decision"]
    segmenter, slices, sequence = load_networks(options.bundle, options.run)
    lap("load")
    volume = read_volume(options.study)
    lap("read")
    probabilities: dict[str, float | None] = dict.fromkeys((*LEVELS, "patient_overall"))
    with torch.inference_mode():
        image = segmentation_image(volume)
        labels, probability = segment(image, segmenter, batch=8)
        vertebrae = find_vertebrae(labels, probability, image)
        lap("segment")
        cervical = [v for v in vertebrae if v.label <= len(LEVELS)]
        *pixel, slice_mm = volume.spacing
        if len(cervical) >= FEWEST_LEVELS and slice_mm <= SLICE_LIMIT_MM and max(pixel) <= PIXEL_LIMIT_MM:
            images = crops(volume, Volume(labels, image.to_lps), cervical)
            levels = [v.label - 1 for v in cervical]
            judged = judge(images, levels, slices, sequence, decision, options.batch)
            probabilities |= {LEVELS[n]: float(p) for n, p in zip(levels, judged, strict=True)}
            probabilities["patient_overall"] = float(1 - (1 - judged).prod())
        lap("classify")
    seconds["total"] = time.perf_counter() - START

    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    result = {
        "probabilities": probabilities,
        "seconds": seconds,
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "versions": {
            "Python": platform.python_version(),
            "pydicom": pydicom.__version__,
            "NumPy": np.__version__,
            "SciPy": scipy.__version__,
            "PyTorch": torch.__version__,
        },
    }
    json.dump(result, sys.stdout)
    print()


if __name__ == "__main__":
    main()
