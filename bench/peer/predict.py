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
from volume import (  # noqa: E402
    CROP_SHAPE,
    LEAST_MM3,
    Volume,
    crop_grid,
    crop_image,
    crop_mask,
    middle_of,
    read_series,
    segmentation_image,
)

IMPORTED = time.perf_counter()

LEVELS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
CLASSES = 10  # background, C1-C7, T1, T2 and lower
CONTEXT = 5
TOP_SLICES = 3
FEWEST_LEVELS, SLICE_LIMIT_MM, PIXEL_LIMIT_MM = 3, 3, 1.5


@dataclass(frozen=True)
class Vertebra:
    label: int
    centre: np.ndarray  # LPS, mm
    weight: float  # mean probability times volume


# Vertebrae


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
        found.append(
            Vertebra(label, middle_of(mask, image.to_lps), float(probability[mask].sum()) * voxel_mm3)
        )
    return in_order(found)


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
    stack = np.empty((len(vertebrae), CROP_SHAPE[0], 4, *CROP_SHAPE[1:]), np.float32)
    for out, vertebra in zip(stack, vertebrae, strict=True):
        to_lps = crop_grid(vertebra.centre)
        image = crop_image(volume, to_lps) / 255
        out[:, 0] = image[[0, *range(CROP_SHAPE[0] - 1)]]
        out[:, 1] = image
        out[:, 2] = image[[*range(1, CROP_SHAPE[0]), -1]]
        out[:, 3] = crop_mask(labels, vertebra.label, to_lps) / 255
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
    volume, _ = read_series(options.study)
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
