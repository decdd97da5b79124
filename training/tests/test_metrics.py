"""Against scikit-learn."""

import json

import numpy as np
import pytest
from sklearn import metrics as sk

from neckfrac_training import metrics


@pytest.fixture(params=[0, 1, 2])
def predictions(request):
    rng = np.random.default_rng(request.param)
    label = rng.random(400) < 0.2
    score = np.round(np.clip(0.3 * label + rng.random(400) * 0.7, 0, 1), 2)  # with ties
    return label, score


def test_binary_metrics(predictions):
    label, score = predictions
    call = score >= 0.5
    found = metrics.binary_metrics(label, score)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(label, call))
    assert found["recall"] == pytest.approx(sk.recall_score(label, call))
    assert found["precision"] == pytest.approx(sk.precision_score(label, call))
    assert found["f2"] == pytest.approx(sk.fbeta_score(label, call, beta=2))
    assert found["specificity"] == pytest.approx(sk.recall_score(~label, ~call))
    assert found["fn_rate"] == pytest.approx(1 - found["recall"])
    assert found["fp_rate"] == pytest.approx(1 - found["specificity"])


def test_roc_auc(predictions):
    assert metrics.roc_auc(*predictions) == pytest.approx(sk.roc_auc_score(*predictions))


def test_best_f2(predictions):
    label, score = predictions
    best, threshold = metrics.best_f2(label, score)
    every = {t: sk.fbeta_score(label, score >= t, beta=2) for t in np.unique(score)}
    assert best == pytest.approx(max(every.values()))
    assert every[threshold] == pytest.approx(best)


def test_no_positives_is_not_a_zero():
    assert np.isnan(metrics.binary_metrics([0, 0], [0.1, 0.2])["recall"])
    assert np.isnan(metrics.roc_auc([0, 0], [0.1, 0.2]))
    assert np.isnan(metrics.best_f2([0, 0], [0.1, 0.2])[0])
    assert json.dumps(metrics.json_numbers({"a": [float("nan"), 1.0]})) == '{"a": [null, 1.0]}'


def test_class_weights_balance_each_class():
    share = np.array([0.5, 0.2, 0.01, 0.0, 0.9])
    weights = metrics.class_weights(share, 5)
    assert weights == pytest.approx([1, 4, 5, 1, 0.2])
    assert weights[1] * share[1] == pytest.approx(1 - share[1])
