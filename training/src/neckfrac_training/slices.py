"""Trains Model I: axial slices in, a fracture logit for the crop's level and a coarse fracture map out."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .augment import augment_crops
from .metrics import best_f2, binary_metrics, class_weights, roc_auc
from .recipe import Recipe, SlicesRecipe


class SlicesTask:
    network = "slices"

    def __init__(self, recipe: Recipe):
        self.recipe, self.own = recipe, recipe.slices

    def use(self, prepared: data.Prepared) -> dict:
        train, held = data.split_by_fold(prepared.studies, self.recipe.fold)
        self.train, self.held = data.open_vertebrae(train), data.open_vertebrae(held)
        if not self.train:
            raise data.PreparedError(f"no cropped vertebra outside fold {self.recipe.fold}")
        self.groups = data.slice_groups(self.train)
        own = self.own
        self.shares = (own.fractured_share, own.beside_share, 1 - own.fractured_share - own.beside_share)
        share = positive_shares(self.train, self.groups, self.shares)
        self.weights = torch.from_numpy(class_weights(share, own.max_class_weight))
        return {
            "vertebrae": len(self.train),
            "fractured": sum(v.fractured for v in self.train),
            "validation_vertebrae": len(self.held),
            "class_weights": [round(float(w), 3) for w in self.weights],
        }

    def draw(self, step: int, rank: int) -> dict:
        rng = data.generator(self.recipe.seed, step, rank)
        own = self.own
        return data.draw_slices(self.train, self.groups, self.shares, rng, own.batch, own.pseudo_weight)

    def augment(self, batch: dict) -> dict:
        image, mask = batch["image"].float() / 255, batch["mask"].float() / 255
        heat = (batch["heat"].float() / 255 * self.own.heat_gain).clamp(max=1)
        image, mask, heat = augment_crops(image, mask, heat)
        joined = torch.cat([image, mask], 1).contiguous(memory_format=torch.channels_last)
        kept = {name: batch[name] for name in ("level", "label", "weight", "known")}
        return {"input": joined, "heat": heat, **kept}

    def loss(self, model, batch: dict) -> Tensor:
        logits, heat = model(batch["input"])
        slices = slice_loss(logits, batch["level"], batch["label"], batch["weight"], self.weights)
        return slices + self.own.heat_weight * heat_loss(heat, batch["heat"], batch["known"], self.own)

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
    from .augment import stack_neighbours

    image = torch.from_numpy(batch["image"]).to(device).float() / 255
    mask = torch.from_numpy(batch["mask"]).to(device).float() / 255
    return stack_neighbours(image, mask)


def positive_shares(vertebrae, groups, shares) -> np.ndarray:
    """(7,) share of slices with a fracture among the slices of each level, as the sampling draws them."""
    mass = np.zeros((2, 7))
    for k, (group, share) in enumerate(zip(groups, shares, strict=True)):
        for v, _ in group:
            mass[int(k == 0), vertebrae[v].level] += share / len(group)
    return mass[1] / np.maximum(mass.sum(0), 1e-12)


def slice_loss(logits: Tensor, level: Tensor, label: Tensor, weight: Tensor, positive: Tensor) -> Tensor:
    """Cross-entropy of each crop's own head. logits (B, 7); level, label, weight (B,); positive (7,)."""
    own = logits.float().gather(1, level[:, None])[:, 0]
    pos_weight = positive.to(own.device)[level]
    loss = F.binary_cross_entropy_with_logits(own, label, pos_weight=pos_weight, reduction="none")
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
