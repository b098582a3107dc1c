"""Scores of a tile classifier from held-out logits, calibrated as served, with intervals over groups."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.training import metrics
from facies.training.calibration import Calibration, fit_two_classes
from facies.training.datasets import NEITHER

Logits = npt.NDArray[np.float32]
_DECIMALS = 4


def calibrate(logits: Logits, labels: npt.NDArray[np.int64], decision_at: float | None) -> Calibration:
    """The calibration that is served, from held-out logits (N, 2) of labelled pictures."""
    labelled = labels != NEITHER
    return fit_two_classes(logits[labelled], labels[labelled] == 1, decision_at)


def held_out_probability(
    logits: Logits, labels: npt.NDArray[np.int64], fold_of: npt.NDArray[np.int64], decision_at: float | None
) -> npt.NDArray[np.float64]:
    """Probability of the positive class, each fold calibrated on the others only.

    So neither the network nor its calibration has seen anything of a picture's group.

    Returns:
        float64 (N,).
    """
    probability = np.zeros(len(logits))
    for fold in np.unique(fold_of):
        inside = fold_of == fold
        fitted = calibrate(logits[~inside], labels[~inside], decision_at)
        probability[inside] = fitted.probs(logits[inside])[:, 1]
    return probability


def score(probability: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], groups: Sequence[str]) -> dict[str, Any]:
    """All scores of one domain, each with its interval.

    Args:
        probability: of the positive class, (N,), decided at 0.5.
        labels: 0, 1 or `NEITHER`, (N,).
        groups: of each picture.

    Returns:
        Ready for a manifest. `false_alarms_on_neither` is the share of pictures that show none of the classes and are
        called positive. A score that does not exist (the precision where nothing is called positive) is left out.
    """
    labelled = np.flatnonzero(labels != NEITHER).tolist()
    truth, p = labels[labelled], probability[labelled]
    names = [groups[number] for number in labelled]

    def of_matrix(measure: Callable[[npt.NDArray[np.int64]], float]) -> Callable[[metrics.Ints], float]:
        return lambda drawn: measure(metrics.confusion(truth[drawn], (p[drawn] >= 0.5).astype(np.int64), 2))

    scores: dict[str, Callable[[metrics.Ints], float]] = {
        "accuracy": of_matrix(metrics.accuracy),
        "auc": lambda drawn: metrics.auc(truth[drawn] == 1, p[drawn]),
        "macro_f1": of_matrix(metrics.macro_f1),
        "positive_recall": of_matrix(lambda matrix: metrics.recall(matrix, 1)),
        "positive_precision": of_matrix(lambda matrix: metrics.precision(matrix, 1)),
        "ece": lambda drawn: metrics.ece(truth[drawn] == 1, p[drawn]),
    }
    intervals = {name: metrics.bootstrap(of, names) for name, of in scores.items()}
    found: dict[str, Any] = {name: rounded(interval) for name, interval in intervals.items() if interval.exists}
    found |= {"pictures": len(labelled), "positive": int(truth.sum()), "groups": len(set(names))}
    neither = labels == NEITHER
    if neither.any():
        found["false_alarms_on_neither"] = round(float((probability[neither] >= 0.5).mean()), _DECIMALS)
        found["neither"] = int(neither.sum())
    return found


def rounded(interval: metrics.Interval) -> dict[str, float]:
    """An interval for a manifest; the value alone where there is no interval."""
    known = asdict(interval) if interval.has_range else {"value": interval.value}
    return {name: round(value, _DECIMALS) for name, value in known.items()}
