"""Makes the served probability mean what it says: a temperature and an offset a class, fitted on held-out logits.

probs = softmax((logits + offset) / temperature)

A decision that is wanted elsewhere than at even odds bends this: with two classes the temperature may differ on either
side of it, and the probability passes through 0.5 there.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

_NEWTON_STEPS = 50
_RIDGE = 1e-6
_LEAST_SLOPE = 1e-3  # logits that say nothing, or the opposite, must not turn the answer round


@dataclass(frozen=True)
class Calibration:
    """What goes into the manifest's decision.

    Attributes:
        temperature: above 1 makes the network less sure of itself.
        offset: added to the logits, one a class.
        temperature_below: with two classes, the temperature where class 1 is the less likely; None takes the other.
    """

    temperature: float
    offset: tuple[float, ...]
    temperature_below: float | None = None

    def probs(self, logits: Floats) -> npt.NDArray[np.float64]:
        """Softmax over axis 1 of (N, C) logits."""
        shifted = logits + np.array(self.offset)
        if self.temperature_below is None:
            return softmax(shifted / self.temperature)
        likelier = shifted[:, 1:] >= shifted[:, :1]
        return softmax(shifted / np.where(likelier, self.temperature, self.temperature_below))


def softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Softmax over axis 1 of (N, C, ...)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    total: npt.NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return total


def fit_two_classes(logits: Floats, positive: npt.NDArray[np.bool_], decision_at: float | None = None) -> Calibration:
    """Fit the calibration of two classes by maximum likelihood.

    Args:
        logits: (N, 2); column 1 is the positive class.
        positive: bool (N,).
        decision_at: the probability that shall be served as 0.5. Below 0.5 more positives are found, at the price of
            more false alarms. What lies on either side of it is then calibrated by a temperature of its own.

    Returns:
        The calibration; its offset is all on the positive class.

    Source: Platt 1999, by Newton's method. Departs from it in not smoothing the targets, and in the bend.
    """
    margin = (logits[:, 1] - logits[:, 0]).astype(np.float64)
    slope, shift = _fit_line(np.stack([margin, np.ones_like(margin)], axis=1), positive)
    slope = max(float(slope), _LEAST_SLOPE)
    if decision_at is None:
        return Calibration(temperature=1 / slope, offset=(0.0, float(shift) / slope))
    offset = (float(shift) - float(np.log(decision_at / (1 - decision_at)))) / slope
    beyond = margin + offset
    above, below = (_fit_side(beyond[side], positive[side], slope) for side in (beyond >= 0, beyond < 0))
    return Calibration(temperature=1 / above, offset=(0.0, offset), temperature_below=1 / below)


def _fit_side(beyond: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_], otherwise: float) -> float:
    """The slope of the margins on one side of the decision; `otherwise` where both classes are not there."""
    if positive.all() or not positive.any():
        return otherwise
    return max(float(_fit_line(beyond[:, None], positive)[0]), _LEAST_SLOPE)


def _fit_line(design: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Logistic regression of (N, K) without a penalty worth the name: float64 (K,)."""
    weights = np.zeros(design.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = 0.5 * (1 + np.tanh(design @ weights / 2))
        gradient = design.T @ (chance - positive) + _RIDGE * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + _RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def fit_temperature(logits: Floats, labels: npt.NDArray[np.integer[Any]]) -> Calibration:
    """Fit one temperature for any number of classes by maximum likelihood.

    Args:
        logits: (N, C).
        labels: (N,), 0 … C - 1.

    Source: Guo et al. 2017, found by golden-section search on the logarithm of the temperature.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        probs = softmax(logits / np.exp(log_temperature))
        return float(-np.log(probs[rows, labels] + 1e-12).mean())

    ratio = (np.sqrt(5.0) - 1) / 2
    low, high = -2.0, 3.0
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return Calibration(float(np.exp((low + high) / 2)), (0.0,) * logits.shape[1])
