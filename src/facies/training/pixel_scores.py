"""Scores of a pixel classifier from held-out label maps, with intervals over groups."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.training import metrics
from facies.training.datasets import IGNORE, PhotoRecord
from facies.training.tile_scores import rounded

LabelMap = npt.NDArray[np.uint8]


def score(
    records: Sequence[PhotoRecord], found: Mapping[int, LabelMap], class_names: Sequence[str], scored: Sequence[int]
) -> dict[str, Any]:
    """Scores over whole photos, every pixel counting once.

    Args:
        records: the photos.
        found: the label map of each photo that counts, by its number.
        class_names: of the package, the background first.
        scored: the classes that the mean IoU is over.

    Returns:
        Ready for a manifest: IoU of core against background (pixels of unknown rock count as core), accuracy over
        pixels whose class is known, mean IoU, IoU of each class of `scored`.
    """
    numbers = sorted(found)
    classes = len(class_names)
    pairs = [_matrices(records[number].read()[1], found[number], classes) for number in numbers]
    by_class, by_core = (np.stack(matrices) for matrices in zip(*pairs, strict=True))
    groups = [records[number].group for number in numbers]

    def interval(matrices: npt.NDArray[np.int64], measure: Callable[[metrics.Ints], float]) -> dict[str, float]:
        return rounded(metrics.bootstrap(lambda drawn: measure(matrices[drawn].sum(axis=0)), groups))

    return {
        "core_iou": interval(by_core, lambda matrix: metrics.iou(matrix, 1)),
        "accuracy": interval(by_class, metrics.accuracy),
        "mean_iou": interval(by_class, lambda matrix: metrics.mean_where_labelled(metrics.iou, matrix, scored)),
        "iou": {
            class_names[number]: interval(
                by_class,
                lambda matrix, number=number: metrics.where_labelled(metrics.iou, matrix, number),  # type: ignore[misc]
            )
            for number in scored
        },
        "photos": len(numbers),
        "groups": len(set(groups)),
    }


def held_out_mean_iou(
    records: Sequence[PhotoRecord], found: Mapping[int, LabelMap], classes: int, scored: Sequence[int]
) -> float:
    """The mean IoU alone; arguments as `score`, `classes` being how many there are."""
    matrices = [_matrices(records[number].read()[1], label_map, classes)[0] for number, label_map in found.items()]
    return metrics.mean_where_labelled(metrics.iou, np.sum(matrices, axis=0), scored)


def _matrices(truth: LabelMap, found: LabelMap, classes: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    known = truth != IGNORE
    core = metrics.confusion((truth[known] > 0).astype(np.int64), (found[known] > 0).astype(np.int64), 2)
    return metrics.confusion(truth.astype(np.int64), found.astype(np.int64), classes), core
