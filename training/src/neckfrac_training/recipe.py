"""A recipe: everything that decides how the three networks are trained, in one TOML file.

Each field's meaning stands below it. A key that no field knows is an error, so a typo cannot pass.
"""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says which key and why."""


class MachineError(ValueError):
    """The machine lacks what the command line asks for."""


class WeightsError(ValueError):
    """A weights file that does not belong to the network."""


@dataclass(frozen=True)
class NetworkRecipe:
    """What the three networks share."""

    minutes: float = 0.0
    """Wall-clock budget, validation included; 0 = no limit. The rate follows whichever of time and epochs
    is further along, so the cosine always ends at its floor."""
    epochs: int = 1000
    """Epochs at most; the training ends here or at `minutes`."""
    steps_per_epoch: int = 100
    """Optimiser steps between two validations: an epoch is a count, not a pass over the data."""
    batch: int = 16
    """Samples a step and a process."""
    rate: float = 1e-3
    """Peak learning rate of AdamW."""
    floor: float = 0.01
    """Last learning rate as a share of the peak."""
    warmup_steps: int = 50
    """Steps of linear warm-up from zero."""
    weight_decay: float = 1e-2
    """Of AdamW, for matrices and kernels; biases and normalisation weights have none."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    ema: float = 0.998
    """Decay of the running mean of the weights, which is what is validated and exported; 0 = off."""
    precision: str = "auto"
    """"fp32", "bf16" or "auto": bf16 on CUDA, fp32 elsewhere."""
    workers: int = 0
    """Processes that read batches ahead; 0 reads in the training process (best on two cores)."""
    checkpoint_steps: int = 0
    """Steps between checkpoints besides the one at each epoch's end; 0 = epochs only."""
    init_from: str = ""
    """A network of the same run whose encoder's weights start this one, e.g. "slices"."""
    weights_file: str = ""
    """What to start from, never downloaded: "imagenet" (tf_efficientnet_lite0 alone), a file of encoder
    weights, or the weights.pt of an earlier training of the same network."""
    validation_count: int = 16
    """Studies (segmenter) or vertebrae (slices, sequence) looked at after each epoch; four times as many
    after the last."""
    validate_every: int = 1
    """Epochs between validations; the last one always validates."""
    augment: bool = True
    """False trains on samples as prepared, for comparisons."""


@dataclass(frozen=True)
class SegmenterRecipe(NetworkRecipe):
    """The 2.5D U-Net that labels vertebrae."""

    encoder: str = "plain"
    """"plain" for the batch-norm U-Net of `widths`, or the name of a timm encoder."""
    widths: tuple[int, ...] = (16, 32, 64, 128, 160)
    """Channels at strides 1, 2, 4, 8, 16; with a timm encoder, of the decoder."""
    slices: int = 5
    """Neighbouring sagittal slices used of the five handed in: 5 or 3."""
    fold_pixels: int = 1
    """Side of the square of pixels that enters as one cell with so many times the channels, and leaves so: 2
    computes on a quarter of the cells. The deepest of `widths` then lies at stride 32: name four."""
    upsample: int = 1
    """Factor by which the input is enlarged inside the network; 2 turns a 160-pixel field into 320."""
    crop: tuple[int, int] = (128, 112)
    """Rows (2 mm, head to feet) and columns (2 mm, front to back) of a training sample."""
    class_weights: tuple[float, ...] = (0.5, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5)
    """Cross-entropy weights: background, C1..C7, T1, T2 and lower."""
    skull: bool = False
    """Tell the skull from other tissue while training, where it is labelled: it shows where C1 begins."""
    near_spine: float = 0.75
    """Share of samples whose slice shows a vertebra; the others come from anywhere, air included."""
    truncate: float = 0.5
    """Share of samples whose field is cut at the top, the bottom or both."""
    cord: float = 0.0
    """Share of samples in which the cord goes on where the field is cut, as in radiotherapy's public scans,
    which keep only what is outlined."""
    elastic: float = 0.0
    """Share of samples that are bent smoothly, by up to 4 mm (standard deviation) a node."""
    thick_rows: float = 0.33
    """Share of samples with axial slices of 4, 6 or 8 mm."""
    coarse: float = 0.0
    """Share of samples as a scan of `coarse_mm` pixels would show them, averaged and read back linearly."""
    coarse_mm: tuple[float, float] = (2.5, 5.0)
    """Axial pixels of these, mm: 3.9 in radiotherapy's public head-and-neck scans."""
    densities: float = 0.0
    """Share of samples whose bones become denser or lighter than each other, the dens and C1 most of all."""
    contrast: float = 0.0
    """Share of samples whose bone and soft tissue change contrast, each on its own."""
    bias: float = 0.0
    """Share of samples with slow changes of HU over the field."""
    streaks: float = 0.0
    """Share of samples with a band of disturbed rows: shoulders, dental metal."""
    grain: float = 0.0
    """Share of samples with correlated noise, besides white noise in 0.4 of them."""
    blur: float = 0.0
    """Share of samples smeared over 6 mm or more."""


