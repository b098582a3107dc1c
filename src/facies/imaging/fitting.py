"""Pixels reach the size at which a network looks: a tile, the whole ones of a row together, or a photo."""

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyvips
from PIL import Image

from facies.cores import count_cores
from facies.imaging.ahead import ahead
from facies.imaging.tiles import Grid, cut

_Pixels = npt.NDArray[np.uint8]
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_KERNELS = {"bilinear": "linear", "bicubic": "cubic"}
# As many as a row of a photo of 12 MP has. A giant's row at once would keep whoever wants the job to stop waiting.
_MOST_TOGETHER = 16
# Of a photo: small enough to stay near the processor, and for its memory to be used again.
_BAND_BYTES = 4 << 20


def fit(tile: _Pixels, size_hw: tuple[int, int], resize: str = "bilinear") -> _Pixels:
    """Resize a tile to the network's input.

    Args:
        tile: uint8 (h, w, 3).
        size_hw: the wanted size, pixels. The aspect is not kept.
        resize: "bilinear" or "bicubic", both antialiased.

    Returns:
        uint8 (*size_hw, 3).
    """
    if tile.shape[:2] == size_hw:
        return tile
    height, width = size_hw
    return np.asarray(Image.fromarray(tile).resize((width, height), _FILTERS[resize]))


def fit_photo(photo: _Pixels, size_hw: tuple[int, int]) -> _Pixels:
    """Resize a photo, bilinear and antialiased, band by band on all cores.

    Args:
        photo: uint8 (H, W, 3).
        size_hw: the wanted size, pixels.

    Returns:
        uint8 (*size_hw, 3), as `fit` makes it but for roundings, of a level of 255 at most.
    """
    if photo.shape[:2] == size_hw:
        return photo
    fitted, cores = np.empty((*size_hw, 3), dtype=np.uint8), count_cores()
    rows = math.ceil(size_hw[0] / max(cores, photo.nbytes // _BAND_BYTES))

    def fit_band(top: int) -> None:
        band = fitted[top : top + rows]
        band[...] = _resized_rows(photo, size_hw, top, top + len(band))

    for _ in ahead(fit_band, range(0, size_hw[0], rows), most=2 * cores, threads=cores):
        pass
    return fitted


def _resized_rows(photo: _Pixels, size_hw: tuple[int, int], top: int, bottom: int) -> _Pixels:
    """Some rows of a photo of another size, from no more of the photo's own than the filter reaches."""
    height, (wanted_height, width) = len(photo), size_hw
    scale = height / wanted_height
    reach = max(1.0, scale) + 1  # of the filter's triangle, in the photo's rows; and one for roundings
    first, last = max(0, math.floor(top * scale - reach)), min(height, math.ceil(bottom * scale + reach))
    box = (0, top * scale - first, photo.shape[1], bottom * scale - first)
    rows = Image.fromarray(photo[first:last])
    return np.asarray(rows.resize((width, bottom - top), _FILTERS["bilinear"], box=box))


def fit_row(
    band: _Pixels, row: Grid, size_hw: tuple[int, int], resize: str = "bilinear"
) -> Iterator[Callable[[], _Pixels]]:
    """Resize a row of tiles to the network's input.

    Tiles that are to shrink are shrunk some side by side in one go, which takes a third of the processor's time and the
    interpreter's lock once instead of ten times a tile. The filter is that of `fit`: a sample differs by less than a
    level of 255 on average, and at a seam the filter reaches into the neighbour by less than a pixel.

    Args:
        band: uint8 (h, W, 3), C order, the pixels that the row fills.
        row: a row of a plain grid, as `Grid.row_of_tiles` gives it.
        size_hw: the wanted size, pixels.
        resize: see `fit`.

    Yields:
        what makes each tile, uint8 (*size_hw, 3), in order; those that are resized one by one are when it is called.
    """
    together = _count_whole(row) if _all_shrink(row, size_hw) else 0
    if together:
        yield from _shrunk(band, row, together, size_hw, _KERNELS[resize])
    for tile in list(cut(band, row))[together:]:
        yield partial(fit, tile, size_hw, resize)


def _count_whole(row: Grid) -> int:
    """How many tiles from the left are as wide as the first: all but the last, or all."""
    return int((row.sizes_hw[:, 1] == row.sizes_hw[0, 1]).sum())


def _all_shrink(row: Grid, size_hw: tuple[int, int]) -> bool:
    height, width = row.sizes_hw[0]
    return (height, width) != size_hw and height >= size_hw[0] and width >= size_hw[1]


def _shrunk(
    band: _Pixels, row: Grid, count: int, size_hw: tuple[int, int], kernel: str
) -> Iterator[Callable[[], _Pixels]]:
    """As `fit_row`, for the first tiles of a row, which are whole: by libvips, on all cores."""
    (tile_height, tile_width), (height, width) = row.sizes_hw[0].tolist(), size_hw
    pixels = np.ascontiguousarray(band)
    image = pyvips.Image.new_from_memory(pixels.data, pixels.shape[1], tile_height, 3, "uchar")
    for first in range(0, count, _MOST_TOGETHER):
        tiles = min(_MOST_TOGETHER, count - first)
        some = image.crop(first * tile_width, 0, tiles * tile_width, tile_height)
        small = some.reduce(tile_width / width, tile_height / height, kernel=kernel)
        shrunk = np.frombuffer(small.write_to_memory(), dtype=np.uint8).reshape(height, tiles * width, 3)
        for left in range(0, tiles * width, width):
            yield partial(_give, shrunk[:, left : left + width])


def _give(tile: _Pixels) -> _Pixels:
    return tile
