"""Writes metrics.json: what scikit-learn and SciPy say about seeded random predictions.

Run with Python 3 and numpy, scipy, scikit-learn:  python make_metrics.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import _sigmoid_calibration

HERE = Path(__file__).parent


def sample(seed: int, count: int, prevalence: float, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities that carry some information; few digits make ties."""
    rng = np.random.default_rng(seed)
    labels = rng.random(count) < prevalence
    scores = expit(logit(prevalence) + rng.normal(0, 1.5, count) + 1.5 * labels)
    return labels, np.round(np.clip(scores, 0.01, 0.99), digits)


def measured(seed: int, count: int, prevalence: float, digits: int, threshold: float) -> dict:
    y, p = sample(seed, count, prevalence, digits)
    called = p >= threshold
    tn, fp, fn, tp = (int(v) for v in metrics.confusion_matrix(y, called, labels=[False, True]).ravel())

    def interval(part: int, whole: int) -> list[float]:
        ci = binomtest(part, whole).proportion_ci(0.95, method="wilson")
        return [part / whole, ci.low, ci.high]

    return {
        "labels": y.astype(int).tolist(),
        "scores": p.tolist(),
        "threshold": threshold,
        "confusion": {"tp": tp, "fp": fp, "tn": tn, "fn": fn},
        "accuracy": metrics.accuracy_score(y, called),
        "recall": interval(tp, tp + fn),
        "specificity": interval(tn, tn + fp),
        "precision": metrics.precision_score(y, called),
        "f1": metrics.f1_score(y, called),
        "f2": metrics.fbeta_score(y, called, beta=2),
        "auc": metrics.roc_auc_score(y, p),
        "averagePrecision": metrics.average_precision_score(y, p),
        "logLoss": metrics.log_loss(y, p),
        "brier": metrics.brier_score_loss(y, p),
        # The best F2 of any threshold.
        "bestF2": max(metrics.fbeta_score(y, p >= t, beta=2) for t in np.unique(p)),
    }


def platt(seed: int, count: int, prevalence: float, ridge: float) -> dict:
    y, p = sample(seed, count, prevalence, 6)
    x = logit(p)
    n1 = int(y.sum())
    target = np.where(y, (n1 + 1) / (n1 + 2), 1 / (count - n1 + 2))

    def loss(ab: np.ndarray) -> float:
        z = ab[0] * x + ab[1]
        return np.sum(np.logaddexp(0, z) - target * z) + ridge / 2 * ((ab[0] - 1) ** 2 + ab[1] ** 2)

    slope, intercept = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 5000}).x
    a, b = _sigmoid_calibration(x, y)
    return {
        "labels": y.astype(int).tolist(),
        "logits": x.tolist(),
        "ridge": ridge,
        "slope": slope,
        "intercept": intercept,
        # scikit-learn's fit has no ridge and writes p = 1 / (1 + exp(a x + b)).
        "withoutRidge": [-float(a), -float(b)],
    }


def competition(seed: int, studies: int) -> dict:
    """The competition's loss over studies of eight columns, C1..C7 and patient_overall."""
    rng = np.random.default_rng(seed)
    y = np.zeros((studies, 8), bool)
    y[:, :7] = rng.random((studies, 7)) < 0.12
    y[:, 7] = y[:, :7].any(1)
    p = np.round(rng.uniform(0.02, 0.98, (studies, 8)), 3)
    w = np.where(y, 2.0, 1.0) * np.array([1] * 7 + [7])
    per_study = [metrics.log_loss(y[i], p[i], sample_weight=w[i], labels=[False, True]) for i in range(studies)]
    return {
        "labels": y.astype(int).tolist(),
        "probabilities": p.tolist(),
        "perStudy": float(np.mean(per_study)),
        "global": metrics.log_loss(y.ravel(), p.ravel(), sample_weight=w.ravel()),
    }


out = {
    "made": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}",
    "samples": [measured(1, 60, 0.3, 2, 0.3), measured(2, 80, 0.1, 1, 0.2), measured(3, 40, 0.5, 4, 0.6)],
    "platt": [platt(4, 60, 0.2, 1e-3), platt(5, 40, 0.4, 1.0)],
    "competition": competition(6, 12),
}
(HERE / "metrics.json").write_text(json.dumps(out) + "\n")
