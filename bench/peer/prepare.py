"""`neckfrac prepare --rsna` once more, in Python: pydicom, nibabel, NumPy and SciPy in several processes.

    python bench/peer/prepare.py --rsna DIR --out DIR [--workers 2] [--usual]

Turns each study with a mask into the arrays that training reads: image and labels on the segmenter's grid,
and for each vertebra a windowed crop, its soft mask and a coarse map of its fractures. It shares no code with
packages/, which say what is to be computed, and leaves out what a script would: it checks and hashes nothing.
"""

import argparse
import csv
import json
import platform
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import scipy
import volume as volumes
from scipy import ndimage
from volume import (
    CROP_MM,
    CROP_SHAPE,
    LEAST_MM3,
    Volume,
    aligned_axes,
    crop_grid,
    crop_image,
    crop_mask,
    middle_of,
    read_series,
    segmentation_image,
)

LEVELS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
LOWEST_CLASS = 9  # T2 and lower
LEAST_VISIBLE = 0.3
MASK_BONE_HU, CLEARLY_BETTER = 180, 1.15
STRIDE = 8
PROBES, FARTHEST_MM = 16, 20


def read_mask(path: Path) -> Volume:
    """A NIfTI file as [z, y, x] of its own axes; uncompressed voxels stay on the disk until they are used."""
    image = nibabel.load(path)
    return Volume(np.asanyarray(image.dataobj).T, np.diag([-1, -1, 1, 1]) @ image.affine)


def nearest(labels: Volume, shape: tuple, to_lps: np.ndarray) -> np.ndarray:
    """Labels on another grid; 0 outside."""
    to_index = np.linalg.inv(labels.to_lps) @ to_lps
    axes = aligned_axes(to_index)
    if axes is None:
        k, j, i = np.ogrid[tuple(slice(n) for n in shape)]
        points = [r[0] * i + r[1] * j + r[2] * k + r[3] for r in to_index[:3]]
        return ndimage.map_coordinates(labels.data, points[::-1], np.uint8, order=0, cval=0)
    data = labels.data.transpose(axes)
    index, inside = [], []
    for axis, count in enumerate(shape):
        row = 2 - axes[axis]
        at = np.floor(to_index[row, 2 - axis] * np.arange(count) + to_index[row, 3] + 0.5).astype(int)
        inside.append((at >= 0) & (at < data.shape[axis]))
        index.append(at.clip(0, data.shape[axis] - 1))
    z, y, x = (mask.reshape([-1 if a == axis else 1 for a in range(3)]) for axis, mask in enumerate(inside))
    return np.where(z & y & x, data[np.ix_(*index)], 0).astype(np.uint8)


def orient(mask: Volume, image: Volume) -> np.ndarray:
    """The mask on the image's grid, turned over where that covers clearly more bone (RSNA has five such)."""
    ends = mask.to_lps[2, 3] + mask.to_lps[2, :3] @ np.array(
        np.meshgrid(*[[0, n - 1] for n in mask.size])
    ).reshape(3, -1)
    reflect = np.diag([1.0, 1, -1, 1])
    reflect[2, 3] = ends.min() + ends.max()
    bone = image.data > MASK_BONE_HU
    both = [
        nearest(Volume(mask.data, m), image.data.shape, image.to_lps)
        for m in (mask.to_lps, reflect @ mask.to_lps)
    ]
    covered = [np.count_nonzero(bone & (labels > 0)) for labels in both]
    return both[int(covered[1] > CLEARLY_BETTER * covered[0])]


def find_vertebrae(labels: Volume) -> dict[int, np.ndarray]:
    """Centres of C1 to T1, without cervical ones of which too little is in view."""
    voxel_mm3 = labels.spacing.prod()
    counts = np.bincount(labels.data.ravel(), minlength=LOWEST_CLASS + 1) * voxel_mm3
    found = [label for label in range(1, LOWEST_CLASS) if counts[label] >= LEAST_MM3]
    cervical = sorted(counts[label] for label in found if label <= len(LEVELS))
    typical = cervical[len(cervical) // 2] if cervical else 0
    kept = [label for label in found if counts[label] >= LEAST_VISIBLE * typical]
    return {label: middle_of(labels.data == label, labels.to_lps) for label in kept}


def owner(box: dict, volume: Volume, labels: Volume, fractured: list[int], centres: dict) -> int:
    """Label of the fractured vertebra that a box covers most of; of the nearest one when it covers none."""
    u = (np.arange(PROBES) + 0.5) / PROBES
    x, y = np.meshgrid(box["x"] + u * box["width"], box["y"] + u * box["height"], indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), np.full(x.size, box["slice"])])
    to_labels = np.linalg.inv(labels.to_lps) @ volume.to_lps
    at = np.floor(to_labels[:3, :3] @ points + to_labels[:3, 3:] + 0.5).astype(int)
    at = at[:, ((at >= 0) & (at < labels.size[:, None])).all(0)]
    counts = np.bincount(labels.data[at[2], at[1], at[0]], minlength=LOWEST_CLASS + 1)
    best = max(fractured, key=lambda label: counts[label], default=0)
    if best and counts[best] > 0:
        return best
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["slice"], 1]
    z = volume.to_lps[2] @ middle
    distances = {label: abs(centres[label][2] - z) for label in fractured if label in centres}
    near = min(distances, key=distances.get, default=0)
    return near if near and distances[near] <= FARTHEST_MM else 0


