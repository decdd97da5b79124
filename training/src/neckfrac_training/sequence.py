"""Trains Model II: 24 slices of a vertebra in, one fracture logit out.

With `feature_minutes` the encoder, which Model I has trained, is first left as it is: it turns augmented
vertebrae into features, the GRU and the attention learn on those (thousands of steps a minute instead of
tens), and only then all of it is trained end to end at a low rate.
"""

import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .augment import augment_crops, shift_slices, stack_neighbours
from .metrics import class_weights
from .recipe import Recipe
from .slices import stack_input, summarise_vertebrae


class SequenceTask:
    network = "sequence"

    def __init__(self, recipe: Recipe):
        self.recipe, self.own = recipe, recipe.sequence

    def use(self, prepared: data.Prepared) -> dict:
        train, held = data.split_by_fold(prepared.studies, self.recipe.fold)
        self.train, self.held = data.open_vertebrae(train), data.open_vertebrae(held)
        if not self.train:
            raise data.PreparedError(f"no cropped vertebra outside fold {self.recipe.fold}")
        sick = [i for i, v in enumerate(self.train) if v.fractured]
        self.groups = (sick, [i for i, v in enumerate(self.train) if not v.fractured])
        share = positive_shares(self.train, self.own.fractured_share)
        self.weights = torch.from_numpy(class_weights(share, self.own.max_class_weight))
        return {
            "vertebrae": len(self.train),
            "fractured": len(sick),
            "validation_vertebrae": len(self.held),
            "class_weights": [round(float(w), 3) for w in self.weights],
        }

    def draw(self, step: int, rank: int) -> dict:
        rng = data.generator(self.recipe.seed, step, rank)
        return data.draw_stacks(self.train, self.groups, self.own.fractured_share, rng, self.own.batch)

    def augment(self, batch: dict) -> dict:
        stack, by = augment_stack(batch["image"].float() / 255, batch["mask"].float() / 255)
        slice_label = shift_slices(batch["slice_label"], by)
        return {
            "input": stack,
            **{n: batch[n] for n in ("level", "label", "known")},
            "slice_label": slice_label,
        }

    def loss(self, model, batch: dict) -> Tensor:
        fracture, slices, _ = model(batch["input"])
        return sequence_loss(fracture, slices, batch, self.weights, self.own.slice_weight)

    def held_out(self, count: int) -> list:
        return data.choose_vertebrae(self.held, count, self.recipe.seed)

    @torch.no_grad()
    def validate(self, model, vertebrae, device) -> list[dict]:
        rows = []
        for vertebra in vertebrae:
            fracture = model(stack_input(data.read_stacks([vertebra]), device))[0]
            rows.append(_row(vertebra, float(fracture.float().sigmoid())))
        return rows

    def summarise(self, rows: list[dict]) -> dict:
        return summarise_vertebrae(rows)


class HeadTask:
    """The frozen stage: the same vertebrae as features. Its network is a SequenceHead."""

    network = "head"

    def __init__(self, task: SequenceTask, features: dict, held: np.ndarray, held_vertebrae: list):
        self.task, self.features, self.held, self.held_vertebrae = task, features, held, held_vertebrae
        label = features["label"]
        self.groups = np.flatnonzero(label > 0.5), np.flatnonzero(label <= 0.5)

    def use(self, prepared) -> dict:
        return {"views": len(self.features["label"])}

    def draw(self, step: int, rank: int) -> dict:
        own, rng = self.task.own, data.generator(self.task.recipe.seed + 1, step, rank)
        sick = rng.random(own.head_batch) < own.fractured_share
        rows = [
            rng.choice(group if len(group) else self.groups[0])
            for group in (self.groups[1 - s] for s in sick)
        ]
        return {name: values[rows] for name, values in self.features.items()}

    def augment(self, batch: dict) -> dict:
        return {**batch, "embedding": batch["embedding"].float()}

    def loss(self, model, batch: dict) -> Tensor:
        fracture, slices = model(batch["embedding"])
        return sequence_loss(fracture, slices, batch, self.task.weights, self.task.own.slice_weight)

    def held_out(self, count: int) -> list:
        return list(range(len(self.held_vertebrae)))

    @torch.no_grad()
    def validate(self, model, chosen, device) -> list[dict]:
        rows = []
        for k in chosen:
            fracture, _ = model(torch.from_numpy(self.held[k : k + 1]).to(device).float())
            rows.append(_row(self.held_vertebrae[k], float(fracture.float().sigmoid())))
        return rows

    def summarise(self, rows: list[dict]) -> dict:
        return summarise_vertebrae(rows)


