"""Reads a prepared data set: index.json and .npy arrays, memory-mapped. Splits it, draws batches.

Every sample is a pure function of (seed, step, its place in the global batch): a training that is killed and
continued sees the batches that it would have seen, and several processes see what one would.

Only the index is held in memory, about 2 KB a study. Arrays are opened when a sample is drawn and closed
after it, so neither memory nor open files grow with the data set.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

LEVELS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
SCHEMATIC = "schematic"
"""Family of the necks that teach the segmenter alone."""
FORMAT, VERSION = "neckfrac-prepared", 1
SLICES = 24
"""Axial slices of a vertebra's crop, head to feet, 1.5 mm apart."""
SKULL = 10
"""Class that only schematic necks have labels of; vertebrae are 1..9."""
NEIGHBOURS = (-2, -1, 0, 1, 2)
"""Sagittal slices that the segmenter sees around the one it labels, 4 mm apart."""

MEDIAN_CELLS = 36.0
"""Extent of a fracture, in cells of the heat map summed over all slices: the median of 346 vertebrae of the
`train` phantoms (a tenth lies below 10, a tenth above 94)."""


class PreparedError(ValueError):
    """A prepared data set that cannot be read; the message says what was found and where."""


@dataclass(frozen=True, slots=True)
class SegmentArrays:
    """Paths of a study's sagittal grid: image int16 HU and label uint8, both (X, Z, Y)."""

    image: str
    label: str | None


@dataclass(frozen=True, slots=True)
class CropArrays:
    """Paths of a study's crops: image and mask uint8 (V, 24, 128, 128), heat uint8 (V, 24, 16, 16)."""

    image: str
    mask: str
    heat: str
    levels: tuple[int, ...]  # 0..6 for C1..C7, one for each of the V crops
    places_known: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Study:
    uid: str
    fold: int
    origin: str
    family: str  # generator of a phantom; "" of a real study
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
        segment = SegmentArrays(str(root / segment["image"]), str(root / label) if label else None)
    crops = entry.get("crops")
    if crops:
        levels = tuple(LEVELS.index(level) for level in crops["levels"])
        known = tuple(map(bool, crops["placesKnown"]))
        arrays = (str(root / crops[name]) for name in ("image", "mask", "heat"))
        crops = CropArrays(*arrays, levels, known)
    fractured = tuple(int(entry["fractured"][level]) for level in LEVELS)
    family = (entry.get("truth") or {}).get("family") or ""
    fold, origin = int(entry["fold"]), entry["origin"]
    return Study(entry["uid"], fold, origin, family, fractured, segment or None, crops or None)


def split_studies(studies, fold: int, held_out_family: str = "") -> tuple[list[Study], list[Study]]:
    """(train, validation): a generator family held out if there is one, else a fold.

    A study is wholly on one side: folds are the study's, not the vertebra's.
    """

    def held(study: Study) -> bool:
        return study.family == held_out_family if held_out_family else study.fold == fold

    if held_out_family and not any(map(held, studies)):
        known = ", ".join(sorted({study.family or "none" for study in studies}))
        raise PreparedError(f"no study of family {held_out_family!r} to hold out; there are: {known}")
    return [s for s in studies if not held(s)], [s for s in studies if held(s)]


def generators(seed: int, step: int, rank: int, batch: int) -> Iterator[np.random.Generator]:
    """One for each of the `batch` samples of process `rank`, by its place in the batch of all processes."""
    for place in range(rank * batch, (rank + 1) * batch):
        yield np.random.default_rng((seed, step, place))


# ---------------------------------------------------------------- sagittal slices for the segmenter


def labelled(studies) -> list[Study]:
    """The studies that have labels."""
    return [study for study in studies if study.segment and study.segment.label]


