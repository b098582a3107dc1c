"""A core photo is brought to one scale and one direction before it is cut, and its label map is brought back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facies.imaging.tiles import fit

# A tiny photo is not blown up without bound: beyond this factor there is nothing to see, only memory to lose.
_MAX_ENLARGEMENT = 4.0


@dataclass(frozen=True)
class Upright:
    """How a photo is turned, scaled and padded.

    Attributes:
        photo_hw: the size of the photo as it came, pixels.
        turned: whether it lies on its side and is turned a quarter clockwise.
        scaled_hw: its size after turning and scaling, pixels.
        padded_hw: its size after padding below and on the right, pixels.
    """

    photo_hw: tuple[int, int]
    turned: bool
    scaled_hw: tuple[int, int]
    padded_hw: tuple[int, int]


def plan_upright(photo_hw: tuple[int, int], width: int, least_hw: tuple[int, int] = (1, 1)) -> Upright:
    """Choose turn and scale, so that a core's direction, the longer side, runs down and its width is the same always.

    Args:
        photo_hw: the photo's size, pixels.
        width: what the shorter side is scaled to, pixels; 0 leaves the photo as it is.
        least_hw: what the result is padded to, pixels.
    """
    turned = width > 0 and photo_hw[1] > photo_hw[0]
    height, breadth = photo_hw[::-1] if turned else photo_hw
    scale = min(width / min(photo_hw), _MAX_ENLARGEMENT) if width else 1.0
    scaled_hw = (max(1, round(height * scale)), max(1, round(breadth * scale)))
    padded_hw = (max(scaled_hw[0], least_hw[0]), max(scaled_hw[1], least_hw[1]))
    return Upright(photo_hw, turned, scaled_hw, padded_hw)


def make_upright(photo: npt.NDArray[np.uint8], upright: Upright) -> npt.NDArray[np.uint8]:
    """Turn and scale a photo, and pad it by repeating its edge.

    Args:
        photo: uint8 (H, W, 3).
        upright: from `plan_upright`, for the photo's size.

    Returns:
        uint8 (*upright.padded_hw, 3); the photo itself where nothing is to be done.
    """
    standing = np.ascontiguousarray(np.rot90(photo, -1)) if upright.turned else photo
    scaled = fit(standing, upright.scaled_hw)
    below, right = (wanted - size for wanted, size in zip(upright.padded_hw, upright.scaled_hw, strict=True))
    if not (below or right):
        return scaled
    return np.pad(scaled, ((0, below), (0, right), (0, 0)), mode="edge")


def bring_back(label_map: npt.NDArray[np.uint8], upright: Upright) -> npt.NDArray[np.uint8]:
    """Undo `make_upright` for a map of labels, with nearest neighbour.

    Args:
        label_map: uint8 (H', W'), of the upright photo.
        upright: how the photo was brought there.

    Returns:
        uint8 (H, W), of the photo as it came.
    """
    height, width = upright.photo_hw[::-1] if upright.turned else upright.photo_hw
    rows = _nearest(height, upright.scaled_hw[0])
    columns = _nearest(width, upright.scaled_hw[1])
    restored = label_map[rows[:, None], columns[None, :]]
    return np.ascontiguousarray(np.rot90(restored)) if upright.turned else restored


def _nearest(length: int, source_length: int) -> npt.NDArray[np.int64]:
    """Index of the source pixel whose area holds the centre of each pixel."""
    return ((np.arange(length) + 0.5) * source_length / length).astype(np.int64)
