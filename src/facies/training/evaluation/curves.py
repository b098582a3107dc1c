"""Curves over all thresholds, and probabilities against what came true."""

from typing import Any

import numpy as np
import numpy.typing as npt

from facies.training.metrics import ECE_BINS, Floats

_MOST_POINTS = 200
_KEPT = (1.0, 0.9, 0.8, 0.7, 0.5)
_Z95 = 1.96


def roc_points(hits: Floats, misses: Floats) -> tuple[list[float], list[float]]:
    """The ROC curve.

    Args:
        hits: positives at every score, from the largest score down.
        misses: negatives at every score, likewise.

    Returns:
        false and true positive rates, from (0, 0) to (1, 1).
    """
    true, false = np.concatenate([[0], np.cumsum(hits)]), np.concatenate([[0], np.cumsum(misses)])
    return _thinned(false / max(false[-1], 1), true / max(true[-1], 1))


def pr_points(hits: Floats, misses: Floats) -> tuple[list[float], list[float]]:
    """The precision-recall curve; arguments as `roc_points`.

    Returns:
        recalls and precisions.
    """
    true, false = np.cumsum(hits), np.cumsum(misses)
    called = (true + false) > 0
    return _thinned(true[called] / max(true[-1], 1), true[called] / (true + false)[called])


def average_precision(hits: Floats, misses: Floats) -> float:
    """Area under the precision-recall curve, as a sum of steps; NaN where there are no positives."""
    true, false = np.cumsum(hits), np.cumsum(misses)
    if not len(true) or true[-1] == 0:
        return float("nan")
    return float((hits * true / np.maximum(true + false, 1)).sum() / true[-1])


def area_under_roc(hits: Floats, misses: Floats) -> float:
    """Area under the ROC curve, ties counting half; NaN where one of the two kinds is missing."""
    if not np.sum(hits) or not np.sum(misses):
        return float("nan")
    true, false = np.concatenate([[0], np.cumsum(hits)]), np.concatenate([[0], np.cumsum(misses)])
    return float(np.trapezoid(true / true[-1], false / false[-1]))


def coverage(right: Floats, wrong: Floats, confidence: Floats) -> dict[str, Any]:
    """How right the surest answers are, the more of them are kept: accuracy against coverage.

    Args:
        right: how many answers of each confidence are right, from the surest down.
        wrong: how many are wrong, likewise.
        confidence: the L confidences.

    Returns:
        `coverage` and `accuracy`, the points of the curve; and under `kept`, for some shares of the answers, how right
        these are and the least confidence among them.

    Source: El-Yaniv and Wiener 2010, the risk-coverage curve, with accuracy for risk.
    """
    occurring = (right + wrong) > 0
    kept, hits, levels = np.cumsum(right + wrong)[occurring], np.cumsum(right)[occurring], confidence[occurring]
    shares, accuracies = kept / kept[-1], hits / kept
    x, y = _thinned(shares, accuracies)
    places = [(share, int(np.searchsorted(shares, share - 1e-9))) for share in _KEPT]
    rows = [
        {"share": share, "accuracy": float(accuracies[place]), "confidence": float(levels[place])}
        for share, place in places
    ]
    return {"coverage": x, "accuracy": y, "kept": rows}


def by_score(positive: npt.NDArray[np.bool_], score: Floats) -> tuple[Floats, Floats]:
    """Positives and negatives at every score, from the largest down, for the functions above.

    Args:
        positive: bool (N,).
        score: (N,).
    """
    _, place = np.unique(-score, return_inverse=True)
    hits = np.bincount(place, weights=positive)
    return hits.astype(np.float64), np.bincount(place).astype(np.float64) - hits


def reliability(came_true: Floats, probability: Floats, weights: Floats | None = None) -> list[dict[str, Any]]:
    """How often what had a probability came true, in equally wide bins.

    Args:
        came_true: (N,), 0 or 1, or the share of the item that did.
        probability: (N,), 0 to 1.
        weights: (N,), how many each item stands for; one where it is None.

    Returns:
        One entry a bin that is not empty: `low`, `high`, `count`, mean `probability`, `share` that came true, and the
        95% range of the share (Wilson's score interval).
    """
    counted = np.ones(len(probability)) if weights is None else weights
    bin_of = np.minimum((probability * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    counts = np.bincount(bin_of, weights=counted, minlength=ECE_BINS)
    hits = np.bincount(bin_of, weights=counted * came_true, minlength=ECE_BINS)
    sums = np.bincount(bin_of, weights=counted * probability, minlength=ECE_BINS)
    bins = []
    for number in np.flatnonzero(counts):
        share, count = hits[number] / counts[number], counts[number]
        low, high = _wilson(share, count)
        bins.append(
            {
                "low": number / ECE_BINS,
                "high": (number + 1) / ECE_BINS,
                "count": int(count),
                "probability": sums[number] / count,
                "share": share,
                "share_low": low,
                "share_high": high,
            }
        )
    return bins


def error_of(bins: list[dict[str, Any]]) -> float:
    """Expected calibration error of `reliability`'s bins; NaN where there are none."""
    total = sum(entry["count"] for entry in bins)
    gap = sum(entry["count"] * abs(entry["share"] - entry["probability"]) for entry in bins)
    return float(gap / total) if total else float("nan")


def _wilson(share: float, count: float) -> tuple[float, float]:
    shrink = 1 + _Z95**2 / count
    middle = (share + _Z95**2 / (2 * count)) / shrink
    reach = _Z95 * np.sqrt(share * (1 - share) / count + _Z95**2 / (4 * count**2)) / shrink
    return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))


def _thinned(x: Floats, y: Floats) -> tuple[list[float], list[float]]:
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), _MOST_POINTS)).astype(np.int64))
    return x[chosen].round(5).tolist(), y[chosen].round(5).tolist()
