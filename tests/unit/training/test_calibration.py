import numpy as np
import pytest

from facies.training import metrics
from facies.training.calibration import fit_temperature, fit_two_classes, softmax


def boasting_logits(seed=0, count=4000):
    """Logits three times too large and shifted; the truth follows the honest ones."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(-0.8, 1.5, count)
    positive = rng.random(count) < 1 / (1 + np.exp(-honest))
    return np.stack([np.zeros(count), 3 * honest + 1], axis=1), positive


def test_two_class_calibration_brings_the_error_down():
    logits, positive = boasting_logits()
    fitted = fit_two_classes(logits, positive)
    assert metrics.ece(positive, softmax(logits)[:, 1]) > 0.08
    assert metrics.ece(positive, fitted.probs(logits)[:, 1]) < 0.02
    assert fitted.temperature == pytest.approx(3, rel=0.1)


def test_the_decision_is_moved_to_one_half():
    logits, positive = boasting_logits()
    calibrated = fit_two_classes(logits, positive).probs(logits)[:, 1]
    moved = fit_two_classes(logits, positive, decision_at=0.4).probs(logits)[:, 1]
    assert np.array_equal(moved >= 0.5, calibrated >= 0.4)


def test_a_decision_elsewhere_bends_the_calibration_instead_of_shifting_all_of_it():
    logits, positive = boasting_logits()
    margin = logits[:, 1] - logits[:, 0]
    moved = fit_two_classes(logits, positive, decision_at=0.3)
    served = moved.probs(logits)[:, 1]
    shifted = softmax((logits + np.array(moved.offset)) / fit_two_classes(logits, positive).temperature)[:, 1]
    assert metrics.ece(positive, served) < 0.6 * metrics.ece(positive, shifted)
    assert (np.diff(served[np.argsort(margin)]) >= 0).all()
    assert moved.temperature > moved.temperature_below


def test_a_side_of_the_decision_with_one_class_keeps_the_common_temperature():
    logits = np.stack([np.zeros(6), np.array([-3.0, -2, -1, 1, 2, 3])], axis=1)
    fitted = fit_two_classes(logits, np.array([False, False, True, True, True, True]), decision_at=0.9)
    assert np.isfinite([fitted.temperature, fitted.temperature_below]).all()


def test_one_temperature_for_many_classes():
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 1.5, (4000, 5))
    labels = np.array([rng.choice(5, p=p) for p in softmax(honest)])
    assert fit_temperature(honest * 2, labels).temperature == pytest.approx(2, rel=0.1)
