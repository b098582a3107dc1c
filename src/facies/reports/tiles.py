"""Labelled tiles as rows and counts."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

_DOMAIN_DECIMALS = 4


class TileRow(TypedDict):
    """One tile of a photo: place and size in pixels, reported probability, label, and domain score if it has one."""

    x: int
    y: int
    width: int
    height: int
    probability: float
    label: str
    domain_score: NotRequired[float]


def tile_rows(
    origins_yx: npt.NDArray[np.int64],
    sizes_hw: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    labels: Sequence[str],
    domain_scores: npt.NDArray[np.float32] | None = None,
) -> list[TileRow]:
    """One row a tile, in the grid's order.

    Args:
        origins_yx: int64 (T, 2), pixels.
        sizes_hw: int64 (T, 2), pixels.
        probabilities: float32 (T,).
        labels: T names.
        domain_scores: float32 (T,); None where the model has no domain.
    """
    columns = zip(origins_yx.tolist(), sizes_hw.tolist(), probabilities.tolist(), labels, strict=True)
    rows = [
        TileRow(x=x, y=y, width=width, height=height, probability=round(probability, 6), label=label)
        for (y, x), (height, width), probability, label in columns
    ]
    if domain_scores is not None:
        for row, score in zip(rows, domain_scores.tolist(), strict=True):
            row["domain_score"] = round(score, _DOMAIN_DECIMALS)
    return rows


def count_labels(labels: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """How many tiles have each of `names`, zeros included."""
    return {name: labels.count(name) for name in names}
