"""Scores in plain NumPy: of tiles from probabilities, of pixels from confusion matrices; intervals over groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

ECE_BINS = 10
RESAMPLES = 1000

_LEAST_GROUPS = 2


@dataclass(frozen=True)
class Interval:
    """A score and the range that 95% of the resampled scores fall into; NaN where there is none."""

    value: float
    low: float
    high: float

    @property
    def exists(self) -> bool:
        """Whether there is such a score at all; a share of nothing is none."""
        return not np.isnan(self.value)

    @property
    def has_range(self) -> bool:
        """Whether anything is known of how far the score may be off."""
        return not np.isnan(self.low)


def confusion(truth: Ints, predicted: Ints, classes: int) -> npt.NDArray[np.int64]:
    """Count pairs of true and predicted class.

    Args:
        truth: class of each item; negative or ≥ `classes` is left out.
        predicted: same shape, 0 … classes - 1.
        classes: how many.

    Returns:
        int64 (classes, classes), rows are the truth.
    """
    counted = (truth >= 0) & (truth < classes)
    pairs = truth[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def accuracy(matrix: Ints) -> float:
    """Share of items on the diagonal of a confusion matrix; NaN where it is empty."""
    return _ratio(np.trace(matrix), matrix.sum())


def recall(matrix: Ints, of: int) -> float:
    """Share of the items of class `of` that were called so; NaN where there are none."""
    return _ratio(matrix[of, of], matrix[of].sum())


def precision(matrix: Ints, of: int) -> float:
    """Share of the items called `of` that are of that class; NaN where none was called so."""
    return _ratio(matrix[of, of], matrix[:, of].sum())


def f1(matrix: Ints, of: int) -> float:
    """Harmonic mean of precision and recall of class `of`; NaN where it neither is nor was called."""
    return _ratio(2 * matrix[of, of], matrix[of].sum() + matrix[:, of].sum())


def macro_f1(matrix: Ints) -> float:
    """Mean of `f1` over the classes."""
    return float(np.mean([f1(matrix, of) for of in range(len(matrix))]))


def iou(matrix: Ints, of: int) -> float:
    """Intersection over union of class `of`; NaN where it neither is nor was called."""
    return _ratio(matrix[of, of], matrix[of].sum() + matrix[:, of].sum() - matrix[of, of])


def where_labelled(measure: Callable[[Ints, int], float], matrix: Ints, of: int) -> float:
    """A score of class `of`; NaN where the truth has none of it.

    A draw of groups may lack a class; that it was called there by mistake says nothing about how well it is found.
    """
    return measure(matrix, of) if matrix[of].sum() else float("nan")


def mean_where_labelled(measure: Callable[[Ints, int], float], matrix: Ints, over: Sequence[int]) -> float:
    """Mean of a score over those of the classes `over` that the truth has; NaN where it has none."""
    known = [measure(matrix, of) for of in over if matrix[of].sum()]
    return float(np.mean(known)) if known else float("nan")


def auc(positive: npt.NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve: how often a positive outscores a negative, ties counting half.

    Args:
        positive: bool (N,).
        score: (N,), larger means more positive.

    Returns:
        0 … 1; NaN where one of the two kinds is missing.
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def ece(positive: npt.NDArray[np.bool_], probability: Floats, bins: int = ECE_BINS) -> float:
    """Expected calibration error of the probability of the positive class.

    Args:
        positive: bool (N,).
        probability: (N,), 0 … 1.
        bins: equally wide ones.

    Returns:
        The mean over items of |share of positives - mean probability| of the item's bin.

    Source: Naeini et al. 2015. Departs from Guo et al. 2017 in using the probability of one class over the whole of
        0 … 1 rather than that of the predicted class: with two classes it is the probability of one that is reported.
    """
    bin_of = np.minimum((probability * bins).astype(np.int64), bins - 1)
    hits = np.bincount(bin_of, weights=positive, minlength=bins)
    sums = np.bincount(bin_of, weights=probability, minlength=bins)
    return float(np.abs(hits - sums).sum() / len(probability))


def bootstrap(
    score: Callable[[Ints], float], groups: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """95% interval of a score by drawing whole groups with replacement.

    Args:
        score: computes it from the indices of the items drawn; items may be drawn more than once.
        groups: the group of each item.
        resamples: how many draws; none for a score that takes too long, which then has no interval.
        seed: of the draws.

    Returns:
        The score of all items and the 2.5th and 97.5th percentile of the draws. Draws without a score (NaN) are left
        out. From a single group nothing can be drawn: there is a score, but no interval.

    Source: Field and Welsh 2007, cluster bootstrap.
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    value = score(np.arange(len(group_of)))
    if len(names) < _LEAST_GROUPS or not resamples:
        return Interval(value, float("nan"), float("nan"))
    members = [np.flatnonzero(group_of == group) for group in range(len(names))]
    rng = np.random.default_rng(seed)
    scores = np.array(
        [
            score(np.concatenate([members[group] for group in rng.integers(len(names), size=len(names))]))
            for _ in range(resamples)
        ]
    )
    scores = scores[~np.isnan(scores)]
    low, high = np.percentile(scores, (2.5, 97.5)) if len(scores) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def _ratio(part: Any, whole: Any) -> float:
    return float(part) / float(whole) if whole else float("nan")
