"""From probabilities to one label a tile, as the package's manifest decides."""

import numpy as np
import numpy.typing as npt

from facies.models.package import Manifest
from facies.models.runtime import Probs

UNSURE = "unsure"
UNSURE_RGB = (251, 146, 60)

UNSURE_PIXEL = 255
"""In a label map: the pixel's confidence is below what was asked for. No class has this index."""


def decide(probs: Probs, manifest: Manifest) -> npt.NDArray[np.uint16]:
    """Choose a label for every tile.

    Args:
        probs: float32 (T, C), sums to 1 over C.
        manifest: says which class is thresholded, and the unsure band.

    Returns:
        uint16 (T,): the class's index, or C for a tile inside the unsure band.
    """
    decision, positive = manifest.decision, manifest.positive_index
    if positive is None:
        likeliest: npt.NDArray[np.uint16] = probs.argmax(axis=1).astype(np.uint16)
        return likeliest
    positive_probs = probs[:, positive]
    labels = np.where(positive_probs >= decision.threshold, positive, 1 - positive)
    if decision.unsure_band is not None:
        low, high = decision.unsure_band
        labels[(positive_probs >= low) & (positive_probs <= high)] = len(manifest.classes)
    return labels.astype(np.uint16)


def reported_probs(probs: Probs, labels: npt.NDArray[np.uint16], manifest: Manifest) -> npt.NDArray[np.float32]:
    """The one probability that is reported a tile: the positive class's, or the label's where no class is positive.

    Args:
        probs: float32 (T, C).
        labels: uint16 (T,), from `decide`.
        manifest: says whether a class is positive.

    Returns:
        float32 (T,).
    """
    positive = manifest.positive_index
    columns = labels.astype(np.intp) if positive is None else np.full(len(probs), positive)
    chosen: npt.NDArray[np.float32] = np.take_along_axis(probs, columns[:, None], axis=1)[:, 0]
    return chosen


def label_names(manifest: Manifest) -> list[str]:
    """What the indices from `decide` mean: the classes in order, then *unsure*."""
    return [*(entry.name for entry in manifest.classes), UNSURE]


def label_colours(manifest: Manifest) -> npt.NDArray[np.uint8]:
    """Colours of the indices from `decide`: uint8 (C + 1, 3), RGB."""
    return np.array([*(entry.rgb for entry in manifest.classes), UNSURE_RGB], dtype=np.uint8)
