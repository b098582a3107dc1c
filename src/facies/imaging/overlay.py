"""The coloured picture: a label map or labelled tiles, painted over the photo."""

from typing import Any

import numpy as np
import numpy.typing as npt

from facies.imaging import native
from facies.imaging.tiles import Grid

FILL_ALPHA = 90
_LINE_ALPHA = 220
_LINE_WIDTH = 2


def tint(
    photo: npt.NDArray[np.uint8],
    label_map: npt.NDArray[np.uint8],
    colours: npt.NDArray[np.uint8],
    opacity: float,
    background: int | None,
) -> npt.NDArray[np.uint8]:
    """Tint every pixel with the colour of its class: floor((1 - opacity) * photo + opacity * colour).

    Args:
        photo: uint8 (H, W, 3).
        label_map: uint8 (H, W), indices into `colours`; pixels with any other label stay as they are.
        colours: uint8 (C, 3), RGB, C ≤ 256.
        opacity: 0 shows the photo, 1 the colours.
        background: the class whose pixels stay as they are.

    Returns:
        uint8 (H, W, 3).
    """
    photo = np.ascontiguousarray(photo)
    overlay = np.empty_like(photo)
    native.tint(photo, np.ascontiguousarray(label_map), _tint_table(colours, opacity, background), overlay)
    return overlay


def _tint_table(colours: npt.NDArray[np.uint8], opacity: float, background: int | None) -> npt.NDArray[np.uint8]:
    """The tinted value for every label, channel and value of the photo: uint8 (256, 3, 256)."""
    values = np.arange(native.VALUES)
    table = np.empty((native.VALUES, native.CHANNELS, native.VALUES), dtype=np.uint8)
    table[:] = values
    painted = [label for label in range(len(colours)) if label != background]
    table[painted] = np.floor((1 - opacity) * values + opacity * colours[painted][:, :, None].astype(np.float64))
    return table


def paint_tiles(
    photo: npt.NDArray[np.uint8],
    grid: Grid,
    labels: npt.NDArray[np.unsignedinteger[Any]],
    colours: npt.NDArray[np.uint8],
    fill_alpha: int = FILL_ALPHA,
    top: int = 0,
) -> npt.NDArray[np.uint8]:
    """Fill every tile with its class's colour at alpha 90/255, and draw a 2-px line at 220/255 round its inside.

    Args:
        photo: uint8 (rows, W, 3), all of it or some of its rows.
        grid: where the tiles lie on all of it.
        labels: unsigned (T,), indices into `colours`.
        colours: uint8 (C, 3), RGB.
        fill_alpha: of the filling, in 1/255.
        top: the first of these rows.

    Returns:
        uint8 (rows, W, 3), rounded to nearest.
    """
    photo = np.ascontiguousarray(photo)
    overlay = np.empty_like(photo)
    for row_top in grid.tops:
        which, row = grid.row_of_tiles(row_top)
        _paint_row(photo, row, colours[labels[which]], fill_alpha, overlay, row_top - top)
    return overlay


def _paint_row(
    photo: npt.NDArray[np.uint8],
    row: Grid,
    colours: npt.NDArray[np.uint8],
    fill_alpha: int,
    overlay: npt.NDArray[np.uint8],
    top: int,
) -> None:
    """Paint what is there of a row of tiles that begins at `top`, `colours` uint8 (T, 3) from left to right."""
    height = row.image_hw[0]
    begin, end = max(0, -top), min(height, len(photo) - top)  # rows of the row of tiles
    if begin >= end:
        return
    above = max(0, min(_LINE_WIDTH, end) - begin)
    below = max(0, end - max(_LINE_WIDTH, height - _LINE_WIDTH, begin))
    rows = slice(top + begin, top + end)
    edges = np.append(row.origins_yx[:, 1], photo.shape[1])
    lines = native.Lines(_LINE_ALPHA, _LINE_WIDTH, above, below)
    native.paint(photo[rows], colours, edges, fill_alpha, lines, overlay[rows])
