"""Whether the unsure band for a wanted error rate keeps its word: tried on groups that it was not found on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.models.conformal import band_of
from facies.models.package import HeldOut
from facies.training.splits import FoldOf

RATES = (0.05, 0.1, 0.2)

_DECIMALS = 4


def keep_held_out(
    probability: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_], class_names: Sequence[str]
) -> HeldOut:
    """What a package keeps, so that an unsure band can be found for any wanted rate.

    Args:
        probability: of the positive class, (N,), held out.
        positive: bool (N,), the truth.
        class_names: the negative class's, then the positive one's.
    """
    probs = {
        name: tuple(np.sort(probability[positive == bool(index)]).round(_DECIMALS).tolist())
        for index, name in enumerate(class_names)
    }
    return HeldOut(of=f"{len(probability)} held-out pictures", probs=probs)


def measure_error_rates(
    probability: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_], fold_of: FoldOf, threshold: float = 0.5
) -> dict[str, dict[str, float]]:
    """For some wanted rates, what came of it.

    Args:
        probability: of the positive class, (N,), held out.
        positive: bool (N,), the truth.
        fold_of: int64 (N,); each fold's band comes from the others.
        threshold: from which a picture is positive.

    Returns:
        By the wanted rate in per cent: the share of positive and of negative pictures with the wrong label, and the
        share of all that are unsure.
    """
    return {f"{rate * 100:.0f}": _measure(rate, probability, positive, fold_of, threshold) for rate in RATES}


def _measure(
    rate: float,
    probability: npt.NDArray[np.float64],
    positive: npt.NDArray[np.bool_],
    fold_of: FoldOf,
    threshold: float,
) -> dict[str, float]:
    unsure = np.zeros(len(probability), np.bool_)
    for fold in np.unique(fold_of):
        others, inside = fold_of != fold, fold_of == fold
        negatives, positives = (probability[others & kind].tolist() for kind in (~positive, positive))
        low, high = band_of(negatives, positives, rate, threshold)
        unsure |= inside & (probability >= low) & (probability <= high)
    wrong = ~unsure & ((probability >= threshold) != positive)
    shares: dict[str, Any] = {
        "positive_errors": wrong[positive].mean(),
        "negative_errors": wrong[~positive].mean(),
        "unsure": unsure.mean(),
    }
    return {name: round(float(share), _DECIMALS) for name, share in shares.items()}
