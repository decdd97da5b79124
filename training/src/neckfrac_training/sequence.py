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
from .augment import augment_crops, mix_batch, mixed_loss, shift_slices, shuffle_slices, stack_neighbours
from .loop import rank_and_count
from .metrics import class_weights
from .recipe import Recipe, SequenceRecipe
from .slices import (
    cross_entropy,
    positive_shares,
    split_vertebrae,
    stack_input,
    summarise_vertebrae,
    vertebra_facts,
)


class SequenceTask:
    network = "sequence"

    def __init__(self, recipe: Recipe):
        self.recipe, self.own = recipe, recipe.sequence

    def use(self, prepared: data.Prepared) -> dict:
        self.train, self.held, self.groups = split_vertebrae(prepared, self.recipe)
        share = positive_shares(self.train, self.groups, self.own.fractured_share)
        self.weights = torch.from_numpy(class_weights(share, self.own.max_class_weight))
        return vertebra_facts(self)

    def draw(self, step: int, rank: int) -> dict:
        own = self.own
        rngs = data.generators(self.recipe.seed, step, rank, own.batch)
        return data.draw_stacks(
            self.train, self.groups, own.fractured_share, rngs, own.full_share, own.hairline
        )

    def view(self, batch: dict) -> dict:
        """One augmented view of each vertebra."""
        image, mask, slice_label = (
            batch["image"].float() / 255,
            batch["mask"].float() / 255,
            batch["slice_label"],
        )
        if self.own.augment:
            image, mask, slice_label = augment_stack(image, mask, slice_label, self.own.elastic)
        stack = stack_neighbours(image, mask)
        if self.own.shuffle:
            stack, slice_label = shuffle_slices(self.own.shuffle, stack, slice_label)
        kept = {name: batch[name] for name in ("level", "label", "weight", "known")}
        return {"input": stack, "slice_label": slice_label, **kept}

    def augment(self, batch: dict, progress: float = 1.0) -> dict:
        return mix_batch(self.view(batch), self.own.mixup)

    def loss(self, model, batch: dict) -> Tensor:
        fracture, slices, _ = model(batch["input"])
        return mixed_loss(batch, lambda t: sequence_loss(fracture, slices, t, self.weights, self.own))

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
        own, rng = self.task.own, np.random.default_rng((self.task.recipe.seed + 1, step, rank))
        sick = rng.random(own.head_batch) < own.fractured_share
        rows = [
            rng.choice(group if len(group) else self.groups[0])
            for group in (self.groups[1 - s] for s in sick)
        ]
        return {name: values[rows] for name, values in self.features.items()}

    def augment(self, batch: dict, progress: float = 1.0) -> dict:
        return {**batch, "embedding": batch["embedding"].float()}

    def loss(self, model, batch: dict) -> Tensor:
        fracture, slices = model(batch["embedding"])
        return sequence_loss(fracture, slices, batch, self.task.weights, self.task.own)

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


def augment_stack(
    image: Tensor, mask: Tensor, slice_label: Tensor, elastic: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """image, mask (B, 24, 128, 128) float32 in [0, 1], slice_label (B, 24) -> the same, changed."""
    by = torch.randint(-2, 3, (len(image),), device=image.device)
    nothing = torch.zeros(len(image), 1, 16, 16, device=image.device)
    image, mask, _ = augment_crops(shift_slices(image, by), shift_slices(mask, by), nothing, elastic=elastic)
    return image, mask, shift_slices(slice_label, by)


def sequence_loss(
    fracture: Tensor, slices: Tensor, targets: dict, positive: Tensor, own: SequenceRecipe
) -> Tensor:
    """The vertebra's cross-entropy, weighted by level, + that of its slices where places are known."""
    weight, known = targets["weight"], targets["known"]
    level_weight = positive.to(fracture.device)[targets["level"]]
    loss = cross_entropy(fracture[:, 0], targets["label"], level_weight, own)
    each = F.binary_cross_entropy_with_logits(slices.float(), targets["slice_label"], reduction="none").mean(
        1
    )
    loss = (loss * weight).sum() / weight.sum().clamp(min=1e-6)
    return loss + own.slice_weight * (each * known).sum() / known.sum().clamp(min=1)


@torch.no_grad()
def collect_features(task: SequenceTask, network, device, seconds: float, autocast, progress) -> dict:
    """Augmented views through the frozen encoder until the time is up.

    A round takes every fractured vertebra and twice as many healthy ones; a process draws views of its own.
    embedding (R, 24, width) float16, level, label, known (R,), slice_label (R, 24).
    """
    rank, _ = rank_and_count()
    rng = np.random.default_rng((task.recipe.seed, rank, 11))
    torch.manual_seed(task.recipe.seed + 11 + rank)
    sick, healthy = task.groups
    parts, start = [], time.monotonic()
    while time.monotonic() - start < seconds or not parts:
        few = min(len(healthy), max(2 * len(sick), 16))
        order = rng.permutation(np.concatenate([sick, rng.choice(healthy, few, replace=False)]))
        for chosen in np.array_split(order, max(1, len(order) // 4)):
            batch = data.read_stacks([task.train[i] for i in chosen])
            tensors = {name: torch.from_numpy(values).to(device) for name, values in batch.items()}
            view = task.view(tensors)
            with autocast():
                embedding = network.embed(view["input"])[0]
            part = {n: view[n].cpu().numpy() for n in ("level", "label", "weight", "known", "slice_label")}
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
