"""The unsure band that keeps errors as rare as somebody wants them: split conformal prediction, class by class.

The package keeps the probabilities that its positive class was given on held-out pictures of either class. A class is
ruled out for a tile where a share of no more than the wanted error rate of that class's own held-out pictures looked as
unlike it. A tile gets a label where just one class is left, and is *unsure* where both are or none is.

    k = ⌈(n + 1) · (1 − rate)⌉ of the n held-out pictures of a class
    ruled out: positive below its k-th largest probability, negative above its k-th smallest

Of new pictures of a class, a share of `rate` at most is then given the other label, if they are like the held-out ones.
Source: Vovk 2012, Mondrian (class-conditional) inductive conformal predictors; Sadinle et al. 2019. Departs from it in
taking the package's threshold into the band, so that outside of it the label is the same with and without.
"""

import math
from collections.abc import Sequence

from facies.errors import OptionError
from facies.models.package import Manifest

Band = tuple[float, float]


def band_for(manifest: Manifest, error_rate: float) -> Band:
    """The unsure band of a package for a wanted error rate.

    Args:
        manifest: of a package with a positive class.
        error_rate: how many tiles of each class may be given the other label, between 0 and 1.

    Raises:
        OptionError: the package keeps no held-out probabilities.
    """
    held_out, positive = manifest.held_out, manifest.decision.positive
    if held_out is None or positive is None:
        raise OptionError(
            f"{manifest.reference} keeps no probabilities of held-out pictures, so no unsure band can be found for a "
            "wanted error rate; set unsure_band instead."
        )
    negative = next(entry.name for entry in manifest.classes if entry.name != positive)
    return band_of(held_out.probs[negative], held_out.probs[positive], error_rate, manifest.decision.threshold)


def band_of(negatives: Sequence[float], positives: Sequence[float], error_rate: float, threshold: float) -> Band:
    """The probabilities of the positive class between which a tile is unsure.

    Args:
        negatives: probabilities of the positive class on held-out pictures of the other one.
        positives: the same on those of the positive class.
        error_rate: see `band_for`.
        threshold: from which a tile is positive.
    """
    lowest_positive = 1 - _quantile([1 - prob for prob in positives], error_rate)
    highest_negative = _quantile(negatives, error_rate)
    ends = (lowest_positive, highest_negative, threshold)
    return round(min(ends), 6), round(max(ends), 6)


def _quantile(scores: Sequence[float], error_rate: float) -> float:
    """The k-th smallest score; 1, which rules nothing out, where there are too few for so small a rate."""
    place = math.ceil(round((len(scores) + 1) * (1 - error_rate), 9))
    return sorted(scores)[place - 1] if place <= len(scores) else 1.0
