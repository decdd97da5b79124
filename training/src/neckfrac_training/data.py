"""Reads a prepared data set: index.json and .npy arrays, memory-mapped. Splits it by fold, draws batches.

Every batch is a pure function of (seed, step, rank), so a training that is killed and continued sees the
batches that it would have seen.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LEVELS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
FORMAT, VERSION = "neckfrac-prepared", 1
SLICES = 24
"""Axial slices of a vertebra's crop, head to feet, 1.5 mm apart."""
NEIGHBOURS = (-2, -1, 0, 1, 2)
"""Sagittal slices that the segmenter sees around the one it labels, 4 mm apart."""


class PreparedError(ValueError):
    """A prepared data set that cannot be read; the message says what was found and where."""


@dataclass(frozen=True)
class SegmentArrays:
    """Paths of a study's sagittal grid: image int16 HU and label uint8, both (X, Z, Y)."""

    image: Path
    label: Path | None


@dataclass(frozen=True)
class CropArrays:
    """Paths of a study's crops: image and mask uint8 (V, 24, 128, 128), heat uint8 (V, 24, 16, 16)."""

    image: Path
    mask: Path
    heat: Path
    levels: tuple[int, ...]  # 0..6 for C1..C7, one for each of the V crops
    places_known: tuple[bool, ...]


@dataclass(frozen=True)
class Study:
    uid: str
    fold: int
    origin: str
    fractured: tuple[int, ...]  # (7,) 0 or 1, C1..C7
    segment: SegmentArrays | None
    crops: CropArrays | None


@dataclass(frozen=True)
class Prepared:
    root: Path
    index: dict  # index.json without its studies
    studies: tuple[Study, ...]


def read_prepared(root: Path) -> Prepared:
    """Reads index.json; the arrays stay on disk."""
    path = Path(root) / "index.json"
    if not path.exists():
        raise PreparedError(f"{path} does not exist: run `neckfrac prepare` first")
    index = json.loads(path.read_text())
    found = (index.get("format"), index.get("version"))
    if found != (FORMAT, VERSION):
        raise PreparedError(f"{path} is {found[0]} version {found[1]}; this reads {FORMAT} version {VERSION}")
    studies = tuple(_study(Path(root), entry) for entry in index.pop("studies"))
    return Prepared(Path(root), index, studies)


def _study(root: Path, entry: dict) -> Study:
    segment = entry.get("segment")
    if segment:
        label = segment.get("label")
        segment = SegmentArrays(root / segment["image"], root / label if label else None)
    crops = entry.get("crops")
    if crops:
        levels = tuple(LEVELS.index(level) for level in crops["levels"])
        known = tuple(map(bool, crops["placesKnown"]))
        arrays = (root / crops["image"], root / crops["mask"], root / crops["heat"])
        crops = CropArrays(*arrays, levels, known)
    fractured = tuple(int(entry["fractured"][level]) for level in LEVELS)
    return Study(entry["uid"], int(entry["fold"]), entry["origin"], fractured, segment or None, crops or None)


def split_by_fold(studies, fold: int) -> tuple[list[Study], list[Study]]:
    """(train, validation). A study is wholly on one side: folds are the study's, not the vertebra's."""
    return [s for s in studies if s.fold != fold], [s for s in studies if s.fold == fold]


def generator(seed: int, step: int, rank: int = 0) -> np.random.Generator:
    return np.random.default_rng((seed, step, rank))


# ---------------------------------------------------------------- sagittal slices for the segmenter


@dataclass(frozen=True)
class LabelledVolume:
    study: Study
    image: np.ndarray  # (X, Z, Y) int16 HU, memory-mapped
    label: np.ndarray  # (X, Z, Y) uint8 0..9, memory-mapped
    spine: np.ndarray  # slices x that show a vertebra