def open_volume(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """image (X, Z, Y) int16 HU and label (X, Z, Y) uint8 0..10, memory-mapped."""
    image = np.load(study.segment.image, mmap_mode="r")
    label = np.load(study.segment.label, mmap_mode="r")
    if image.shape != label.shape:
        raise PreparedError(f"{study.uid}: segment image {image.shape} but label {label.shape}")
    return image, label


def spine_slices(label: np.ndarray) -> np.ndarray:
    """Slices x that show a vertebra."""
    return np.flatnonzero(vertebrae(label).any(axis=(1, 2)))


def vertebrae(label):
    """Where an array or tensor of labels shows a vertebra."""
    return (label > 0) & (label < SKULL)


def five_slices(image: np.ndarray, x: int) -> np.ndarray:
    """(5, Z, Y) int16: slices x-2..x+2; beyond the volume the outermost one is repeated."""
    return np.stack([image[min(max(x + n, 0), len(image) - 1)] for n in NEIGHBOURS])


def draw_sagittal(studies: list[Study], rngs, crop, near_spine: float) -> dict:
    """image (B, 5, H, W) int16 HU and label (B, H, W) uint8: random windows around anything; skull (B,) bool,
    whether a sample's skull is labelled."""
    samples = [_draw_window(studies, rng, crop, near_spine) for rng in rngs]
    return _stack(samples, ("image", "label", "skull"))


def _draw_window(studies: list[Study], rng, crop, near_spine: float) -> tuple:
    height, width = crop
    image = np.full((len(NEIGHBOURS), height, width), -1024, np.int16)
    label = np.zeros((height, width), np.uint8)
    study = studies[rng.integers(len(studies))]
    volume, truth = open_volume(study)
    spine = spine_slices(truth) if rng.random() < near_spine else ()
    x = int(rng.choice(spine) if len(spine) else rng.integers(len(volume)))
    source, target = five_slices(volume, x), truth[x]
    centre = None
    if len(spine) and rng.random() < 0.6:  # around a vertebra's voxel, else around anything
        voxels = np.argwhere(vertebrae(target))
        centre = voxels[rng.integers(len(voxels))]
    z = _window(rng, source.shape[1], height, None if centre is None else centre[0])
    y = _window(rng, source.shape[2], width, None if centre is None else centre[1])
    image[:, z[1], y[1]] = source[:, z[0], y[0]]
    label[z[1], y[1]] = target[z[0], y[0]]
    return image, label, study.family == SCHEMATIC


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


class Vertebra(NamedTuple):
    """One crop."""

    study: Study
    row: int  # along axis V
    level: int  # 0..6
    fractured: int  # 0 or 1


def cropped_vertebrae(studies) -> list[Vertebra]:
    return [
        Vertebra(study, row, level, study.fractured[level])
        for study in studies
        if study.crops
        for row, level in enumerate(study.crops.levels)
    ]


def group_vertebrae(vertebrae) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the fractured and of the healthy ones."""
    fractured = np.fromiter((v.fractured for v in vertebrae), bool, len(vertebrae))
    return np.flatnonzero(fractured), np.flatnonzero(~fractured)


def slice_labels(vertebra: Vertebra, full: float = 0.0) -> tuple[np.ndarray, bool]:
    """((24,) float32 target of each slice, whether places are known).

    Known: 1 where the heat map says that the slice holds fracture. With `full` above 0 a slice counts in part
    where it holds less than that share of the fracture's largest slice: the ends of boxes, grazing cuts.
    Unknown: the vertebra's label times its share of the mask's largest slice.
    """
    crops, row = vertebra.study.crops, vertebra.row
    if not vertebra.fractured:
        return np.zeros(SLICES, np.float32), True
    if crops.places_known[row]:
        area = crop_array(crops.heat, row).sum(axis=(1, 2), dtype=np.float32)
        if area.any():
            return ((area / (full * area.max())).clip(max=1) if full else area > 0).astype(np.float32), True
    area = crop_array(crops.mask, row).sum(axis=(1, 2), dtype=np.float32)
    return area / max(float(area.max()), 1.0), False


def crop_array(path: str, row: int) -> np.ndarray:
    return np.load(path, mmap_mode="r")[row]


def sample_weight(vertebra: Vertebra, hairline: float) -> float:
    """1, and up to `hairline` more for a fractured vertebra the less fracture it holds."""
    if not (hairline and vertebra.fractured and vertebra.study.crops.places_known[vertebra.row]):
        return 1.0
    cells = crop_array(vertebra.study.crops.heat, vertebra.row).sum(dtype=np.float64) / 255
    return 1.0 + hairline * MEDIAN_CELLS / (MEDIAN_CELLS + cells)


def draw_slices(
    vertebrae, groups, shares, rngs, weight_of_unknown: float, full: float = 0.0, hairline: float = 0.0
) -> dict:
    """Axial slices, balanced: with a fracture, beside one in a fractured vertebra, of a healthy vertebra.

    First a vertebra is drawn, then its slice, so a crack in two slices counts as much as one through ten.
    image (B, 3, 128, 128) uint8: previous, this and next slice; mask (B, 1, 128, 128) uint8;
    heat (B, 1, 16, 16) uint8; level (B,) 0..6; label, weight, known (B,) float32.
    """
    limits = np.cumsum(shares[:2]) if len(groups[0]) else (0.0, 0.0)
    rows = []
    for rng in rngs:
        pick = rng.random()
        group = groups[0] if pick < limits[1] or not len(groups[1]) else groups[1]
        vertebra = vertebrae[group[rng.integers(len(group))]]
        targets, known = slice_labels(vertebra, full)
        holds = targets > 0.5
        wanted = np.flatnonzero(holds == (pick < limits[0])) if vertebra.fractured else ()
        k = int(rng.choice(wanted) if len(wanted) else rng.integers(SLICES))
        crops, row = vertebra.study.crops, vertebra.row
        image = crop_array(crops.image, row)
        rows.append(
            (
                np.stack([image[min(max(k + n, 0), SLICES - 1)] for n in (-1, 0, 1)]),
                crop_array(crops.mask, row)[k : k + 1],
                crop_array(crops.heat, row)[k : k + 1],
                vertebra.level,
                targets[k],
                np.float32(sample_weight(vertebra, hairline) if known else weight_of_unknown),
                np.float32(known),
            )
        )
    return _stack(rows, ("image", "mask", "heat", "level", "label", "weight", "known"))


def draw_stacks(
    vertebrae, groups, fractured_share: float, rngs, full: float = 0.0, hairline: float = 0.0
) -> dict:
    """Whole vertebrae, `groups` being the indices of the fractured and of the healthy ones."""
    chosen = []
    for rng in rngs:
        group = groups[0] if rng.random() < fractured_share and len(groups[0]) else groups[1]
        group = group if len(group) else groups[0]
        chosen.append(vertebrae[group[rng.integers(len(group))]])
    return read_stacks(chosen, full, hairline)


def read_stacks(vertebrae, full: float = 0.0, hairline: float = 0.0) -> dict:
    """image and mask (B, 24, 128, 128) uint8, level (B,), label, weight, known (B,) float32,
    slice_label (B, 24) float32."""
    rows = []
    for vertebra in vertebrae:
        crops, row = vertebra.study.crops, vertebra.row
        targets, known = slice_labels(vertebra, full)
        arrays = [crop_array(path, row) for path in (crops.image, crops.mask)]
        numbers = (vertebra.fractured, sample_weight(vertebra, hairline), known)
        rows.append((*arrays, vertebra.level, *map(np.float32, numbers), targets))
    return _stack(rows, ("image", "mask", "level", "label", "weight", "known", "slice_label"))


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
