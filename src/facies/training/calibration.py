"""Makes the served probability mean what it says: a temperature and an offset a class, fitted on held-out logits.

probs = softmax((logits + offset) / temperature)
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
    """

    temperature: float
    offset: tuple[float, ...]

    def probs(self, logits: Floats) -> npt.NDArray[np.float64]:
        """Softmax over axis 1 of (N, C) logits."""
        return softmax((logits + np.array(self.offset)) / self.temperature)


def softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Softmax over axis 1 of (N, C, ...)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    total: npt.NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return total


def fit_two_classes(logits: Floats, positive: npt.NDArray[np.bool_], decision_at: float = 0.5) -> Calibration:
    """Fit temperature and offset for two classes by maximum likelihood, then move the decision to 0.5.

    Args:
        logits: (N, 2); column 1 is the positive class.
        positive: bool (N,).
        decision_at: the calibrated probability that shall be served as 0.5. Below 0.5 more positives are found, at the
            price of more false alarms and of probabilities a little too high.

    Returns:
        The calibration; its offset is all on the positive class.

    Source: Platt 1999, by Newton's method. Departs from it in not smoothing the targets.
    """
    margin = (logits[:, 1] - logits[:, 0]).astype(np.float64)
    design = np.stack([margin, np.ones_like(margin)], axis=1)
    weights = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        chance = 0.5 * (1 + np.tanh(design @ weights / 2))
        gradient = design.T @ (chance - positive) + _RIDGE * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + _RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    slope = max(float(weights[0]), _LEAST_SLOPE)
    shift = float(weights[1]) - float(np.log(decision_at / (1 - decision_at)))
    return Calibration(temperature=1 / slope, offset=(0.0, shift / slope))


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
