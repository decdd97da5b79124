"""Writes evaluation.json: what scikit-learn, SciPy and NumPy say about seeded random answers of patients.

Run with Python 3 and numpy, scipy, scikit-learn:  python make_evaluation.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.special import expit
from scipy.stats import binomtest, bootstrap
from sklearn import metrics
from sklearn.calibration import calibration_curve

HERE = Path(__file__).parent


def patients(seed: int, count: int, digits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, scores and patients of vertebrae; those of one patient resemble each other. Few digits make ties."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(count), rng.integers(3, 8, count))
    rng.shuffle(cluster)
    mood = rng.normal(0, 1, count)
    labels = rng.random(len(cluster)) < 0.25
    scores = expit(mood[cluster] + rng.normal(0, 1, len(cluster)) + 1.3 * labels - 1)
    return labels, np.round(scores, digits), cluster


def called_intervals(y: np.ndarray, p: np.ndarray, resampled) -> dict:
    """What calls at 0.5 are worth, and errors of probability, with patients drawn anew."""

    def ece(labels: np.ndarray, scores: np.ndarray) -> float:
        bins = np.clip(np.floor(scores * 10), 0, 9).astype(int)
        parts = [np.abs(np.sum(scores[bins == b]) - np.sum(labels[bins == b])) for b in np.unique(bins)]
        return float(np.sum(parts) / len(labels))

    on_calls = {
        "sensitivity": metrics.recall_score,
        "specificity": lambda t, c: metrics.recall_score(~t, ~c),
        "precision": lambda t, c: metrics.precision_score(t, c, zero_division=np.nan),
        "f1": metrics.f1_score,
        "f2": lambda t, c: metrics.fbeta_score(t, c, beta=2),
        "f2Gain": lambda t, c: metrics.fbeta_score(t, c, beta=2)
        - metrics.fbeta_score(t, np.ones_like(t), beta=2),
    }
    on_scores = {"logLoss": metrics.log_loss, "brier": metrics.brier_score_loss, "calibrationError": ece}
    statistics = {
        **{name: (lambda t, s, of=of: of(t, s >= 0.5)) for name, of in on_calls.items()},
        **on_scores,
    }
    return {
        name: {"value": float(of(y, p)), "interval": resampled(of)} for name, of in statistics.items()
    }


def curves(seed: int, count: int, digits: int) -> dict:
    y, p, c = patients(seed, count, digits)
    fpr, tpr, thresholds = metrics.roc_curve(y, p, drop_intermediate=False)
    precision, recall, pr_thresholds = metrics.precision_recall_curve(y, p)
    # One replicate: how often each patient was drawn.
    weights = np.bincount(np.random.default_rng(seed + 1).integers(0, count, count), minlength=count)
    grid = np.linspace(0, 1, 51)
    w = weights[c]
    # Where the curve stands upright, its upper end: the last of the points with that rate.
    f, t, _ = metrics.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    upper = {round(a, 9): b for a, b in zip(f, t)}
    band = [upper.get(round(g, 9), float(np.interp(g, f, t))) for g in grid]
    # The highest threshold that reaches a recall: the last of scikit-learn's rising thresholds.
    wp, wr, _ = metrics.precision_recall_curve(y, p, sample_weight=w)
    wp, wr = wp[:-1], wr[:-1]
    precision_at = [
        float(wp[np.flatnonzero(wr >= max(g, np.min(wr[wr > 0])) - 1e-9)[-1]]) for g in grid
    ]

    def resampled(statistic, replicates: int = 1000) -> list[float]:
        rng = np.random.default_rng(seed + 2)
        rows = [np.flatnonzero(c == k) for k in range(count)]
        values = []
        for _ in range(replicates):
            index = np.concatenate([rows[k] for k in rng.integers(0, count, count)])
            if 0 < y[index].sum() < len(index):
                values.append(statistic(y[index], p[index]))
        return np.quantile(values, [0.025, 0.975]).tolist()

    # scikit-learn leaves out empty bins and puts a score on an edge into the bin below.
    true, predicted = calibration_curve(y, p, n_bins=10, strategy="uniform")
    edges = np.clip(np.floor(p * 10), 0, 9).astype(int)
    sizes = np.bincount(edges, minlength=10)
    filled = np.flatnonzero(sizes)
    error = sum(sizes[b] / len(y) * abs(p[edges == b].mean() - y[edges == b].mean()) for b in filled)
    on_an_edge = np.any(np.isclose(p * 10, np.round(p * 10)))
    return {
        "labels": y.astype(int).tolist(),
        "scores": p.tolist(),
        "clusters": c.tolist(),
        "roc": [fpr.tolist(), tpr.tolist(), [t if np.isfinite(t) else None for t in thresholds]],
        # scikit-learn orders by rising recall from the end and appends (1, 0).
        "pr": [recall[:-1][::-1].tolist(), precision[:-1][::-1].tolist(), pr_thresholds[::-1].tolist()],
        "weights": weights.tolist(),
        "weightedAuc": metrics.roc_auc_score(y, p, sample_weight=w),
        "weightedAp": metrics.average_precision_score(y, p, sample_weight=w),
        "band": band,
        "precisionAt": precision_at,
        "aucInterval": resampled(metrics.roc_auc_score),
        "apInterval": resampled(metrics.average_precision_score),
        "called": called_intervals(y, p, resampled),
        "calibrationError": error,
        "calibrationCurve": None if on_an_edge else [predicted.tolist(), true.tolist()],
        "binSizes": sizes.tolist(),
    }


def prevalence(tp: int, fn: int, tn: int, fp: int, share: float) -> dict:
    """scikit-learn's precision when the classes are weighted to another prevalence."""
    y = np.repeat([1, 1, 0, 0], [tp, fn, tn, fp])
    called = np.repeat([1, 0, 0, 1], [tp, fn, tn, fp])
    w = np.where(y == 1, share / (tp + fn), (1 - share) / (tn + fp))
    return {
        "counts": [tp, fn, tn, fp],
        "prevalence": share,
        "sensitivity": [tp / (tp + fn), *binomtest(tp, tp + fn).proportion_ci(0.95, "wilson")],
        "specificity": [tn / (tn + fp), *binomtest(tn, tn + fp).proportion_ci(0.95, "wilson")],
        "ppv": metrics.precision_score(y, called, sample_weight=w),
        "npv": metrics.precision_score(1 - y, 1 - called, sample_weight=w),
    }


