"""A label map as areas."""

from collections.abc import Sequence
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
    label_map: npt.NDArray[np.uint8],
    classes: Sequence[tuple[str, tuple[int, int, int]]],
    background: int | None,
) -> list[ClassArea]:
    """Area of every class that has at least one pixel, in class order; the background is left out.

    Args:
        label_map: uint8 (H, W).
        classes: name and colour a class, by index.
        background: index of the background, if there is one.
    """
    counts = np.bincount(label_map.ravel(), minlength=len(classes))
    if background is not None:
        counts[background] = 0
    covered = int(counts.sum())
    return [
        ClassArea(index=index, name=name, rgb=rgb, pixels=int(counts[index]), share=float(counts[index] / covered))
        for index, (name, rgb) in enumerate(classes)
        if counts[index]
    ]
