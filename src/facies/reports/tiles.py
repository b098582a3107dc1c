"""Labelled tiles as rows and counts."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt


class TileRow(TypedDict):
    """One tile of a photo: place and size in pixels, the reported probability and the label."""

    x: int
    y: int
    width: int
    height: int
    probability: float
    label: str


def tile_rows(
    origins_yx: npt.NDArray[np.int64],
    sizes_hw: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    labels: Sequence[str],
) -> list[TileRow]:
    """One row a tile, in the grid's order.

    Args:
        origins_yx: int64 (T, 2), pixels.
        sizes_hw: int64 (T, 2), pixels.
        probabilities: float32 (T,).
        labels: T names.
    """
    columns = zip(origins_yx.tolist(), sizes_hw.tolist(), probabilities.tolist(), labels, strict=True)
    return [
        TileRow(x=x, y=y, width=width, height=height, probability=round(probability, 6), label=label)
        for (y, x), (height, width), probability, label in columns
    ]


def count_tiles(labels: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """How many tiles each of `names` has, zeros included."""
    return {name: labels.count(name) for name in names}