@dataclass(frozen=True)
class CropRecipe(NetworkRecipe):
    """What Models I and II share."""

    mask_channel: bool = True
    """False hides the vertebra's mask from the network."""
    mixup: float = 0.0
    """Share of batches whose samples are mixed in pairs, with their losses."""
    elastic: float = 0.0
    """Share of samples that are bent smoothly, by up to 1.5 mm (standard deviation) a node."""
    smoothing: float = 0.0
    """How far targets are drawn from 0 and 1 towards one half; 0.1 makes them 0.05 and 0.95."""
    focal: float = 0.0
    """Power of the error that weighs each loss: above 0, samples that are easy count less."""
    hairline: float = 0.0
    """Additional weight of the thinnest fractures; one of median extent gets half of it."""
    full_share: float = 0.0
    """Slices that hold less than this share of the fracture's largest slice count in part; 0: in full."""


@dataclass(frozen=True)
class SlicesRecipe(CropRecipe):
    """Model I: axial slices."""

    encoder: str = "efficientnet_lite0"
    """A timm model with features at strides 8, 16 and 32."""
    fpn: int = 64
    """Channels of the stride-8 features that carry the heat map."""
    dropout: float = 0.2
    """On the features before the seven heads."""
    drop_path: float = 0.0
    """Stochastic depth of the encoder."""
    heat_weight: float = 10.0
    """Weight of the heat map's loss beside the slice's."""
    heat_positive_weight: float = 4.0
    """Weight of a cell that holds a fracture against one that does not."""
    heat_gain: float = 8.0
    """A cell's share covered by fracture times this, clipped at 1, is its target: a line one pixel wide
    through the 8 x 8 cell counts in full."""
    patches: float = 0.0
    """First part of the training that sees patches of 64 px around fractures and elsewhere on the bone, at a
    quarter of the work; the rest sees whole slices."""
    pseudo_weight: float = 0.3
    """Weight of a slice of a fractured vertebra whose places are unknown."""
    max_class_weight: float = 5.0
    """Limit of a head's weight for its positive slices, which follows its prevalence."""
    fractured_share: float = 0.34
    """Share of samples that are slices with a fracture in them."""
    beside_share: float = 0.33
    """Share of samples that are other slices of fractured vertebrae; the rest is of healthy ones."""


@dataclass(frozen=True)
class SequenceRecipe(CropRecipe):
    """Model II: the stack of 24 slices of a vertebra."""

    encoder: str = "efficientnet_lite0"
    """A timm model; the same as of `slices` where `init_from` is used."""
    fpn: int = 64
    """As of `slices`; 0 leaves the heat branch out and pools the deepest features only."""
    hidden: int = 128
    """Units of the bi-directional GRU, each way."""
    layers: int = 1
    """Layers of it."""
    pools: tuple[str, ...] = ()
    """"mean", "min", "max" over the slices, beside attention."""
    context: int = 0
    """Slices on each side whose embeddings join a slice's own before the GRU."""
    shuffle: float = 0.0
    """Share of vertebrae whose slices come in random order."""
    dropout: float = 0.3
    """Spatial dropout: whole features of a vertebra, over all its slices."""
    drop_path: float = 0.0
    """Stochastic depth of the encoder."""
    fractured_share: float = 0.5
    """Share of samples that are fractured vertebrae."""
    max_class_weight: float = 5.0
    """Limit of a level's weight for its fractured vertebrae, which follows its prevalence."""
    slice_weight: float = 0.3
    """Weight of the per-slice loss that helps the GRU where places are known."""
    feature_minutes: float = 0.0
    """Time for the frozen encoder to turn augmented vertebrae into features; 0 = no such stage."""
    head_minutes: float = 0.0
    """Time for GRU and attention alone on those features. What is left of `minutes` is end to end."""
    head_batch: int = 64
    """Vertebrae a step in that stage."""
    head_rate: float = 2e-3
    """Peak learning rate in that stage."""
    encoder_rate: float = 1.0
    """The encoder's learning rate as a share of `rate`; below 1 its batch norms keep their statistics."""


