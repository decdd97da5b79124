"""Golden values for volume/resample.test.ts from SciPy. Run: python make_resample.py > resample.json"""

import json
import sys

import numpy as np
from scipy.ndimage import map_coordinates

rng = np.random.default_rng(7)
# (z, y, x) int16 HU
data = rng.integers(-1024, 2000, (9, 11, 13)).astype(np.int16)


def affine(rotation_deg, spacing, origin):
    """Rotation about z, then about x; columns are the steps along x, y, z in mm."""
    a, b = np.deg2rad(rotation_deg)
    rz = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    rx = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    m = np.eye(4)
    m[:3, :3] = rz @ rx @ np.diag(spacing)
    m[:3, 3] = origin
    return m


def points(m, shape):
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return np.stack([i, j, k, np.ones_like(i)]).reshape(4, -1), m


def sample(volume, ijk_to_lps, grid_to_lps, shape):
    p, _ = points(grid_to_lps, shape)
    x, y, z = (np.linalg.inv(ijk_to_lps) @ grid_to_lps @ p)[:3]
    out = map_coordinates(volume.astype(np.float64), [z, y, x], order=1, mode="nearest")
    nz, ny, nx = volume.shape
    inside = np.ones(len(x), bool)
    for c, n in ((x, nx), (y, ny), (z, nz)):
        inside &= (c >= -0.5) & (c <= n - 0.5)
    return np.where(inside, out, -1024)


cases = []
volume_map = affine((20, -10), (0.5, 0.6, 0.9), (-3, 4, 10))
for name, grid in (
    ("oblique", affine((0, 0), (0.4, 0.45, 0.7), (-4, 3, 9))),
    ("reversed", affine((200, -10), (0.45, 0.5, 0.8), (2, 8, 12))),
):
    cases.append((name, grid, (7, 8, 9), sample(data, volume_map, grid, (7, 8, 9))))

# Coarser than the voxels: block means of 2 x 3 x 2 (z, y, x) before sampling.
aligned = affine((0, 0), (0.5, 0.6, 0.9), (-3, 4, 10))
blocks = data[:8, :9, :12].astype(np.float64).reshape(4, 2, 3, 3, 6, 2).mean((1, 3, 5))
block_map = aligned @ np.array([[2, 0, 0, 0.5], [0, 3, 0, 1], [0, 0, 2, 0.5], [0, 0, 0, 1]])
coarse = affine((0, 0), (1.1, 1.9, 1.9), (-2.5, 4.8, 10.6))
# The grid stays inside whole blocks, so borders do not matter.
# Axes of the grid along others of the volume, one of them reversed, as the segmenter's sagittal grid.
permuted = np.array([[0, 0, 0.45, -2.6], [0.5, 0, 0, 4.1], [0, -0.8, 0, 16.9], [0, 0, 0, 1]])
cases.append(("permuted", permuted, (11, 8, 12), sample(data, aligned, permuted, (11, 8, 12))))
cases.append(("coarse", coarse, (3, 2, 4), sample(np.rint(blocks), block_map, coarse, (3, 2, 4))))

json.dump(
    {
        "shape": data.shape,
        "data": data.ravel().tolist(),
        "obliqueMap": volume_map.ravel().tolist(),
        "alignedMap": aligned.ravel().tolist(),
        "cases": [
            {"name": n, "map": g.ravel().tolist(), "shape": s, "expected": np.round(e, 3).tolist()}
            for n, g, s, e in cases
        ],
    },
    sys.stdout,
)