def open_volumes(studies) -> list[LabelledVolume]:
    """The studies that have labels."""
    volumes = []
    for study in studies:
        if study.segment and study.segment.label:
            image = np.load(study.segment.image, mmap_mode="r")
            label = np.load(study.segment.label, mmap_mode="r")
            if image.shape != label.shape:
                raise PreparedError(f"{study.uid}: segment image {image.shape} but label {label.shape}")
            volumes.append(LabelledVolume(study, image, label, np.flatnonzero(label.any(axis=(1, 2)))))
    return volumes


def five_slices(image: np.ndarray, x: int) -> np.ndarray:
    """(5, Z, Y) int16: slices x-2..x+2; beyond the volume the outermost one is repeated."""
    return np.stack([image[min(max(x + n, 0), len(image) - 1)] for n in NEIGHBOURS])


def draw_sagittal(volumes: list[LabelledVolume], rng, batch: int, crop, near_spine: float) -> dict:
    """image (B, 5, H, W) int16 HU and label (B, H, W) uint8: random windows around anything."""
    height, width = crop
    image = np.full((batch, len(NEIGHBOURS), height, width), -1024, np.int16)
    label = np.zeros((batch, height, width), np.uint8)
    for b in range(batch):
        volume = volumes[rng.integers(len(volumes))]
        near = len(volume.spine) > 0 and rng.random() < near_spine
        x = int(rng.choice(volume.spine) if near else rng.integers(len(volume.image)))
        source, target = five_slices(volume.image, x), volume.label[x]
        centre = None
        if near and rng.random() < 0.6:  # around a vertebra's voxel, else around anything
            voxels = np.argwhere(target)
            centre = voxels[rng.integers(len(voxels))] if len(voxels) else None
        z = _window(rng, source.shape[1], height, None if centre is None else centre[0])
        y = _window(rng, source.shape[2], width, None if centre is None else centre[1])
        image[b, :, z[1], y[1]] = source[:, z[0], y[0]]
        label[b, z[1], y[1]] = target[z[0], y[0]]
    return {"image": image, "label": label}


