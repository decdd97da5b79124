"""Trains the segmenter: sagittal slabs in, vertebra labels out."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import data
from .metrics import ratio
from .networks import CLASSES, without_skull
from .recipe import Recipe
from .sagittal import AIR, augment_sagittal


class SegmenterTask:
    network = "segmenter"

    def __init__(self, recipe: Recipe):
        self.recipe, self.own = recipe, recipe.segmenter
        weights = self.own.class_weights
        self.weights = torch.tensor(weights + weights[:1] * self.own.skull)

    def use(self, prepared: data.Prepared) -> dict:
        recipe = self.recipe
        train, held = data.split_studies(prepared.studies, recipe.fold, recipe.held_out_family)
        self.train, self.held = data.labelled(train), data.labelled(held)
        if not self.train:
            raise data.PreparedError(f"no labelled study to train on outside fold {recipe.fold}")
        return {"studies": len(self.train), "validation_studies": len(self.held)}

    def draw(self, step: int, rank: int) -> dict:
        rngs = data.generators(self.recipe.seed, step, rank, self.own.batch)
        return data.draw_sagittal(self.train, rngs, self.own.crop, self.own.near_spine)

    def augment(self, batch: dict, progress: float = 1.0) -> dict:
        image, label = batch["image"].float(), batch["label"].long()
        if not self.own.skull:
            label = label * data.vertebrae(label)
        if self.own.augment:
            image, label = augment_sagittal(image, label, self.own)
        image = image.contiguous(memory_format=torch.channels_last)
        return {"input": image, "label": label, "skull": batch["skull"]}

    def loss(self, model, batch: dict) -> Tensor:
        logits = model(batch["input"]).float()
        if self.own.skull:
            known = batch["skull"].view(-1, 1, 1, 1)
            logits = torch.where(known, logits, without_skull(logits))
        return segmentation_loss(logits, batch["label"], self.weights)

    def held_out(self, count: int) -> list:
        step = max(1, len(self.held) // count)
        return self.held[::step][:count]

    @torch.no_grad()
    def validate(self, model, studies, device) -> list[dict]:
        """One row a study: voxels right, said and true by class, and what each vertebra was called."""
        return [self._study(model, *data.open_volume(study), device) for study in studies]

    def _study(self, model, volume: np.ndarray, label: np.ndarray, device) -> dict:
        spine = data.spine_slices(label)
        slices = np.unique(np.concatenate([spine[::2], np.linspace(0, len(volume) - 1, 4)]))
        counts, loss = np.zeros((3, CLASSES)), []
        votes = np.zeros((CLASSES, CLASSES))
        for few in np.array_split(slices.astype(int), max(1, len(slices) // 4)):
            image = np.stack([data.five_slices(volume, x) for x in few])
            truth = np.stack([label[x] for x in few])
            truth = truth * data.vertebrae(truth)
            logits = label_slices(model, torch.from_numpy(image).to(device))
            target = torch.from_numpy(truth).to(device).long()
            loss.append(float(F.cross_entropy(logits, target)))
            said = logits.argmax(1).cpu().numpy()
            votes += np.bincount((truth.astype(int) * CLASSES + said).ravel(), minlength=CLASSES**2).reshape(
                CLASSES, CLASSES
            )
        counts = np.stack([votes.diagonal(), votes.sum(0), votes.sum(1)])
        called = [(k, int(votes[k, 1:].argmax()) + 1) for k in range(1, 9) if votes[k].sum() > 20]
        return {"loss": float(np.mean(loss)), "counts": counts, "called": called}

    def summarise(self, rows: list[dict]) -> dict:
        right, said, true = sum(row["counts"] for row in rows)
        cervical = slice(1, 8)
        dice = [ratio(2 * right[k], said[k] + true[k]) for k in range(CLASSES)]
        recall = np.array([ratio(right[k], true[k]) for k in range(1, 8)])
        precision = np.array([ratio(right[k], said[k]) if said[k] else 0.0 for k in range(1, 8)])
        called = [pair for row in rows for pair in row["called"]]
        with np.errstate(invalid="ignore"):
            f2 = 5 * precision * recall / np.maximum(4 * precision + recall, 1e-9)
        return {
            "val_loss": float(np.mean([row["loss"] for row in rows])),
            "accuracy": ratio(right[cervical].sum(), true[cervical].sum()),
            "recall": float(np.nanmean(recall)),
            "precision": float(np.nanmean(precision)),
            "f2": float(np.nanmean(f2)),
            "dice": float(np.nanmean(dice[1:9])),
            "dice_by_class": [round(d, 4) for d in dice[1:]],
            "level_accuracy": ratio(sum(a == b for a, b in called), len(called)),
            "levels_seen": len(called),
        }


def label_slices(model, image: Tensor) -> Tensor:
    """(N, 5, Z, Y) int16 HU of any size -> (N, 10, Z, Y) float32 logits, padded with air on the way."""
    height, width = image.shape[-2:]
    padded = F.pad(image.float(), (0, -width % 16, 0, -height % 16), value=AIR)
    return model(padded.contiguous(memory_format=torch.channels_last))[..., :height, :width].float()


def segmentation_loss(logits: Tensor, label: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy + soft Dice of all classes but the background over the batch."""
    probability = logits.softmax(1)
    truth = F.one_hot(label, logits.shape[1]).permute(0, 3, 1, 2).to(probability.dtype)
    shared = (probability * truth).sum((0, 2, 3))
    total = (probability + truth).sum((0, 2, 3))
    dice = 1 - (2 * shared[1:] + 50) / (total[1:] + 50)
    return F.cross_entropy(logits, label, weights.to(logits.device)) + dice.mean()
