"""PNG, written in stripes on all cores.

A stripe of rows is filtered and deflated on its own; its last block ends on a byte boundary (a full flush), so the
outputs joined are one valid zlib stream. Deflate is isal's, the fastest at the size of zlib's level 1.
Source: PNG specification, third edition, sections 5 and 9; RFC 1950.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
_FILTER_NONE, _FILTER_UP = 0, 2
_STRIPE_BYTES = 1 << 20
_RAW_DEFLATE = -15
_LEVEL = 1
# Deflate, 32 KiB window, fastest: what the two bytes of a zlib header say.
_ZLIB_HEADER = b"\x78\x01"

_threads = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="png")


def encode_rgb(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode a colour picture.

    Args:
        pixels: uint8 (H, W, 3), RGB.

    Returns:
        A PNG file.
    """
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels).reshape(height, width * channels)
    return _encode(rows, width, _RGB, _FILTER_UP)


def encode_grey(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode a grey picture, uint8 (H, W), as a PNG file."""
    return _encode(np.ascontiguousarray(pixels), pixels.shape[1], _GREY, _FILTER_UP)


def encode_palette(indices: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8]) -> bytes:
    """Encode a picture of indices.

    Args:
        indices: uint8 (H, W), into `colours`.
        colours: uint8 (C, 3), RGB, 1 ≤ C ≤ 256.

    Returns:
        A PNG file whose pixels read as indices and show as colours.
    """
    palette = _chunk(b"PLTE", colours.tobytes())
    return _encode(np.ascontiguousarray(indices), indices.shape[1], _PALETTE, _FILTER_NONE, palette)


def _encode(
    rows: npt.NDArray[np.uint8], width: int, colour_type: int, row_filter: int, extra_chunks: bytes = b""
) -> bytes:
    header = struct.pack(">IIBBBBB", width, len(rows), 8, colour_type, 0, 0, 0)
    parts = [_SIGNATURE, _chunk(b"IHDR", header), extra_chunks, _chunk(b"IDAT", _ZLIB_HEADER)]
    checksum = 1
    for chunk, filtered in _threads.map(partial(_deflate_stripe, rows, row_filter), _stripes(*rows.shape)):
        parts.append(chunk)
        checksum = isal_zlib.adler32(filtered, checksum)
    parts.append(_chunk(b"IDAT", struct.pack(">I", checksum)))
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _stripes(height: int, row_bytes: int) -> Iterator[slice]:
    step = max(1, _STRIPE_BYTES // row_bytes)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def _deflate_stripe(rows: npt.NDArray[np.uint8], row_filter: int, stripe: slice) -> tuple[bytes, memoryview]:
    """Filter and deflate some rows: an IDAT chunk, and the filtered bytes for the checksum over all."""
    filtered = np.empty((stripe.stop - stripe.start, rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = row_filter
    if row_filter == _FILTER_UP:
        first = stripe.start == 0
        above = rows[max(0, stripe.start - 1) : stripe.stop - 1]
        np.subtract(rows[stripe.start + first : stripe.stop], above, out=filtered[first:, 1:])
        if first:
            filtered[0, 1:] = rows[0]
    else:
        filtered[:, 1:] = rows[stripe]
    data = filtered.data.cast("B")
    deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
    body = deflate.compress(data)
    last = stripe.stop == len(rows)
    tail = deflate.flush(isal_zlib.Z_FINISH if last else isal_zlib.Z_FULL_FLUSH)
    return _chunk(b"IDAT", body + tail), data


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))
