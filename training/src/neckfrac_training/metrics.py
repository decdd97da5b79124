"""Accuracy, recall, precision, F2 and AUC of yes-no predictions; weights of rare classes. NumPy only."""

import numpy as np


def binary_metrics(label: np.ndarray, score: np.ndarray, threshold: float = 0.5) -> dict[str, float]:
    """label (N,) 0 or 1, score (N,) in [0, 1]; called positive where score >= threshold.

    A ratio without a denominator (recall without positives, say) is NaN, not 0. F2 weighs recall four
    times as much as precision.
    """
    label, call = np.asarray(label).astype(bool), np.asarray(score) >= threshold
    tp, fp = int((label & call).sum()), int((~label & call).sum())
    fn, tn = int((label & ~call).sum()), int((~label & ~call).sum())
    return {
        "count": len(label),
        "prevalence": ratio(tp + fn, len(label)),
        "accuracy": ratio(tp + tn, len(label)),
        "recall": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "precision": ratio(tp, tp + fp),
        "f2": ratio(5 * tp, 5 * tp + 4 * fn + fp),
        "fp_rate": ratio(fp, fp + tn),
        "fn_rate": ratio(fn, fn + tp),
    }


def roc_auc(label: np.ndarray, score: np.ndarray) -> float:
    """Chance that a positive scores above a negative, ties counted half. NaN with one class only."""
    label, score = np.asarray(label).astype(bool), np.asarray(score, float)
    positives, negatives = int(label.sum()), int((~label).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((rank[label].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def best_f2(label: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """(F2, threshold), the best of all thresholds: optimistic, for it is chosen on the same data."""
    label, score = np.asarray(label).astype(bool), np.asarray(score, float)
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.diff(score[order]) != 0, True)  # thresholds lie between different scores only
    tp = np.cumsum(label[order])[ends]
    called = np.flatnonzero(ends) + 1
    positives = int(label.sum())
    if not positives:
        return float("nan"), float("nan")
    f2 = 5 * tp / (4 * positives + called)
    return float(f2.max()), float(score[order][ends][f2.argmax()])


def class_weights(positive_share: np.ndarray, limit: float) -> np.ndarray:
    """Weight of a positive for each class, negatives having 1: (1 - share) / share, within 1/limit..limit.

    With it a class's positives and negatives count the same in the loss. A class without positives gets 1.
    """
    share = np.asarray(positive_share, float)
    weights = np.where(share > 0, (1 - share) / np.maximum(share, 1e-9), 1.0)
    return np.clip(weights, 1 / limit, limit).astype(np.float32)


def json_numbers(values):
    """The same nested values as plain Python's, with null for NaN and infinity, which JSON does not know."""
    if isinstance(values, dict):
        return {name: json_numbers(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [json_numbers(value) for value in values]
    if isinstance(values, np.generic):
        values = values.item()
    return None if isinstance(values, float) and not np.isfinite(values) else values


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