def iou(a: list, b: list) -> float:
    """By counting unit cubes: the boxes have whole corners."""
    cubes = lambda q: set(np.ndindex(*(np.array(q[1]) - q[0]))) and {
        tuple(np.array(q[0]) + i) for i in np.ndindex(*(np.array(q[1]) - q[0]))
    }
    first, second = cubes(a), cubes(b)
    return len(first & second) / len(first | second)


def boxes(seed: int, scans: int) -> dict:
    """FROC by brute force: at every threshold each mark and each fracture is looked at anew."""
    rng = np.random.default_rng(seed)
    box = lambda at: [[int(v) for v in at], [int(v) for v in at + rng.integers(2, 6, 3)]]
    data = []
    for _ in range(scans):
        fractures = [box(rng.integers(0, 20, 3)) for _ in range(rng.integers(0, 3))]
        near = [box(np.array(f[0]) + rng.integers(-1, 2, 3)) for f in fractures for _ in range(rng.integers(0, 3))]
        far = [box(rng.integers(0, 20, 3)) for _ in range(rng.integers(0, 6))]
        marks = [{"box": b, "score": round(float(rng.random()), 1)} for b in near + far]
        data.append({"fractures": fractures, "marks": marks})
    overlaps = [[[iou(m["box"], f) for f in s["fractures"]] for m in s["marks"]] for s in data]
    total = sum(len(s["fractures"]) for s in data)
    points = []
    for t in sorted({m["score"] for s in data for m in s["marks"]}, reverse=True):
        found = false = 0
        for s, o in zip(data, overlaps):
            called = [i for i, m in enumerate(s["marks"]) if m["score"] >= t]
            found += sum(any(o[i][j] > 0.2 for i in called) for j in range(len(s["fractures"])))
            false += sum(not any(v > 0.2 for v in o[i]) for i in called)
        points.append([t, false / scans, found / total])
    at = [max([p[2] for p in points if p[1] <= k] or [0]) for k in (0.5, 1, 2, 4, 8)]
    return {"scans": data, "overlaps": overlaps, "points": points, "at": at, "mean": float(np.mean(at))}


def cluster_mean(seed: int) -> dict:
    """Interval of a mean over patients' values, SciPy's percentile bootstrap over patients."""
    rng = np.random.default_rng(seed)
    values = [np.round(rng.beta(8, 2, rng.integers(3, 8)) - 0.1 * rng.random(), 3) for _ in range(40)]
    sums = np.array([v.sum() for v in values])
    counts = np.array([len(v) for v in values])
    result = bootstrap(
        (sums, counts),
        lambda s, n, axis=-1: s.sum(axis) / n.sum(axis),
        paired=True,
        method="percentile",
        n_resamples=20000,
        rng=np.random.default_rng(1),
    )
    ci = result.confidence_interval
    return {
        "values": [v.tolist() for v in values],
        "mean": float(sums.sum() / counts.sum()),
        "interval": [float(ci.low), float(ci.high)],
    }


def overlap(seed: int) -> dict:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    b[:120] = a[:120]
    # The Dice coefficient is the F1 score of the voxels.
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "dice": [metrics.f1_score(a == k, b == k) for k in range(4)],
    }


rng = np.random.default_rng(9)
sample = np.round(rng.gamma(2, 3, 37), 2)
out = {
    "made": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}, NumPy {np.__version__}",
    "curves": [curves(1, 40, 6), curves(2, 30, 1), curves(3, 60, 2)],
    "prevalence": [prevalence(40, 3, 50, 9, 0.04), prevalence(40, 3, 50, 9, 0.1), prevalence(7, 7, 11, 1, 0.1)],
    "boxes": [boxes(4, 12), boxes(5, 25)],
    "clusterMean": cluster_mean(6),
    "overlap": overlap(7),
    "quantiles": {
        "values": sample.tolist(),
        "at": [[q, float(np.quantile(sample, q))] for q in (0, 0.025, 0.5, 0.95, 1)],
    },
}
(HERE / "evaluation.json").write_text(json.dumps(out) + "\n")
