"""A core photo is brought to one scale and one direction before it is cut, and what was found is brought back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.errors import PhotoTooLargeError
from facies.imaging.fitting import fit_photo

# A tiny photo is not blown up without bound: beyond this factor there is nothing to see, only memory to lose.
_MAX_ENLARGEMENT = 4.0
MAX_UPRIGHT_PIXELS = 200_000_000
"""The upright photo is in memory whole: at a core's scale the largest photo is small, unless it is a mere thread."""


@dataclass(frozen=True)
class Upright:
    """How a photo is scaled, turned and padded.

    Attributes:
        photo_hw: the size of the photo as it came, pixels.
        scaled_hw: its size after scaling, before turning, pixels.
        turned: whether it lies on its side and is turned a quarter clockwise.
        padded_hw: its size after turning, and padding below and on the right, pixels.
    """

    photo_hw: tuple[int, int]
    scaled_hw: tuple[int, int]
    turned: bool
    padded_hw: tuple[int, int]


def plan_upright(photo_hw: tuple[int, int], width: int, least_hw: tuple[int, int] = (1, 1)) -> Upright:
    """Choose scale and turn, so that a core's direction, the longer side, runs down and its width is the same always.

    Args:
        photo_hw: the photo's size, pixels.
        width: what the shorter side is scaled to, pixels; 0 leaves the photo as it is.
        least_hw: what the result is padded to, pixels.
    """
    scale = min(width / min(photo_hw), _MAX_ENLARGEMENT) if width else 1.0
    scaled_hw = (max(1, round(photo_hw[0] * scale)), max(1, round(photo_hw[1] * scale)))
    turned = width > 0 and photo_hw[1] > photo_hw[0]
    height, breadth = scaled_hw[::-1] if turned else scaled_hw
    return Upright(photo_hw, scaled_hw, turned, (max(height, least_hw[0]), max(breadth, least_hw[1])))


def check_upright(upright: Upright) -> None:
    """Refuse what is too large to be held at the scale at which a network looks.

    Raises:
        PhotoTooLargeError: it has more than `MAX_UPRIGHT_PIXELS`.
    """
    height, width = upright.padded_hw
    if height * width > MAX_UPRIGHT_PIXELS:
        raise PhotoTooLargeError(
            f"At the scale at which this model looks the photo has {width} x {height} pixels; up to "
            f"{MAX_UPRIGHT_PIXELS / 1e6:g} million can be looked at. Cut it in parts."
        )


def make_upright(photo: npt.NDArray[np.uint8], upright: Upright) -> npt.NDArray[np.uint8]:
    """Scale, turn and pad a photo.

    Args:
        photo: uint8 (H, W, 3), as it came or scaled already.
        upright: from `plan_upright`, for the photo's size.

    Returns:
        uint8 (*upright.padded_hw, 3), padded by repeating its edge; the photo itself where nothing is to be done.
    """
    scaled = fit_photo(photo, upright.scaled_hw)
    standing = _turn_clockwise(scaled) if upright.turned else scaled
    below, right = (wanted - size for wanted, size in zip(upright.padded_hw, standing.shape, strict=False))
    if not (below or right):
        return standing
    return np.pad(standing, ((0, below), (0, right), (0, 0)), mode="edge")


def _turn_clockwise(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(photo).transpose(Image.Transpose.ROTATE_270))  # NumPy takes three times as long


def lay_back(found: npt.NDArray[np.uint8], upright: Upright) -> npt.NDArray[np.uint8]:
    """Undo padding and turning: uint8 (*upright.padded_hw) becomes (*upright.scaled_hw)."""
    height, width = upright.scaled_hw[::-1] if upright.turned else upright.scaled_hw
    standing = found[:height, :width]
    return np.ascontiguousarray(np.rot90(standing) if upright.turned else standing)
