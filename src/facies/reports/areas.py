"""A label map as areas."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
import numpy.typing as npt


class ClassArea(TypedDict):
    """The pixels of one class and their share of all pixels that are not background."""

    index: int
    name: str
    rgb: tuple[int, int, int]
    pixels: int
    share: float


def class_areas(
    pixel_counts: npt.NDArray[np.int64],
    classes: Mapping[int, tuple[str, tuple[int, int, int]]],
    background: int | None,
) -> list[ClassArea]:
    """Area of every class that has at least one pixel, in class order; the background is left out.

    Args:
        pixel_counts: int64 (N,), pixels of each index.
        classes: name and colour of a class, by index, in the order in which they are listed.
        background: index of the background, if there is one.
    """
    counts = pixel_counts.copy()
    if background is not None:
        counts[background] = 0
    covered = int(counts.sum())
    return [
        ClassArea(index=index, name=name, rgb=rgb, pixels=int(counts[index]), share=float(counts[index] / covered))
        for index, (name, rgb) in classes.items()
        if counts[index]
    ]
