"""Trains Model I: axial slices in, a fracture logit for the crop's level and a coarse fracture map out."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .augment import augment_crops, choose_focus, mix_batch, mixed_loss, stack_neighbours
from .metrics import best_f2, binary_metrics, class_weights, roc_auc
from .recipe import CropRecipe, Recipe, SlicesRecipe

PATCH = 0.5
"""Side of a patch as a share of the crop's: 64 px or 45 mm, a quarter of the work."""


class SlicesTask:
    network = "slices"

    def __init__(self, recipe: Recipe):
        self.recipe, self.own = recipe, recipe.slices

    def use(self, prepared: data.Prepared) -> dict:
        own = self.own
        self.train, self.held, self.groups = split_vertebrae(prepared, self.recipe)
        self.shares = (own.fractured_share, own.beside_share, 1 - own.fractured_share - own.beside_share)
        share = positive_shares(self.train, self.groups, own.fractured_share, own.beside_share)
        self.weights = torch.from_numpy(class_weights(share, own.max_class_weight))
        return vertebra_facts(self)

    def draw(self, step: int, rank: int) -> dict:
        own = self.own
        rngs = data.generators(self.recipe.seed, step, rank, own.batch)
        return data.draw_slices(
            self.train, self.groups, self.shares, rngs, own.pseudo_weight, own.full_share, own.hairline
        )

    def augment(self, batch: dict, progress: float = 1.0) -> dict:
        image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
        heat = (batch["heat"].float() / 255 * self.own.heat_gain).clamp(max=1)
        kept = {name: batch[name] for name in ("level", "label", "weight", "known")}
        if progress < self.own.patches:
            unseen = (batch["known"] == 0) & (batch["label"] > 0)  # the patch may have missed the fracture
            kept["weight"] = torch.where(unseen, 0, batch["weight"])
            focus = choose_focus(mask, heat)
            image, mask, heat = augment_crops(image, mask, heat, PATCH, focus, self.own.elastic)
        elif self.own.augment:
            image, mask, heat = augment_crops(image, mask, heat, elastic=self.own.elastic)
        joined = torch.cat([image, mask], 1).contiguous(memory_format=torch.channels_last)
        return mix_batch({"input": joined, "heat": heat, **kept}, self.own.mixup)

    def loss(self, model, batch: dict) -> Tensor:
        logits, heat = model(batch["input"])

        def loss_of(targets: dict) -> Tensor:
            slices = slice_loss(logits, targets, self.weights, self.own)
            return slices + self.own.heat_weight * heat_loss(
                heat, targets["heat"], targets["known"], self.own
            )

        return mixed_loss(batch, loss_of)

    def held_out(self, count: int) -> list:
        return data.choose_vertebrae(self.held, count, self.recipe.seed)

    @torch.no_grad()
    def validate(self, model, vertebrae, device) -> list[dict]:
        """One row a vertebra: probabilities of its 24 slices and the largest value of its fracture maps."""
        rows = []
        for vertebra in vertebrae:
            stack = stack_input(data.read_stacks([vertebra]), device)[0]
            logits, heat = model(stack.contiguous(memory_format=torch.channels_last))
            score = logits[:, vertebra.level].float().sigmoid().cpu().numpy()
            target, known = data.slice_labels(vertebra)
            rows.append(
                {
                    "level": vertebra.level,
                    "label": vertebra.fractured,
                    "score": float(np.sort(score)[-3:].mean()),
                    "heat": float(heat.float().sigmoid().max()),
                    "slices": list(zip((target > 0.5).astype(int).tolist(), score.tolist(), strict=True))
                    if known
                    else [],
                }
            )
        return rows

    def summarise(self, rows: list[dict]) -> dict:
        slices = np.array([pair for row in rows for pair in row["slices"]]).reshape(-1, 2)
        label = [row["label"] for row in rows]
        heat = roc_auc(label, [row["heat"] for row in rows])
        return {
            **summarise_vertebrae(rows),
            "heat_auc": heat,
            "slice_auc": roc_auc(slices[:, 0], slices[:, 1]),
        }


def stack_input(batch: dict, device) -> Tensor:
    """read_stacks' arrays -> (B, 24, 4, 128, 128) float32 in [0, 1], unchanged."""
    image = torch.from_numpy(batch["image"]).to(device).float() / 255
    mask = torch.from_numpy(batch["mask"]).to(device).float() / 255
    return stack_neighbours(image, mask)


