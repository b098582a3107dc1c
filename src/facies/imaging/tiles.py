"""A photo is cut into tiles: where they lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Stripe(NamedTuple):
    """Some rows of a photo: first row of the row of tiles that they are in, their first row, the row behind them."""

    row_top: int
    top: int
    bottom: int


@dataclass(frozen=True)
class Grid:
    """Where the tiles of a photo lie, row by row from the top-left corner.

    Attributes:
        image_hw: the photo's size, pixels.
        origins_yx: int64 (T, 2), top-left corners, pixels.
        sizes_hw: int64 (T, 2), sizes, pixels.
    """

    image_hw: tuple[int, int]
    origins_yx: npt.NDArray[np.int64]
    sizes_hw: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.origins_yx)

    @property
    def tops(self) -> list[int]:
        """The first row of each row of tiles, pixels."""
        return [int(top) for top in np.unique(self.origins_yx[:, 0])]

    def stripes(self, rows: int) -> "list[Stripe]":
        """The photo from the top down in stripes of at most `rows` rows, none reaching over two rows of tiles."""
        return [
            Stripe(begin, top, min(top + rows, end))
            for begin, end in pairwise([*self.tops, self.image_hw[0]])
            for top in range(begin, end, rows)
        ]

    def row_of_tiles(self, top: int) -> tuple[slice, "Grid"]:
        """The tiles whose first row is `top`: which they are, and their grid on the band of rows they fill."""
        first, last = np.searchsorted(self.origins_yx[:, 0], [top, top + 1])
        which = slice(int(first), int(last))
        band_hw = (int(self.sizes_hw[first, 0]), self.image_hw[1])
        return which, Grid(band_hw, self.origins_yx[which] - np.array([top, 0]), self.sizes_hw[which])


def plan(image_hw: tuple[int, int], tile_hw: tuple[int, int], overlap: int = 0) -> Grid:
    """Lay tiles over a photo.

    Without overlap the last row and column are as small as what is left. With overlap every tile is whole: the last
    ones are moved back inside, so a photo must be at least one tile large.

    Args:
        image_hw: the photo's size, pixels.
        tile_hw: a tile's size, pixels.
        overlap: pixels that neighbours share at least.

    Returns:
        The grid; ⌈H / h⌉ · ⌈W / w⌉ tiles without overlap.
    """
    ys, heights = _plan_axis(image_hw[0], tile_hw[0], overlap)
    xs, widths = _plan_axis(image_hw[1], tile_hw[1], overlap)
    return Grid(image_hw, _pairs(ys, xs), _pairs(heights, widths))


def _plan_axis(length: int, tile: int, overlap: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    if overlap == 0:
        starts = np.arange(0, length, tile, dtype=np.int64)
        return starts, np.minimum(tile, length - starts)
    starts = np.arange(0, max(1, length - overlap), tile - overlap, dtype=np.int64)
    starts = np.minimum(starts, max(0, length - tile))
    return starts, np.full_like(starts, tile)


def _pairs(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def cut(photo: npt.NDArray[np.uint8], grid: Grid) -> Iterator[npt.NDArray[np.uint8]]:
    """Cut a photo.

    Args:
        photo: uint8 (H, W, 3).
        grid: from `plan`, for the photo's size.

    Yields:
        uint8 (h, w, 3), views into the photo, in the grid's order.
    """
    for (y, x), (height, width) in zip(grid.origins_yx, grid.sizes_hw, strict=True):
        yield photo[y : y + height, x : x + width]
