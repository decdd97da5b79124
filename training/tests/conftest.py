"""A tiny synthetic prepared data set: a column of ellipsoids, some with a dark slit."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

torch.set_num_threads(1)  # the arrays are tiny, and others may use the machine

LEVELS = [f"C{k}" for k in range(1, 8)]


def write_prepared(root: Path, studies: int, seed: int = 0, prevalence: float = 0.3) -> Path:
    rng = np.random.default_rng(seed)
    entries = []
    for number in range(studies):
        uid = f"1.2.{number}"
        (root / uid).mkdir(parents=True)
        fractured = rng.random(7) < prevalence
        image, label = _column(rng)
        crops = [_crop(rng, sick) for sick in fractured]
        arrays = {
            "segment-image": image,
            "segment-label": label,
            **{f"crop-{n}": np.stack([c[k] for c in crops]) for k, n in enumerate(("image", "mask", "heat"))},
        }
        for name, values in arrays.items():
            np.save(root / uid / f"{name}.npy", values)
        entries.append(
            {
                "uid": uid,
                "origin": "phantom",
                "sourceHash": "0",
                "fold": number % 5,
                "fractured": {level: int(f) for level, f in zip(LEVELS, fractured, strict=True)},
                "patientOverall": int(fractured.any()),
                "segment": {"image": f"{uid}/segment-image.npy", "label": f"{uid}/segment-label.npy"},
                "crops": {
                    "image": f"{uid}/crop-image.npy",
                    "mask": f"{uid}/crop-mask.npy",
                    "heat": f"{uid}/crop-heat.npy",
                    "levels": LEVELS,
                    "placesKnown": [True] * 7,
                },
            }
        )
    index = {
        "format": "neckfrac-prepared",
        "version": 1,
        "segment": {"spacingMm": {"x": 4, "z": 2, "y": 2}},
        "crop": {
            "shape": [24, 128, 128],
            "spacingMm": [1.5, 0.7, 0.7],
            "huMin": -400,
            "huMax": 1400,
            "heatStride": 8,
        },
        "studies": entries,
    }
    (root / "index.json").write_text(json.dumps(index))
    return root


def _column(rng) -> tuple[np.ndarray, np.ndarray]:
    """Nine ellipsoids under each other, the first one wide; (X, Z, Y) int16 HU and uint8 labels."""
    shape = (16, int(rng.integers(110, 140)), int(rng.integers(80, 100)))
    x, z, y = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    image = np.full(shape, 40.0)
    label = np.zeros(shape, np.uint8)
    top = rng.integers(8, 18)
    middle = shape[2] // 2
    for k in range(9):
        wide = 13 if k == 0 else 7 + 0.5 * k
        inside = ((x - 8) / 4) ** 2 + ((z - top - 10 * k) / 4.5) ** 2 + ((y - middle) / wide) ** 2 < 1
        image[inside], label[inside] = 500, k + 1
    image += rng.normal(0, 20, shape)
    image[:, :, :8] = -1024
    return image.astype(np.int16), label


def _crop(rng, fractured) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """image and mask (24, 128, 128), heat (24, 16, 16), uint8."""
    z, y, x = np.meshgrid(np.arange(24), np.arange(128), np.arange(128), indexing="ij")
    inside = ((z - 12) / 8) ** 2 + ((y - 64) / 28) ** 2 + ((x - 64) / 36) ** 2 < 1
    image = np.where(inside, 150, 60).astype(np.float32)
    slit = np.zeros(inside.shape, bool)
    if fractured:
        cy, cx, slope = rng.uniform(50, 78), rng.uniform(44, 84), rng.uniform(-1, 1)
        line = np.abs((y - cy) - slope * (x - cx)) < 1.6
        slit = line & (np.abs(x - cx) < 16) & (np.abs(z - 12) < 5) & inside
        image[slit] = 70
    image += rng.normal(0, 8, image.shape)
    heat = slit.reshape(24, 16, 8, 16, 8).mean((2, 4))
    return (
        image.clip(0, 255).astype(np.uint8),
        (inside * 255).astype(np.uint8),
        np.ceil(heat * 255).astype(np.uint8),
    )


@pytest.fixture(scope="session")
def prepared_root(tmp_path_factory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("prepared"), 5)
