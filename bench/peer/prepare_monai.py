"""peer/prepare.py once more with MONAI: LoadImage, Resize, SpatialResample, LabelToMask, DataLoader.

    python bench/peer/prepare_monai.py --rsna DIR --out DIR [--workers 2]

Which grids and which labels is peer/prepare.py's arithmetic on small arrays; what touches the CT's voxels is
MONAI's. LoadImage takes its default reader, ITK: 1.1 s a study where PydicomReader takes 4.
"""

import time

start, start_cpu = time.perf_counter(), time.process_time()

import argparse  # noqa: E402
import json  # noqa: E402
from pathlib import Path  # noqa: E402

import itk  # noqa: E402
import monai  # noqa: E402
import numpy as np  # noqa: E402
import prepare as steps  # noqa: E402
import torch  # noqa: E402
import volume as volumes  # noqa: E402
from monai.data import DataLoader, Dataset, MetaTensor  # noqa: E402
from monai.transforms import (  # noqa: E402
    LabelToMask,
    LoadImage,
    Resize,
    ScaleIntensityRange,
    SpatialCrop,
    SpatialResample,
)
from volume import CROP_SHAPE, HU_MAX, HU_MIN, OUTSIDE_HU, Volume, grid  # noqa: E402

imports = {"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - start_cpu}

RAS = np.diag([-1.0, -1, 1, 1])  # MONAI's world; its own inverse
REVERSE = np.eye(4)[[2, 1, 0, 3]]  # our arrays are [z, y, x], MONAI's [x, y, z]

load = LoadImage(ensure_channel_first=True)
load_mask = LoadImage(ensure_channel_first=True, dtype=np.uint8)
# float64 is the default; float32 is twice as fast and its error below 0.1 HU.
linear = SpatialResample(mode="bilinear", padding_mode="border", dtype=torch.float32)
nearest = SpatialResample(mode="nearest", padding_mode="zeros", dtype=torch.float32)
window = ScaleIntensityRange(a_min=HU_MIN, a_max=HU_MAX, b_min=0, b_max=255, clip=True)


def lps(image: MetaTensor) -> np.ndarray:
    """Voxel (x, y, z) to LPS."""
    return RAS @ image.affine.numpy()


def place(transform: SpatialResample, image: MetaTensor, shape: tuple, to_lps: np.ndarray) -> np.ndarray:
    return transform(image, dst_affine=RAS @ to_lps @ REVERSE, spatial_size=shape)[0].numpy()


def resample(image: MetaTensor, shape: tuple, to_lps: np.ndarray, outside: float) -> np.ndarray:
    """Block mean of the part that is needed where the grid is coarser than the voxels, then trilinear."""
    to_index = np.linalg.inv(lps(image)) @ to_lps
    size = np.array(image.shape[1:])
    factors = np.maximum(1, np.floor(1e-6 + np.abs(to_index[:3, :3]).max(1))).astype(int)
    if (factors > 1).any():
        region = volumes.touched(to_index, shape, Volume(image[0].numpy().T, lps(image)))
        low = np.array([r.start for r in region])
        wanted = -((low - [r.stop for r in region]) // factors)
        blocks = np.maximum(1, np.minimum(wanted, (size - low) // factors))  # whole ones
        part = SpatialCrop(roi_start=low, roi_end=low + blocks * factors)(image)
        image = Resize(spatial_size=tuple(blocks.tolist()), mode="area")(part)
    out = place(linear, image, shape, to_lps)
    for axis in range(3):  # the grids run along the volume's axes or nearly so
        ends = [np.zeros(4), np.zeros(4)]
        ends[0][3] = ends[1][3] = 1
        ends[1][2 - axis] = 1
        first, second = (to_index @ e for e in ends)
        row = int(np.argmax(np.abs(second - first)[:3]))
        at = first[row] + (second - first)[row] * np.arange(shape[axis])
        np.moveaxis(out, axis, 0)[(at < -0.5) | (at > size[row] - 0.5)] = outside
    return out


def segmentation_image(image: MetaTensor) -> Volume:
    """The grid of volume.py around the median of dense bone."""

    def sample(volume: Volume, shape: tuple, to_lps: np.ndarray) -> np.ndarray:
        return volumes.rounded(resample(image, shape, to_lps, OUTSIDE_HU)).astype(np.int16)

    volumes.resample = sample
    return volumes.segmentation_image(Volume(image[0].numpy().T, lps(image)))


def orient(mask: MetaTensor, image: Volume) -> np.ndarray:
    """As steps.orient: the mask on the image's grid, turned over where that covers clearly more bone."""
    corners = np.array(np.meshgrid(*[[0, n - 1] for n in mask.shape[1:]])).reshape(3, -1)
    z = lps(mask)[2, :3] @ corners + lps(mask)[2, 3]
    reflect = grid(np.diag([1.0, 1, -1]), [0, 0, z.min() + z.max()])
    bone = image.data > steps.MASK_BONE_HU
    both = [
        place(nearest, MetaTensor(mask, affine=RAS @ m), image.data.shape, image.to_lps)
        for m in (lps(mask), reflect @ lps(mask))
    ]
    covered = [np.count_nonzero(bone & (labels > 0)) for labels in both]
    return both[int(covered[1] > steps.CLEARLY_BETTER * covered[0])].astype(np.uint8)


class Prepare:
    def __init__(self, root: Path, out: Path):
        self.root, self.out = root, out

    def __call__(self, study: dict) -> dict:
        uid, fractured = study["uid"], study["fractured"]
        ct = load(self.root / "train_images" / uid)
        volume = Volume(ct[0].numpy().T, lps(ct))
        image = segmentation_image(ct)
        labels = orient(load_mask(self.root / "segmentations" / f"{uid}.nii"), image)
        labels = Volume(np.minimum(labels, steps.LOWEST_CLASS), image.to_lps)
        centres = steps.find_vertebrae(labels)

        # RSNA's files are named by number, from head to feet or the other way: ITK sorts from feet to head.
        numbers = sorted(int(path.stem) for path in (self.root / "train_images" / uid).glob("*.dcm"))
        names = sorted_by_place(self.root / "train_images" / uid, numbers)
        slice_of = {name: z for z, name in enumerate(names)}
        boxes = [b | {"slice": slice_of[b["name"]]} for b in study["boxes"] if b["name"] in slice_of]
        owners = [steps.owner(b, volume, labels, fractured, centres) for b in boxes]
        cervical = [label for label in centres if label <= len(steps.LEVELS)]
        grids = [volumes.crop_grid(centres[label]) for label in cervical]
        heat = [
            steps.paint([b for b, o in zip(boxes, owners, strict=True) if o == label], volume, to_lps)
            for label, to_lps in zip(cervical, grids, strict=True)
        ]
        coarse = MetaTensor(labels.data.T[None].copy(), affine=RAS @ labels.to_lps)
        crops = [window(resample(ct, CROP_SHAPE, g, OUTSIDE_HU)) for g in grids]
        masks = [
            255 * resample(LabelToMask(select_labels=n)(coarse).float(), CROP_SHAPE, g, 0)
            for n, g in zip(cervical, grids, strict=True)
        ]

        folder = self.out / uid
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "segment-image.npy", image.data)
        np.save(folder / "segment-label.npy", labels.data)
        np.save(folder / "crop-image.npy", np.rint(np.stack(crops)).astype(np.uint8))
        np.save(folder / "crop-mask.npy", volumes.rounded(np.stack(masks)).astype(np.uint8))
        np.save(folder / "crop-heat.npy", np.stack(heat))
        return {"uid": uid, "fractured": fractured, "levels": cervical}


def sorted_by_place(folder: Path, numbers: list[int]) -> list[str]:
    """Names from feet to head, by the heights of the first and the last file."""
    import pydicom

    ends = [
        pydicom.dcmread(folder / f"{n}.dcm", specific_tags=["ImagePositionPatient"], stop_before_pixels=True)
        for n in (numbers[0], numbers[-1])
    ]
    down = ends[0].ImagePositionPatient[2] > ends[1].ImagePositionPatient[2]
    return [str(n) for n in (numbers[::-1] if down else numbers)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rsna", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    studies = Dataset(steps.list_studies(options.rsna), Prepare(options.rsna, options.out))
    # Each of the loader's processes keeps PyTorch to one thread. Arrays are written there; entries come back.
    entries = [entry for (entry,) in DataLoader(studies, num_workers=options.workers, collate_fn=list)]
    (options.out / "index.json").write_text(json.dumps({"studies": entries}, indent=1))
    versions = {"MONAI": monai.__version__, "ITK": itk.Version.GetITKVersion(), "PyTorch": torch.__version__}
    print(json.dumps({"studies": len(entries), "imports": imports, "versions": versions}))


if __name__ == "__main__":
    main()
