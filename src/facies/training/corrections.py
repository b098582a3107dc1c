"""Places where masks are known to be wrong, listed in a CSV file beside the plan, each with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.training.tables import read_rows

_NUMBERS = ("top", "left", "bottom", "right", "value", "everywhere")
_LARGEST_VALUE = 255


@dataclass(frozen=True)
class Correction:
    """A rectangle of a mask is to be set to a value where it is background, or everywhere.

    Attributes:
        top, left, bottom, right: the rectangle, pixels; bottom and right are outside.
        value: a mask value.
        everywhere: also over what the mask has there.
    """

    top: int
    left: int
    bottom: int
    right: int
    value: int
    everywhere: bool


def read_corrections(path: Path) -> dict[str, list[Correction]]:
    """Read a CSV file of corrections to masks: `picture, top, left, bottom, right, value, everywhere, why`.

    Returns:
        From the picture's file name to its corrections, to be made in this order.

    Raises:
        TrainingError: the file or a column is missing, a number is none, or a row says nothing that can be done.
    """
    corrections: dict[str, list[Correction]] = {}
    for line, row in read_rows(path, ("picture", *_NUMBERS, "why")):
        where = f"{path}, line {line}"
        try:
            top, left, bottom, right, value, everywhere = (int(row[column]) for column in _NUMBERS)
        except ValueError:
            raise TrainingError(f"{where}: {', '.join(_NUMBERS)} must be whole numbers.") from None
        if not (0 <= top < bottom and 0 <= left < right):
            raise TrainingError(f"{where}: there is no rectangle from {top}, {left} to {bottom}, {right}, rows first.")
        if not 0 <= value <= _LARGEST_VALUE or everywhere not in (0, 1):
            raise TrainingError(f"{where}: value must be 0 … {_LARGEST_VALUE}, everywhere 0 or 1.")
        correction = Correction(top, left, bottom, right, value, bool(everywhere))
        corrections.setdefault(row["picture"], []).append(correction)
    return corrections


def correct(mask: npt.NDArray[np.uint8], corrections: Sequence[Correction]) -> None:
    """Correct a mask (H, W) in place, before its values are translated into classes."""
    for fix in corrections:
        part = mask[fix.top : fix.bottom, fix.left : fix.right]
        part[(part == 0) | fix.everywhere] = fix.value