@dataclass(frozen=True)
class Recipe:
    """The whole file."""

    name: str = "unnamed"
    """Stands in the bundle beside each network."""
    seed: int = 0
    """Every draw follows from seed, step and process: the same recipe gives the same training."""
    fold: int = 0
    """Studies of this fold are validated on, all others trained on; -1 trains on all of them."""
    folds: tuple[int, ...] = (0,)
    """Folds that `neckfrac train` trains: (0,) for a hold-out, (0, 1, 2, 3, 4) for all of five. Ensemble
    weight, calibration and thresholds are learned on the studies of these folds."""
    ship: str = "fold"
    """Which networks go into the bundle: "fold" the first fold's, "all" those of one more training on all."""
    masks: str = "predicted"
    """Vertebrae of the crops: "predicted" by the fold's own segmenter, as in use, or "expert" where a study
    has a mask (the fold's segmenter then labels only the studies without one)."""
    held_out_family: str = ""
    """Validate on this generator's studies, whatever their fold, and train on the others."""
    threads: int = 0
    """CPU threads of PyTorch; 0 = its own choice."""
    segmenter: SegmenterRecipe = field(default_factory=SegmenterRecipe)
    slices: SlicesRecipe = field(default_factory=SlicesRecipe)
    sequence: SequenceRecipe = field(default_factory=SequenceRecipe)


def load_recipe(name_or_path: str) -> Recipe:
    """The recipe in a file, or the one of that name in recipes/."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = RECIPES / f"{name_or_path}.toml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
        raise RecipeError(f"no recipe {path}; there are: {known}")
    recipe = recipe_from_dict({"name": path.stem, **tomllib.loads(path.read_text())})
    for key, value, allowed in (
        ("ship", recipe.ship, ("fold", "all")),
        ("masks", recipe.masks, ("predicted", "expert")),
    ):
        if value not in allowed:
            raise RecipeError(f"{key} = {value!r} is none of {', '.join(allowed)}")
    if not recipe.folds or min(recipe.folds) < 0 or len(set(recipe.folds)) < len(recipe.folds):
        raise RecipeError(f"folds = {list(recipe.folds)} must name at least one fold, each once")
    return recipe


def recipe_from_dict(values: dict) -> Recipe:
    """Plain nested values (TOML, JSON) to a Recipe, with unknown keys and wrong types refused."""
    return _fill(Recipe, values, "")


def recipe_to_dict(recipe: Recipe) -> dict:
    return dataclasses.asdict(recipe)


def _fill(kind, values: dict, where: str):
    fields = {f.name: f for f in dataclasses.fields(kind)}
    filled = {}
    for key, value in values.items():
        if key not in fields:
            raise RecipeError(f"{where}{key} is no recipe field; there are: {', '.join(fields)}")
        wanted = fields[key].type
        if dataclasses.is_dataclass(wanted):
            value = _fill(wanted, value, f"{key}.")
        elif wanted is float and isinstance(value, int):
            value = float(value)
        elif isinstance(value, list):
            value = tuple(value)
        elif wanted in (bool, int, float, str) and type(value) is not wanted:
            raise RecipeError(f"{where}{key} = {value!r} must be of type {wanted.__name__}")
        filled[key] = value
    return kind(**filled)
