import math

import numpy as np
import pytest

from facies.training import metrics


def test_confusion_counts_rows_as_truth_and_leaves_out_what_is_no_class():
    matrix = metrics.confusion(np.array([0, 0, 1, 255, -1]), np.array([0, 1, 1, 1, 0]), 2)
    assert matrix.tolist() == [[1, 1], [0, 1]]


def test_scores_of_a_known_matrix():
    matrix = np.array([[40, 10], [5, 45]])
    assert metrics.accuracy(matrix) == pytest.approx(0.85)
    assert metrics.recall(matrix, 1) == pytest.approx(0.9)
    assert metrics.precision(matrix, 1) == pytest.approx(45 / 55)
    assert metrics.iou(matrix, 1) == pytest.approx(45 / 60)
    assert metrics.macro_f1(matrix) == pytest.approx((80 / 95 + 90 / 105) / 2)
    assert metrics.mean_where_labelled(metrics.iou, matrix, (0, 1)) == pytest.approx((40 / 55 + 45 / 60) / 2)


def test_a_class_that_never_occurs_has_no_iou_and_does_not_count_in_the_mean():
    matrix = np.diag([3, 0, 5])
    assert math.isnan(metrics.iou(matrix, 1))
    assert metrics.mean_where_labelled(metrics.iou, matrix, (0, 1, 2)) == 1.0


def test_auc_is_the_chance_that_a_positive_outscores_a_negative():
    rng = np.random.default_rng(0)
    positive, score = rng.random(60) < 0.4, rng.integers(0, 10, 60) / 10
    pairs = [
        1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
        for i in np.flatnonzero(positive)
        for j in np.flatnonzero(~positive)
    ]
    assert metrics.auc(positive, score) == pytest.approx(np.mean(pairs))


def test_auc_needs_both_kinds():
    assert math.isnan(metrics.auc(np.array([True, True]), np.array([0.1, 0.2])))


def test_ece_is_zero_for_honest_probabilities_and_the_gap_for_boasting_ones():
    positive = np.array([True] * 70 + [False] * 30)
    assert metrics.ece(positive, np.full(100, 0.7)) == pytest.approx(0.0)
    assert metrics.ece(positive, np.full(100, 0.95)) == pytest.approx(0.25)


def test_bootstrap_draws_whole_groups():
    values = np.array([0.0] * 50 + [1.0] * 50)
    by_group = metrics.bootstrap(lambda drawn: float(values[drawn].mean()), ["a"] * 50 + ["b"] * 50, resamples=200)
    by_item = metrics.bootstrap(
        lambda drawn: float(values[drawn].mean()), [str(number) for number in range(100)], resamples=200
    )
    assert by_group.value == by_item.value == 0.5
    assert (by_group.low, by_group.high) == (0.0, 1.0)
    assert by_item.high - by_item.low < 0.3


def test_from_one_group_there_is_a_score_and_no_interval():
    found = metrics.bootstrap(lambda drawn: float(len(drawn)), ["a"] * 5)
    assert found.value == 5
    assert not found.has_range
    assert not metrics.bootstrap(lambda drawn: float(len(drawn)), list("abcde"), resamples=0).has_range


def test_a_class_that_the_truth_lacks_has_no_score():
    matrix = np.array([[5, 3], [0, 0]])
    assert math.isnan(metrics.where_labelled(metrics.iou, matrix, 1))
    assert metrics.mean_where_labelled(metrics.iou, matrix, (0, 1)) == 5 / 8
    assert math.isnan(metrics.mean_where_labelled(metrics.iou, matrix, (1,)))
