"""Masks as they come: a number a pixel, a palette, or painted in colours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.errors import TrainingError

# One bit, eight, sixteen and thirty-two; a palette's indices are numbers as well.
_NUMBERED_MODES = ("1", "L", "P", "I;16", "I")
_LARGEST = 255


def read_values(path: Path, colours: Mapping[str, int]) -> npt.NDArray[np.uint8]:
    """Decode a mask.

    Args:
        path: PNG or any other picture without loss.
        colours: from "#rrggbb" to the value that a pixel painted so stands for; none for a mask that holds numbers.

    Returns:
        uint8 (H, W), the mask's values. A palette's indices are its numbers, whatever their colours.

    Raises:
        TrainingError: it cannot be decoded, a number is larger than 255, or a colour stands for nothing.
    """
    try:
        with Image.open(path) as picture:
            if not colours and picture.mode in _NUMBERED_MODES:
                return _as_bytes(np.array(picture), path)
            painted = np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TrainingError(f"The mask {path} cannot be read: {error}.") from error
    if colours:
        return _translated(painted, colours, path)
    if (painted != painted[..., :1]).any():
        raise TrainingError(f"The mask {path} is painted in colours; say in `colours` what each of them stands for.")
    return np.array(painted[..., 0])


def _as_bytes(numbers: npt.NDArray[Any], path: Path) -> npt.NDArray[np.uint8]:
    if numbers.max(initial=0) > _LARGEST or numbers.min(initial=0) < 0:
        raise TrainingError(f"The mask {path} has the value {numbers.max()}; values are 0 … {_LARGEST}.")
    return numbers.astype(np.uint8)


def _translated(painted: npt.NDArray[np.uint8], colours: Mapping[str, int], path: Path) -> npt.NDArray[np.uint8]:
    codes = painted.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    found, place = np.unique(codes, return_inverse=True)
    known = {int(colour.removeprefix("#"), 16): value for colour, value in colours.items()}
    for code in found.tolist():
        if code not in known:
            row, column = np.argwhere(codes == code)[0].tolist()
            raise TrainingError(
                f"The mask {path} has the colour #{code:06x} at row {row}, column {column}; no value has it."
            )
    values = np.array([known[code] for code in found.tolist()], np.uint8)
    return values[place.reshape(codes.shape)]