def paint(boxes: list[dict], volume: Volume, to_lps: np.ndarray) -> np.ndarray:
    """Share of each cell of 8 x 8 pixels of a crop that lies in boxes, 0..255."""
    painted = np.zeros(CROP_SHAPE, bool)
    if boxes:
        m = np.linalg.inv(volume.to_lps) @ to_lps
        reach = max(0.5, np.abs(m[2, :3]).sum() / 2)
        k, j, i = np.ogrid[tuple(slice(n) for n in CROP_SHAPE)]
        x, y, z = (r[0] * i + r[1] * j + r[2] * k + r[3] for r in m[:3])
        for b in boxes:
            painted |= (
                (np.abs(z - b["slice"]) <= reach)
                & (x >= b["x"])
                & (x <= b["x"] + b["width"])
                & (y >= b["y"])
                & (y <= b["y"] + b["height"])
            )
    cells = painted.reshape(CROP_SHAPE[0], CROP_SHAPE[1] // STRIDE, STRIDE, -1, STRIDE).sum((2, 4))
    return np.ceil(cells * (255 / STRIDE**2)).astype(np.uint8)


def prepare(study: dict, root: Path, out: Path) -> dict:
    uid, fractured = study["uid"], study["fractured"]
    volume, names = read_series(root / "train_images" / uid)
    image = segmentation_image(volume)
    labels = orient(read_mask(root / "segmentations" / f"{uid}.nii"), image)
    labels = Volume(np.minimum(labels, LOWEST_CLASS), image.to_lps)
    centres = find_vertebrae(labels)

    slice_of = {name.split(".")[0]: z for z, name in enumerate(names)}
    boxes = [b | {"slice": slice_of[b["name"]]} for b in study["boxes"] if b["name"] in slice_of]
    owners = [owner(b, volume, labels, fractured, centres) for b in boxes]
    cervical = [label for label in centres if label <= len(LEVELS)]
    grids = [crop_grid(centres[label]) for label in cervical]
    heat = [
        paint([b for b, o in zip(boxes, owners, strict=True) if o == label], volume, to_lps)
        for label, to_lps in zip(cervical, grids, strict=True)
    ]

    folder = out / uid
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "segment-image.npy", image.data)
    np.save(folder / "segment-label.npy", labels.data)
    np.save(folder / "crop-image.npy", np.stack([crop_image(volume, g) for g in grids]).astype(np.uint8))
    np.save(
        folder / "crop-mask.npy",
        np.stack([crop_mask(labels, n, g) for n, g in zip(cervical, grids, strict=True)]).astype(np.uint8),
    )
    np.save(folder / "crop-heat.npy", np.stack(heat))
    return {
        "uid": uid,
        "fractured": fractured,
        "levels": cervical,
        "placesKnown": [n not in fractured or bool(h.any()) for n, h in zip(cervical, heat, strict=True)],
    }


def list_studies(root: Path) -> list[dict]:
    boxes: dict[str, list[dict]] = {}
    with (root / "train_bounding_boxes.csv").open() as file:
        for row in csv.DictReader(file):
            box = {key: float(row[key]) for key in ("x", "y", "width", "height")}
            boxes.setdefault(row["StudyInstanceUID"], []).append(box | {"name": row["slice_number"]})
    with (root / "train.csv").open() as file:
        return [
            {
                "uid": row["StudyInstanceUID"],
                "fractured": [n + 1 for n, level in enumerate(LEVELS) if row[level] == "1"],
                "boxes": boxes.get(row["StudyInstanceUID"], []),
            }
            for row in csv.DictReader(file)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rsna", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--usual", action="store_true", help="as it is usually written, not tuned by hand")
    options = parser.parse_args()
    volumes.as_usual = options.usual  # the processes are forked below and keep it
    start = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    studies = list_studies(options.rsna)
    run = partial(prepare, root=options.rsna, out=options.out)
    with get_context("fork").Pool(options.workers) as pool:
        entries = list(pool.imap_unordered(run, studies))
    index = {"crop": {"shape": CROP_SHAPE, "spacingMm": CROP_MM}, "studies": entries}
    (options.out / "index.json").write_text(json.dumps(index, indent=1))
    versions = {
        "Python": platform.python_version(),
        "pydicom": pydicom.__version__,
        "nibabel": nibabel.__version__,
        "NumPy": np.__version__,
        "SciPy": scipy.__version__,
    }
    print(json.dumps({"studies": len(entries), "seconds": time.perf_counter() - start, "versions": versions}))


if __name__ == "__main__":
    main()