def _row(vertebra: data.Vertebra, score: float) -> dict:
    return {"level": vertebra.level, "label": vertebra.fractured, "score": score}


def augment_stack(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """image, mask (B, 24, 128, 128) float32 in [0, 1] -> (B, 24, 4, 128, 128), and the shift in slices."""
    by = torch.randint(-2, 3, (len(image),), device=image.device)
    nothing = torch.zeros(len(image), 1, 16, 16, device=image.device)
    image, mask, _ = augment_crops(shift_slices(image, by), shift_slices(mask, by), nothing)
    return stack_neighbours(image, mask), by


def sequence_loss(
    fracture: Tensor, slices: Tensor, batch: dict, positive: Tensor, slice_weight: float
) -> Tensor:
    """The vertebra's cross-entropy, weighted by level, + that of its slices where places are known."""
    pos_weight = positive.to(fracture.device)[batch["level"]]
    loss = F.binary_cross_entropy_with_logits(fracture[:, 0].float(), batch["label"], pos_weight=pos_weight)
    own = F.binary_cross_entropy_with_logits(slices.float(), batch["slice_label"], reduction="none").mean(1)
    known = batch["known"]
    return loss + slice_weight * (own * known).sum() / known.sum().clamp(min=1)


def positive_shares(vertebrae, fractured_share: float) -> np.ndarray:
    """(7,) share of fractured vertebrae of each level, as the sampling draws them."""
    count = np.zeros((2, 7))
    for vertebra in vertebrae:
        count[vertebra.fractured, vertebra.level] += 1
    total = np.maximum(count.sum(1, keepdims=True), 1)
    mass = count / total * np.array([[1 - fractured_share], [fractured_share]])
    return mass[1] / np.maximum(mass.sum(0), 1e-12)


@torch.no_grad()
def collect_features(task: SequenceTask, network, device, seconds: float, autocast, progress) -> dict:
    """Augmented views through the frozen encoder until the time is up.

    A round takes every fractured vertebra and twice as many healthy ones. embedding (R, 24, width) float16,
    level, label, known (R,), slice_label (R, 24).
    """
    rng = data.generator(task.recipe.seed, 0, 11)
    torch.manual_seed(task.recipe.seed + 11)
    sick, healthy = (np.array(group, int) for group in task.groups)
    parts, start = [], time.monotonic()
    while time.monotonic() - start < seconds or not parts:
        few = min(len(healthy), max(2 * len(sick), 16))
        order = rng.permutation(np.concatenate([sick, rng.choice(healthy, few, replace=False)]))
        for chosen in np.array_split(order, max(1, len(order) // 4)):
            batch = data.read_stacks([task.train[i] for i in chosen])
            tensors = {name: torch.from_numpy(values).to(device) for name, values in batch.items()}
            view = task.augment(tensors)
            with autocast():
                embedding = network.embed(view["input"])[0]
            part = {n: view[n].cpu().numpy() for n in ("level", "label", "known", "slice_label")}
            parts.append({"embedding": embedding.half().cpu().numpy(), **part})
            progress(len(chosen))
            if time.monotonic() - start >= seconds:
                break
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@torch.no_grad()
def embed_vertebrae(network, vertebrae, device, autocast) -> np.ndarray:
    """(N, 24, width) float16 of unchanged vertebrae."""
    rows = []
    for vertebra in vertebrae:
        with autocast():
            embedding = network.embed(stack_input(data.read_stacks([vertebra]), device))[0]
        rows.append(embedding.half().cpu().numpy())
    return np.concatenate(rows)
