import math

import numpy as np
import pytest

from facies.training import metrics
from facies.training.evaluation import curves

POSITIVE = np.array([True, True, False, True, False, False])
SCORE = np.array([0.9, 0.8, 0.8, 0.4, 0.3, 0.1])


def test_the_area_under_roc_is_the_auc():
    assert curves.area_under_roc(*curves.by_score(POSITIVE, SCORE)) == pytest.approx(metrics.auc(POSITIVE, SCORE))


def test_roc_goes_from_corner_to_corner():
    false, true = curves.roc_points(*curves.by_score(POSITIVE, SCORE))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert true[1:3] == [0.33333, 0.66667]


def test_precision_and_recall_by_hand():
    recall, precision = curves.pr_points(*curves.by_score(POSITIVE, SCORE))
    assert recall == [0.33333, 0.66667, 1.0, 1.0, 1.0]
    assert precision == [1.0, 0.66667, 0.75, 0.6, 0.5]
    expected = (1 + 2 / 3 + 3 / 4) / 3
    assert curves.average_precision(*curves.by_score(POSITIVE, SCORE)) == pytest.approx(expected)


def test_coverage_by_hand():
    right, wrong, confidence = np.array([2.0, 1, 0, 1]), np.array([0.0, 1, 0, 5]), np.array([1.0, 0.8, 0.6, 0.2])
    found = curves.coverage(right, wrong, confidence)
    assert found["coverage"] == [0.2, 0.4, 1.0]
    assert found["accuracy"] == [1.0, 0.75, 0.4]
    assert found["kept"][0] == {"share": 1.0, "accuracy": 0.4, "confidence": 0.2}
    assert found["kept"][-1] == {"share": 0.5, "accuracy": 0.4, "confidence": 0.2}


def test_one_kind_alone_has_no_area():
    assert math.isnan(curves.area_under_roc(*curves.by_score(np.ones(3, bool), SCORE[:3])))
    assert math.isnan(curves.average_precision(*curves.by_score(np.zeros(3, bool), SCORE[:3])))


def test_long_curves_are_thinned_and_keep_their_ends():
    rng = np.random.default_rng(0)
    false, true = curves.roc_points(*curves.by_score(rng.random(5000) < 0.5, rng.random(5000)))
    assert len(false) == len(true) == 200
    assert (false[-1], true[-1]) == (1, 1)


def test_the_error_of_the_bins_is_the_ece():
    rng = np.random.default_rng(1)
    probability = rng.random(500)
    came_true = (rng.random(500) < probability**2).astype(float)
    bins = curves.reliability(came_true, probability)
    assert curves.error_of(bins) == pytest.approx(metrics.ece(came_true == 1, probability))
    assert all(entry["share_low"] <= entry["share"] <= entry["share_high"] for entry in bins)


def test_weights_stand_for_many():
    many = curves.reliability(np.array([1.0, 0.0, 0.0]), np.array([0.72, 0.72, 0.72]))
    weighted = curves.reliability(np.array([1 / 3]), np.array([0.72]), np.array([3.0]))
    assert weighted[0] == pytest.approx(many[0])


def test_wilson_by_hand():
    (entry,) = curves.reliability(np.array([1.0] * 8 + [0.0] * 2), np.full(10, 0.55))
    assert (entry["share_low"], entry["share_high"]) == pytest.approx((0.490, 0.943), abs=1e-3)
