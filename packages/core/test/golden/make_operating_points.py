"""Golden operating points from scikit-learn's roc_curve: python make_operating_points.py > operating-points.json

For a bound on the specificity the best sensitivity and for a bound on the sensitivity the best specificity, with and
without weights, on random cases with ties.
"""

import json

import numpy as np
from sklearn.metrics import roc_curve

rng = np.random.default_rng(20)
samples = []
for count, weighted in [(60, False), (300, False), (9, False), (60, True), (400, True)]:
    labels = rng.random(count) < 0.3
    labels[:2] = (True, False)
    scores = np.round(1 / (1 + np.exp(-(rng.normal(size=count) + 2.0 * labels - 1))), 2)
    weights = np.where(rng.random(count) < 0.3, 1.0, 0.13) if weighted else np.ones(count)
    fpr, tpr, _ = roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    samples.append(
        {
            "scores": scores.tolist(),
            "labels": labels.astype(int).tolist(),
            "weights": weights.tolist(),
            "sensitivityAtSpecificity90": float(tpr[1 - fpr >= 0.9 - 1e-9].max()),
            "specificityAtSensitivity98": float((1 - fpr)[tpr >= 0.98 - 1e-9].max()),
        }
    )
print(json.dumps(samples, indent=1))
