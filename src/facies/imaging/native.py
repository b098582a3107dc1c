"""What is done to every byte of a picture: `native/*.c`, compiled when Facies is installed.

NumPy needs ten passes for what is one here, and gives the interpreter to another thread after each; these calls run
without it, on as many cores as have stripes to make. Shapes and layouts are checked here, for the library does not.
"""

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

CHANNELS: Final = 3
VALUES: Final = 256

# As `native/deflate.c` has it.
_BYTES_PER_BYTE: Final = 2
_BLOCK: Final = 1 << 14
_BYTES_PER_BLOCK: Final = 1024

_LIBRARY: Final = Path(__file__).with_name("compiled.so")


def _load() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(_LIBRARY))
    except OSError as error:
        raise ImportError(
            f"Facies's compiled part cannot be loaded ({error}). Install Facies anew with pip, which compiles it."
        ) from error


def _read(kind: type[np.generic], ndim: int) -> type:
    return np.ctypeslib.ndpointer(kind, ndim, flags="C_CONTIGUOUS")


def _written(ndim: int) -> type:
    return np.ctypeslib.ndpointer(np.uint8, ndim, flags=("C_CONTIGUOUS", "WRITEABLE"))


_scratch: Final = np.ctypeslib.ndpointer(np.uint16, 2, flags=("C_CONTIGUOUS", "WRITEABLE"))
_library: Final = _load()
_library.facies_paint.argtypes = [
    _read(np.uint8, 3),
    ctypes.c_size_t,
    ctypes.c_size_t,
    _read(np.uint8, 2),
    _read(np.int64, 1),
    ctypes.c_size_t,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_size_t,
    _scratch,
    _written(3),
]
_library.facies_tint.argtypes = [
    _read(np.uint8, 3),
    _read(np.uint8, 2),
    _read(np.uint8, 3),
    ctypes.c_size_t,
    _written(3),
]
_library.facies_filter_rows.argtypes = [
    _read(np.uint8, 2),
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_size_t,
    _written(2),
]
_library.facies_deflate.argtypes = [_read(np.uint8, 1), ctypes.c_size_t, _written(1)]
_library.facies_deflate.restype = ctypes.c_size_t
_library.facies_halve.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
]
for _function in (_library.facies_paint, _library.facies_tint, _library.facies_filter_rows, _library.facies_halve):
    _function.restype = None


@dataclass(frozen=True)
class Lines:
    """How tiles are lined inside their edges.

    Attributes:
        alpha: of the lines, in 1/255.
        width: of the lines, pixels.
        above: how many of the rows are of the upper line.
        below: how many are of the lower one.
    """

    alpha: int
    width: int
    above: int
    below: int


def paint(
    photo: Bytes, colours: Bytes, edges: npt.NDArray[np.int64], fill_alpha: int, lines: Lines, out: Bytes
) -> None:
    """Fill tiles that lie side by side, and line them: (colour · alpha + photo · (255 - alpha)) / 255, to nearest.

    Args:
        photo: uint8 (H, W, 3), rows of one row of tiles.
        colours: uint8 (T, 3), of the tiles from left to right.
        edges: int64 (T + 1,), the first column of every tile, and W; none is less than the one before.
        fill_alpha: of the filling, 0 to 255.
        lines: where and how they are.
        out: uint8 (H, W, 3), is filled.
    """
    height, width, channels = photo.shape
    _check(out.shape == photo.shape and channels == CHANNELS == colours.shape[1] and len(edges) == len(colours) + 1)
    _check(edges[0] == 0 and edges[-1] == width and bool((edges[1:] >= edges[:-1]).all()))
    _check(all(0 <= alpha < VALUES for alpha in (fill_alpha, lines.alpha)) and lines.width >= 0)
    _check(min(lines.above, lines.below) >= 0 and lines.above + lines.below <= height)
    row_bytes = width * CHANNELS
    scratch = np.empty((4, row_bytes), dtype=np.uint16)
    _library.facies_paint(
        photo,
        height,
        row_bytes,
        colours,
        edges,
        len(colours),
        fill_alpha,
        lines.alpha,
        lines.width,
        lines.above,
        lines.below,
        scratch,
        out,
    )


def tint(photo: Bytes, labels: Bytes, table: Bytes, out: Bytes) -> None:
    """Look every value up: table[label, channel, value].

    Args:
        photo: uint8 (H, W, 3).
        labels: uint8 (H, W).
        table: uint8 (256, 3, 256).
        out: uint8 (H, W, 3), is filled.
    """
    _check(photo.shape == out.shape == (*labels.shape, CHANNELS) and table.shape == (VALUES, CHANNELS, VALUES))
    _library.facies_tint(photo, labels, table, labels.size, out)


def filter_rows(rows: Bytes, pixel_bytes: int, out: Bytes) -> None:
    """PNG's filter *sub* for the first row, *Paeth* for the others.

    Args:
        rows: uint8 (H, B), H ≥ 1.
        pixel_bytes: of one pixel, 1 ≤ pixel_bytes ≤ B.
        out: uint8 (H, 1 + B), is filled: the filter's number before every row.
    """
    count, row_bytes = rows.shape
    _check(count > 0 and 0 < pixel_bytes <= row_bytes and out.shape == (count, 1 + row_bytes))
    _library.facies_filter_rows(rows, count, row_bytes, pixel_bytes, out)


def deflate(data: Bytes) -> bytes:
    """Deflate what is noise with runs of one byte in it.

    Args:
        data: uint8 (N,).

    Returns:
        blocks of RFC 1951 that end on a whole byte; none is the last.
    """
    out = np.empty(_BYTES_PER_BYTE * len(data) + _BYTES_PER_BLOCK * (len(data) // _BLOCK + 1), dtype=np.uint8)
    return out[: _library.facies_deflate(data, len(data), out)].tobytes()


def halve(pixels: Bytes, out: Bytes) -> None:
    """The mean of every two by two pixels, rounded to nearest; at an odd edge the last row or column counts twice.

    Args:
        pixels: uint8 (H, W, 3); rows may lie apart.
        out: uint8 (⌈H / 2⌉, ⌈W / 2⌉, 3), is filled; its rows may lie apart.
    """
    height, width = pixels.shape[:2]
    _check(out.shape == ((height + 1) // 2, (width + 1) // 2, CHANNELS) and out.flags.writeable)
    _check(all(array.dtype == np.uint8 and array.strides[1:] == (CHANNELS, 1) for array in (pixels, out)))
    _library.facies_halve(pixels.ctypes.data, height, width, pixels.strides[0], out.ctypes.data, out.strides[0])


def _check(fits: bool) -> None:
    if not fits:
        raise ValueError("These arrays do not go together.")
