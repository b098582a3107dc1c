"""PNG, written in stripes on all cores, in memory set by the stripe.

A stripe of rows is made, filtered and deflated on its own; its last block ends on a byte boundary (a full flush), so
the outputs joined are one valid zlib stream. Photos are noise once they are filtered, in which looking for repetitions
takes long and finds next to nothing; what is written is codes for bytes and for runs of one byte. Grey pictures and
those of indices repeat themselves, and isal finds where.
Source: PNG specification, third edition, sections 5 and 9; RFC 1950.
"""

import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from facies.cores import count_cores
from facies.imaging import native
from facies.imaging.png_filters import NONE, UP, filter_rows

Pixels = npt.NDArray[np.uint8]
Stripe = Callable[[], Pixels]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, _RGB, _PALETTE = 0, 2, 3
_RGB_BYTES = 3
_STRIPE_BYTES = 3 << 20
# Large enough to deflate well, small enough to keep every core busy.
_PIECE_BYTES = 1 << 20
_RAW_DEFLATE = -15
_LEVEL = 1
# Deflate, 32 KiB window, fastest: what the two bytes of a zlib header say.
_ZLIB_HEADER = b"\x78\x01"
_ADLER_MODULUS = 65521
_CORES = count_cores()
_MOST_PENDING = _CORES + 2

_threads = ThreadPoolExecutor(_CORES, thread_name_prefix="png")


def stream_rgb(image_hw: tuple[int, int], stripes: Iterable[Stripe]) -> Iterator[bytes]:
    """Encode a colour picture piece by piece.

    Args:
        image_hw: the picture's size, pixels.
        stripes: each makes some rows, uint8 (rows, W, 3), from the top down; called on several threads.

    Yields:
        the parts of a PNG file.
    """
    return _stream(header(image_hw, _RGB), stripes, _filter_rgb, _deflate_rgb)


def stream_grey(image_hw: tuple[int, int], stripes: Iterable[Stripe]) -> Iterator[bytes]:
    """Encode a grey picture piece by piece; as `stream_rgb`, with stripes of uint8 (rows, W)."""
    return _stream(header(image_hw, GREY), stripes, partial(_filter, row_filter=UP), _deflate)


def stream_palette(image_hw: tuple[int, int], stripes: Iterable[Stripe], colours: Pixels) -> Iterator[bytes]:
    """Encode a picture of indices piece by piece; its pixels read as indices and show as colours.

    Args:
        image_hw: the picture's size, pixels.
        stripes: each makes some rows, uint8 (rows, W), indices into `colours`; called on several threads.
        colours: uint8 (C, 3), RGB, 1 ≤ C ≤ 256.

    Yields:
        the parts of a PNG file.
    """
    head = header(image_hw, _PALETTE) + chunk(b"PLTE", colours.tobytes())
    return _stream(head, stripes, partial(_filter, row_filter=NONE), _deflate)


def encode_rgb(pixels: Pixels) -> bytes:
    """Encode a colour picture, uint8 (H, W, 3), as a PNG file."""
    stripes = (partial(np.ascontiguousarray, stripe) for stripe in _cut(pixels, _STRIPE_BYTES))
    return b"".join(stream_rgb((pixels.shape[0], pixels.shape[1]), stripes))


def _cut(rows: Pixels, piece_bytes: int) -> Iterator[Pixels]:
    step = max(1, piece_bytes // rows[0].nbytes)
    for top in range(0, len(rows), step):
        yield rows[top : top + step]


@dataclass(frozen=True)
class _Deflated:
    """A piece of a stripe as an IDAT chunk, with the checksum and length of what was deflated."""

    chunk: bytes
    checksum: int
    length: int


_Filter = Callable[[Pixels], Pixels]
_Deflate = Callable[[Pixels], _Deflated]


def _stream(head: bytes, stripes: Iterable[Stripe], filter_stripe: _Filter, deflate: _Deflate) -> Iterator[bytes]:
    yield head + chunk(b"IDAT", _ZLIB_HEADER)
    checksum = 1
    for deflated in _in_order(stripes, filter_stripe, deflate):
        checksum = _join_checksums(checksum, deflated.checksum, deflated.length)
        yield deflated.chunk
    end = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE).flush(isal_zlib.Z_FINISH)
    yield chunk(b"IDAT", end + struct.pack(">I", checksum)) + chunk(b"IEND", b"")


def _in_order(stripes: Iterable[Stripe], filter_stripe: _Filter, deflate: _Deflate) -> Iterator[_Deflated]:
    pending: deque[Future[list[Future[_Deflated]]]] = deque()
    for stripe in stripes:
        pending.append(_threads.submit(_make, stripe, filter_stripe, deflate))
        if len(pending) > _MOST_PENDING:
            yield from _results(pending.popleft())
    while pending:
        yield from _results(pending.popleft())


def _make(stripe: Stripe, filter_stripe: _Filter, deflate: _Deflate) -> list[Future[_Deflated]]:
    """Make a stripe, filter it, and have its pieces deflated side by side: the last stripe too keeps every core busy.

    Waits for none of them, or all threads might wait.
    """
    return [_threads.submit(deflate, piece) for piece in _cut(filter_stripe(stripe()), _PIECE_BYTES)]


def _results(pieces: Future[list[Future[_Deflated]]]) -> Iterator[_Deflated]:
    return (piece.result() for piece in pieces.result())


def _filter_rgb(stripe: Pixels) -> Pixels:
    return filter_rows(stripe.reshape(len(stripe), -1), _RGB_BYTES)


def _deflate_rgb(filtered: Pixels) -> _Deflated:
    flat = filtered.reshape(-1)
    return _pack(native.deflate(flat), flat.data)


def _filter(rows: Pixels, row_filter: int) -> Pixels:
    filtered = np.empty((len(rows), rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = row_filter
    filtered[0, 0] = NONE  # what is above the stripe is another thread's
    filtered[0, 1:] = rows[0]
    if row_filter == UP:
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    else:
        filtered[1:, 1:] = rows[1:]
    return filtered


def _deflate(filtered: Pixels) -> _Deflated:
    data = filtered.data.cast("B")
    deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
    return _pack(deflate.compress(data) + deflate.flush(isal_zlib.Z_FULL_FLUSH), data)


def _pack(body: bytes, data: memoryview) -> _Deflated:
    return _Deflated(chunk(b"IDAT", body), isal_zlib.adler32(data), len(data))


def _join_checksums(first: int, second: int, second_length: int) -> int:
    """Adler-32 of two pieces joined, from the Adler-32 of each.

    Source: RFC 1950, section 8.2: s1 sums the bytes from 1, s2 sums the values of s1.
    """
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + second_length * ((first & 0xFFFF) - 1)
    return (high % _ADLER_MODULUS) << 16 | low % _ADLER_MODULUS


def header(image_hw: tuple[int, int], colour_type: int) -> bytes:
    """How a PNG of 8 bits a sample begins, such as one of `GREY`."""
    height, width = image_hw
    return _SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    checksum = isal_zlib.crc32(body, isal_zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))
