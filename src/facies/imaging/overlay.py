"""The coloured picture: a label map or labelled tiles, painted over the photo."""

from typing import Any

import numpy as np
import numpy.typing as npt

from facies.imaging.tiles import Grid

FILL_ALPHA = 90
_LINE_ALPHA = 220
_LINE_WIDTH = 2
_STRIPE_ROWS = 256


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
        label_map: uint8 (H, W), indices into `colours`.
        colours: uint8 (C, 3), RGB.
        opacity: 0 shows the photo, 1 the colours.
        background: the class whose pixels stay as they are.

    Returns:
        uint8 (H, W, 3).
    """
    table = _tint_table(colours, opacity, background)
    overlay = np.empty_like(photo)
    for top in range(0, len(photo), _STRIPE_ROWS):
        rows = slice(top, top + _STRIPE_ROWS)
        base = label_map[rows].astype(np.uint16) << 8
        for channel in range(3):
            overlay[rows, :, channel] = table[channel].take(base | photo[rows, :, channel])
    return overlay


def _tint_table(colours: npt.NDArray[np.uint8], opacity: float, background: int | None) -> npt.NDArray[np.uint8]:
    """The tinted value for every channel, class and value of the photo: uint8 (3, C · 256)."""
    values = np.arange(256, dtype=np.float64)
    table = np.floor((1 - opacity) * values + opacity * colours.T.astype(np.float64)[:, :, None]).astype(np.uint8)
    if background is not None:
        table[:, background] = values
    return table.reshape(3, -1)


def paint_tiles(
    photo: npt.NDArray[np.uint8],
    grid: Grid,
    labels: npt.NDArray[np.unsignedinteger[Any]],
    colours: npt.NDArray[np.uint8],
    fill_alpha: int = FILL_ALPHA,
) -> npt.NDArray[np.uint8]:
    """Fill every tile with its class's colour at alpha 90/255, and draw a 2-px line at 220/255 round its inside.

    Args:
        photo: uint8 (H, W, 3).
        grid: where the tiles lie.
        labels: unsigned (T,), indices into `colours`.
        colours: uint8 (C, 3), RGB.
        fill_alpha: of the filling, in 1/255.

    Returns:
        uint8 (H, W, 3), rounded to nearest.
    """
    overlay = np.empty_like(photo)
    fills = _mix_table(colours, fill_alpha)
    lines = _mix_table(colours, _LINE_ALPHA)
    for (y, x), (height, width), label in zip(grid.origins_yx, grid.sizes_hw, labels, strict=True):
        area = np.s_[y : y + height, x : x + width]
        _mix(photo[area], fills[label], overlay[area])
        for edge in _edges(int(height), int(width)):
            _mix(photo[area][edge], lines[label], overlay[area][edge])
    return overlay


def _mix_table(colours: npt.NDArray[np.uint8], alpha: int) -> npt.NDArray[np.uint8]:
    """The mixed value for every class, channel and value of the photo: uint8 (C, 3, 256)."""
    values = np.arange(256, dtype=np.int64)
    return ((colours.astype(np.int64)[:, :, None] * alpha + values * (255 - alpha) + 127) // 255).astype(np.uint8)


def _mix(photo: npt.NDArray[np.uint8], table: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8]) -> None:
    for channel in range(3):
        out[..., channel] = table[channel].take(photo[..., channel])


def _edges(height: int, width: int) -> tuple[tuple[slice, slice], ...]:
    """The four sides of a tile; they may overlap, since each is mixed from the photo anew."""
    everything = slice(None)
    return (
        (slice(0, _LINE_WIDTH), everything),
        (slice(max(0, height - _LINE_WIDTH), None), everything),
        (everything, slice(0, _LINE_WIDTH)),
        (everything, slice(max(0, width - _LINE_WIDTH), None)),
    )
