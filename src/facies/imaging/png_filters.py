"""What PNG writes in place of pixels: how each byte differs from what its neighbours let expect.

Source: PNG specification, third edition, section 9; the choice is that of its section 12.7, the least sum of absolute
differences, made for a stripe of rows at a time and from some of them: rows of one picture are much alike.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.uint8]

NONE, SUB, UP, AVERAGE, PAETH = range(5)

_SAMPLED_ROWS: Final = 7  # so many are asked which filter suits a stripe


def filter_rows(rows: Rows, pixel_bytes: int) -> Rows:
    """Filter the rows of a stripe with what suits them best.

    The first row does without the one above it, which is another stripe's.

    Args:
        rows: uint8 (H, B), bytes of a row one pixel after the other.
        pixel_bytes: of one pixel, 1 ≤ pixel_bytes ≤ B.

    Returns:
        uint8 (H, 1 + B), the filter's number before every row.
    """
    filtered = np.empty((len(rows), rows.shape[1] + 1), dtype=np.uint8)
    filtered[0, 0] = SUB
    _subtract_left(rows[:1], pixel_bytes, filtered[:1, 1:])
    if len(rows) > 1:
        chosen = _choose(rows, pixel_bytes)
        filtered[1:, 0] = chosen
        # All in one go: threads that filter side by side wait for each other at every step of NumPy's, and many small
        # steps cost more than a cache that is too small.
        _FILTERS[chosen](rows, pixel_bytes, filtered[1:, 1:])
    return filtered


def _choose(rows: Rows, pixel_bytes: int) -> int:
    """The filter with the least sum of absolute differences over some rows in the middle."""
    middle = max(0, (len(rows) - _SAMPLED_ROWS) // 2)
    block = rows[middle : middle + _SAMPLED_ROWS]
    difference = np.empty((len(block) - 1, rows.shape[1]), dtype=np.uint8)
    sums = {}
    for number, apply in _FILTERS.items():
        apply(block, pixel_bytes, difference)
        sums[number] = int(np.abs(difference.view(np.int8)).view(np.uint8).sum(dtype=np.uint64))
    return min(sums, key=lambda number: sums[number])


def _subtract_left(rows: Rows, pixel_bytes: int, out: Rows) -> None:
    out[:, :pixel_bytes] = rows[:, :pixel_bytes]
    np.subtract(rows[:, pixel_bytes:], rows[:, :-pixel_bytes], out=out[:, pixel_bytes:])


# Each takes a block with the row above it first, and fills `out`, one row fewer.


def _sub(block: Rows, pixel_bytes: int, out: Rows) -> None:
    _subtract_left(block[1:], pixel_bytes, out)


def _up(block: Rows, _pixel_bytes: int, out: Rows) -> None:
    np.subtract(block[1:], block[:-1], out=out)


def _average(block: Rows, pixel_bytes: int, out: Rows) -> None:
    left = np.zeros_like(block[1:])
    left[:, pixel_bytes:] = block[1:, :-pixel_bytes]
    above = block[:-1]
    half = left ^ above
    half >>= 1
    half += left & above  # (left + above) // 2 without a ninth bit
    np.subtract(block[1:], half, out=out)


def _paeth(block: Rows, pixel_bytes: int, out: Rows) -> None:
    """The neighbour that is nearest to left + above - corner, or the first of them where several are."""
    _up(block[:, :pixel_bytes], pixel_bytes, out[:, :pixel_bytes])
    wide = block.astype(np.int16)
    corner = wide[:-1, :-pixel_bytes]
    above_less_corner = wide[:-1, pixel_bytes:] - corner
    left_less_corner = wide[1:, :-pixel_bytes] - corner
    to_corner = np.abs(left_less_corner + above_less_corner)
    to_left = np.abs(above_less_corner, out=above_less_corner)
    to_above = np.abs(left_less_corner, out=left_less_corner)
    is_left = _mask((to_left <= to_above) & (to_left <= to_corner))
    is_above = _mask(to_above <= to_corner)
    left, above, expected = block[1:, :-pixel_bytes], block[:-1, pixel_bytes:], block[:-1, :-pixel_bytes]
    expected = expected ^ ((expected ^ above) & is_above)
    expected ^= (expected ^ left) & is_left
    np.subtract(block[1:, pixel_bytes:], expected, out=out[:, pixel_bytes:])


def _mask(chosen: npt.NDArray[np.bool_]) -> Rows:
    """255 where it is chosen, else 0."""
    bits: Rows = chosen.view(np.uint8)
    return np.negative(bits, out=bits)


_FILTERS: Final[dict[int, Callable[[Rows, int, Rows], None]]] = {
    PAETH: _paeth,
    AVERAGE: _average,
    UP: _up,
    SUB: _sub,
}
