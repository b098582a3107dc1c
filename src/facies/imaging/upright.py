"""A core photo is brought to one scale and one direction before it is cut, and its label map is brought back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facies.imaging.tiles import fit

# A tiny photo is not blown up without bound: beyond this factor there is nothing to see, only memory to lose.
_MAX_ENLARGEMENT = 4.0


@dataclass(frozen=True)
class Upright:
    """How a photo was turned, scaled and padded.

    Attributes:
        photo_hw: the size of the photo as it came, pixels.
        turned: whether it lay on its side and was turned a quarter clockwise.
        scaled_hw: its size after turning and scaling, before padding, pixels.
    """

    photo_hw: tuple[int, int]
    turned: bool
    scaled_hw: tuple[int, int]


def make_upright(
    photo: npt.NDArray[np.uint8], width: int, tile_hw: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], Upright]:
    """Turn a photo so that its longer side, the core's direction, runs down, and scale its shorter side to `width`.

    Args:
        photo: uint8 (H, W, 3).
        width: wanted width, pixels; 0 leaves photo and scale as they are.
        tile_hw: the result is padded to hold at least one tile, by repeating its edge.

    Returns:
        uint8 (H', W', 3), and what `bring_back` needs.
    """
    photo_hw = (photo.shape[0], photo.shape[1])
    turned = width > 0 and photo_hw[1] > photo_hw[0]
    standing = np.rot90(photo, -1) if turned else photo
    height, breadth = standing.shape[:2]
    scale = min(width / breadth, _MAX_ENLARGEMENT) if width else 1.0
    scaled_hw = (max(1, round(height * scale)), max(1, round(breadth * scale)))
    scaled = fit(np.ascontiguousarray(standing), scaled_hw)
    return _pad(scaled, tile_hw), Upright(photo_hw, turned, scaled_hw)


def bring_back(label_map: npt.NDArray[np.uint8], upright: Upright) -> npt.NDArray[np.uint8]:
    """Undo `make_upright` for a map of labels, with nearest neighbour.

    Args:
        label_map: uint8 (H', W'), of the upright photo.
        upright: from `make_upright`.

    Returns:
        uint8 (H, W), of the photo as it came.
    """
    height, width = upright.photo_hw[::-1] if upright.turned else upright.photo_hw
    rows = _nearest(height, upright.scaled_hw[0])
    columns = _nearest(width, upright.scaled_hw[1])
    restored = label_map[rows[:, None], columns[None, :]]
    return np.ascontiguousarray(np.rot90(restored)) if upright.turned else restored


def _pad(photo: npt.NDArray[np.uint8], least_hw: tuple[int, int]) -> npt.NDArray[np.uint8]:
    missing = [max(0, least - size) for least, size in zip(least_hw, photo.shape[:2], strict=True)]
    if not any(missing):
        return photo
    return np.pad(photo, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")


def _nearest(length: int, source_length: int) -> npt.NDArray[np.int64]:
    """Index of the source pixel whose area holds the centre of each pixel."""
    return ((np.arange(length) + 0.5) * source_length / length).astype(np.int64)