def _window(rng, size: int, wanted: int, centre) -> tuple[slice, slice]:
    """(where to read, where to write) for a window of `wanted` cells that holds `centre` if given."""
    low, high = min(0, size - wanted), max(0, size - wanted)
    if centre is None:
        start = int(rng.integers(low, high + 1))
    else:
        start = int(np.clip(centre - rng.integers(wanted // 8, wanted - wanted // 8), low, high))
    read = slice(max(start, 0), min(start + wanted, size))
    return read, slice(read.start - start, read.stop - start)


# ---------------------------------------------------------------- vertebra crops for models I and II


@dataclass(frozen=True)
class Vertebra:
    """One crop. `places` tells which of its slices hold fracture, or None where that is unknown."""

    study: Study
    row: int  # along axis V
    level: int  # 0..6
    fractured: int  # 0 or 1
    places: np.ndarray | None  # (24,) bool
    presence: np.ndarray | None  # (24,) float32: mask area, largest = 1; where places are unknown


def open_vertebrae(studies) -> list[Vertebra]:
    found = []
    for study in studies:
        if study.crops is None:
            continue
        heat = np.load(study.crops.heat, mmap_mode="r")
        for row, level in enumerate(study.crops.levels):
            fractured = study.fractured[level]
            places, presence = heat[row].any(axis=(1, 2)), None
            if fractured and not (study.crops.places_known[row] and places.any()):
                area = np.load(study.crops.mask, mmap_mode="r")[row].sum(axis=(1, 2), dtype=np.float32)
                places, presence = None, area / max(float(area.max()), 1.0)
            elif not fractured:
                places = np.zeros(SLICES, bool)
            found.append(Vertebra(study, row, level, fractured, places, presence))
    return found


def slice_labels(vertebra: Vertebra) -> tuple[np.ndarray, bool]:
    """((24,) float32 target of each slice, whether it is known). Unknown: the label times mask presence."""
    if vertebra.places is not None:
        return vertebra.places.astype(np.float32), True
    return vertebra.fractured * vertebra.presence, False


def crop_array(path: Path, row: int) -> np.ndarray:
    return np.load(path, mmap_mode="r")[row]


def slice_groups(vertebrae) -> tuple[list, list, list]:
    """(vertebra, slice) pairs: fracture in the slice; beside it in a fractured vertebra; in a healthy one."""
    fractured, beside, healthy = [], [], []
    for v, vertebra in enumerate(vertebrae):
        for k in range(SLICES):
            if not vertebra.fractured:
                healthy.append((v, k))
            elif slice_labels(vertebra)[0][k] > 0.5:
                fractured.append((v, k))
            else:
                beside.append((v, k))
    return fractured, beside, healthy


def draw_slices(vertebrae, groups, shares, rng, batch: int, weight_of_unknown: float) -> dict:
    """Axial slices, balanced over the three groups.

    image (B, 3, 128, 128) uint8: previous, this and next slice; mask (B, 1, 128, 128) uint8;
    heat (B, 1, 16, 16) uint8; level (B,) 0..6; label, weight, known (B,) float32.
    """
    usable = [(g, s) for g, s in zip(groups, shares, strict=True) if g and s > 0]
    chance = np.array([s for _, s in usable])
    rows = []
    for g in rng.choice(len(usable), size=batch, p=chance / chance.sum()):
        group = usable[g][0]
        v, k = group[rng.integers(len(group))]
        vertebra = vertebrae[v]
        crops, row = vertebra.study.crops, vertebra.row
        image = crop_array(crops.image, row)
        three = np.stack([image[min(max(k + n, 0), SLICES - 1)] for n in (-1, 0, 1)])
        targets, known = slice_labels(vertebra)
        rows.append(
            (
                three,
                crop_array(crops.mask, row)[k : k + 1],
                crop_array(crops.heat, row)[k : k + 1],
                vertebra.level,
                targets[k],
                np.float32(1.0 if known else weight_of_unknown),
                np.float32(known),
            )
        )
    return _stack(rows, ("image", "mask", "heat", "level", "label", "weight", "known"))


def draw_stacks(vertebrae, groups, fractured_share: float, rng, batch: int) -> dict:
    """Whole vertebrae, `groups` being the indices of the fractured and of the healthy ones."""
    chosen = []
    for _ in range(batch):
        group = groups[0] if rng.random() < fractured_share and groups[0] else groups[1] or groups[0]
        chosen.append(vertebrae[group[rng.integers(len(group))]])
    return read_stacks(chosen)


def read_stacks(vertebrae) -> dict:
    """image and mask (B, 24, 128, 128) uint8, heat (B, 24, 16, 16) uint8, level (B,), label (B,) float32,
    slice_label (B, 24) float32, known (B,) float32."""
    rows = []
    for vertebra in vertebrae:
        crops, row = vertebra.study.crops, vertebra.row
        targets, known = slice_labels(vertebra)
        arrays = [crop_array(path, row) for path in (crops.image, crops.mask, crops.heat)]
        label = np.float32(vertebra.fractured)
        rows.append((*arrays, vertebra.level, label, targets.astype(np.float32), np.float32(known)))
    return _stack(rows, ("image", "mask", "heat", "level", "label", "slice_label", "known"))


def _stack(rows, names) -> dict:
    return {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def choose_vertebrae(vertebrae, count: int, seed: int) -> list[Vertebra]:
    """At most `count` for validation: fractured ones up to half of them, healthy ones for the rest, fixed by
    the seed. Prevalence is therefore higher than in the data set; the log says how high."""
    rng = np.random.default_rng((seed, 7))
    order = rng.permutation(len(vertebrae))
    fractured = [vertebrae[i] for i in order if vertebrae[i].fractured]
    healthy = [vertebrae[i] for i in order if not vertebrae[i].fractured]
    fractured = fractured[: max(count // 2, count - len(healthy))]
    return fractured + healthy[: max(count - len(fractured), 0)]