def split_vertebrae(prepared: data.Prepared, recipe: Recipe) -> tuple[list, list, tuple]:
    """Vertebrae to train on and to validate on; indices of the fractured and the healthy among the first."""
    train, held = data.split_studies(prepared.studies, recipe.fold, recipe.held_out_family)
    train, held = data.cropped_vertebrae(train), data.cropped_vertebrae(held)
    if not train:
        raise data.PreparedError(f"no cropped vertebra to train on outside fold {recipe.fold}")
    return train, held, data.group_vertebrae(train)


def vertebra_facts(task) -> dict:
    """What the log says about a task's data."""
    return {
        "vertebrae": len(task.train),
        "fractured": len(task.groups[0]),
        "validation_vertebrae": len(task.held),
        "class_weights": [round(float(w), 3) for w in task.weights],
    }


def positive_shares(vertebrae, groups, fractured_share: float, beside_share: float = 0.0) -> np.ndarray:
    """(7,) share of positives among each level's samples, as they are drawn: positives and a `beside_share`
    of negatives from the fractured vertebrae `groups[0]`, the others from the healthy ones."""
    mass = np.zeros((2, 7))
    for k, group in enumerate(groups):
        levels = [vertebrae[v].level for v in group]
        mass[k] = np.bincount(levels, minlength=7) / max(len(group), 1)
    positive = mass[0] * fractured_share
    negative = mass[0] * beside_share + mass[1] * (1 - fractured_share - beside_share)
    return positive / np.maximum(positive + negative, 1e-12)


def cross_entropy(logit: Tensor, target: Tensor, positive: Tensor, own: CropRecipe) -> Tensor:
    """Loss of each yes-no prediction (N,), its positives weighted by `positive`, smoothed and focused as the
    recipe says."""
    logit = logit.float()
    soft = target * (1 - own.smoothing) + own.smoothing / 2
    loss = F.binary_cross_entropy_with_logits(logit, soft, pos_weight=positive, reduction="none")
    return loss * (target - logit.sigmoid()).abs().pow(own.focal) if own.focal else loss


def slice_loss(logits: Tensor, targets: dict, positive: Tensor, own: SlicesRecipe) -> Tensor:
    """Cross-entropy of each crop's own head. logits (B, 7); level, label, weight (B,); positive (7,)."""
    level, weight = targets["level"], targets["weight"]
    logit = logits.gather(1, level[:, None])[:, 0]
    loss = cross_entropy(logit, targets["label"], positive.to(logit.device)[level], own)
    return (loss * weight).sum() / weight.sum().clamp(min=1e-6)


def heat_loss(heat: Tensor, target: Tensor, known: Tensor, recipe: SlicesRecipe) -> Tensor:
    """Dense binary cross-entropy over the cells of samples whose places are known; target (B, 1, 16, 16)."""
    pos_weight = torch.tensor(recipe.heat_positive_weight, device=heat.device)
    loss = F.binary_cross_entropy_with_logits(
        heat.float(), target, pos_weight=pos_weight, reduction="none"
    ).mean((1, 2, 3))
    return (loss * known).sum() / known.sum().clamp(min=1)


def summarise_vertebrae(rows: list[dict]) -> dict:
    """Rows of {level, label, score, loss?} -> the log's numbers, over all vertebrae and by level."""
    label, score = np.array([r["label"] for r in rows]), np.array([r["score"] for r in rows])
    level = np.array([r["level"] for r in rows])
    clipped = np.clip(score, 1e-6, 1 - 1e-6)
    best, threshold = best_f2(label, score)
    by_level = {}
    for k, name in enumerate(data.LEVELS):
        own = binary_metrics(label[level == k], score[level == k])
        auc = roc_auc(label[level == k], score[level == k])
        by_level[name] = {
            "auc": auc,
            **{m: own[m] for m in ("count", "accuracy", "recall", "precision", "f2")},
        }
    return {
        "val_loss": float(-np.mean(np.where(label, np.log(clipped), np.log(1 - clipped)))),
        **binary_metrics(label, score),
        "auc": roc_auc(label, score),
        "best_f2": best,
        "best_f2_threshold": threshold,
        "by_level": by_level,
    }
