"""Pictures too large for one PNG, written while their rows are still being made: as deep zoom, or as a tiled TIFF.

    stripes ▸ painted on some threads ▸ an unpacked PNG ▸ libvips ▸ the file, piece by piece

libvips writes both and takes rows from files only, so it gets them through a socket as a PNG that is not packed, which
costs little more than the copying. Memory is set by a stripe and by libvips' band of rows, whatever the picture's size.
"""

import socket
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

import numpy as np
import pyvips
from isal import isal_zlib

from facies.imaging.png import Pixels, Stripe

# Every tile costs a tenth of a millisecond beside its pixels: a quarter of them takes little more than half the time.
DEEP_ZOOM_TILE = 510
DEEP_ZOOM_OVERLAP = 1

_MAP_TILE = 512
_PAINTERS = 2
_MOST_PENDING = 2
_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18
_LOOK_AGAIN_S = 0.25

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2}
_FILTER_NONE = 0
_Save = Callable[[pyvips.Image, pyvips.Target], None]


def deep_zoom_of(picture: pyvips.Image, base: str) -> Iterator[bytes]:
    """Write a picture that can be read as a deep zoom.

    Args:
        picture: is read once, from the top down.
        base: name of the deep zoom's files.

    Yields:
        the parts of a zip file, nothing packed, for the tiles are JPEG; the names in it are those of DZI.

    Raises:
        pyvips.Error: the picture cannot be read.
    """
    with ThreadPoolExecutor(1, "pyramid") as threads, _Line() as out_of:
        saving = threads.submit(_save_deep_zoom, picture, out_of, base)
        yield from out_of.received()
        saving.result()


def _save_deep_zoom(picture: pyvips.Image, out_of: "_Line", base: str) -> None:
    try:
        _write_deep_zoom(picture, pyvips.Target.new_to_descriptor(out_of.far_end.fileno()), base)
    finally:
        out_of.end()


def _write_deep_zoom(picture: pyvips.Image, target: pyvips.Target, base: str) -> None:
    picture.dzsave_target(
        target,
        imagename=base,
        container="zip",
        compression=0,
        suffix=".jpg[Q=88]",
        tile_size=DEEP_ZOOM_TILE,
        overlap=DEEP_ZOOM_OVERLAP,
        keep="none",
    )


def stream_deep_zoom(image_hw: tuple[int, int], stripes: Iterable[Stripe], base: str) -> Iterator[bytes]:
    """Write a colour picture as a deep zoom.

    Args:
        image_hw: the picture's size, pixels.
        stripes: each makes some rows, uint8 (rows, W, 3), from the top down; called on several threads.
        base: name of its files.

    Yields:
        the parts of a zip file, see `deep_zoom_of`; an empty one now and then while there is none.
    """
    rows = _unpacked_png(image_hw, 3, stripes)
    return _through_libvips(rows, lambda picture, target: _write_deep_zoom(picture, target, base))


def stream_tiled_tiff(image_hw: tuple[int, int], stripes: Iterable[Stripe]) -> Iterator[bytes]:
    """Write a grey picture, such as a label map, as a tiled BigTIFF without loss.

    Args:
        image_hw: the picture's size, pixels.
        stripes: each makes some rows, uint8 (rows, W), from the top down; called on several threads.

    Yields:
        empty ones while it is made, in a temporary file since its table of contents is filled in last; then its parts.
    """
    with TemporaryFile() as file:  # it has no name, so nothing is left of it whatever happens
        target = pyvips.Target.new_to_descriptor(file.fileno())
        yield from _through_libvips(_unpacked_png(image_hw, 1, stripes), lambda picture, _: _save_tiff(picture, target))
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _save_tiff(picture: pyvips.Image, target: pyvips.Target) -> None:
    sides = {"tile": True, "tile_width": _MAP_TILE, "tile_height": _MAP_TILE}
    picture.tiffsave_target(
        target, compression="deflate", level=1, predictor="none", bigtiff=True, keep="none", **sides
    )


# --- rows into libvips, and a file out of it --------------------------------------------------------------------------


def _through_libvips(rows: Iterator[bytes], save: _Save) -> Iterator[bytes]:
    """Have libvips make a file of a PNG, both streamed. Whatever ends early ends the others."""
    with ThreadPoolExecutor(2, "pyramid") as threads, _Line() as into, _Line() as out_of:
        sending = threads.submit(into.send, rows)
        saving = threads.submit(_save, into, out_of, save)
        yield from out_of.received(lambda: into.sent_bytes)
        for part in (sending, saving):  # where rows cannot be made that is the reason, and libvips' word only the echo
            part.result()


def _save(into: "_Line", out_of: "_Line", save: _Save) -> None:
    try:
        source = pyvips.Source.new_from_descriptor(into.far_end.fileno())
        picture = pyvips.Image.pngload_source(source, access="sequential", fail_on="error")
        save(picture, pyvips.Target.new_to_descriptor(out_of.far_end.fileno()))
    finally:
        into.cut()
        out_of.end()


class _Line:
    """Two sockets that are joined. Unlike a pipe it can be cut while libvips holds its end."""

    def __init__(self) -> None:
        self.near_end, self.far_end = socket.socketpair()
        self.sent_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self.near_end.close()
        self.far_end.close()

    def cut(self) -> None:
        """Nothing goes through any more, in either direction."""
        with suppress(OSError):  # cut already
            self.near_end.shutdown(socket.SHUT_RDWR)

    def send(self, pieces: Iterator[bytes]) -> None:
        """Send everything, and say that this was all; end early if nobody receives."""
        try:
            for piece in pieces:
                self.near_end.sendall(piece)
                self.sent_bytes += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            return  # whoever cut the line knows why
        finally:
            with suppress(OSError):
                self.near_end.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """What came from the far end was all."""
        with suppress(OSError):
            self.far_end.shutdown(socket.SHUT_WR)

    def received(self, progress: Callable[[], int] = lambda: 0) -> Iterator[bytes]:
        """What comes from the far end; an empty piece where nothing came yet but `progress` grew.

        So who waits for the pieces sees that work goes on, and may stop it.
        """
        seen = 0
        self.near_end.settimeout(_LOOK_AGAIN_S)
        while True:
            try:
                piece = self.near_end.recv(_PIECE_BYTES)
            except TimeoutError:
                if progress() > seen:
                    seen = progress()
                    yield b""
                continue
            if not piece:
                return
            yield piece


# --- rows as a PNG that is not packed ---------------------------------------------------------------------------------


def _unpacked_png(image_hw: tuple[int, int], bands: int, stripes: Iterable[Stripe]) -> Iterator[bytes]:
    """Source: PNG specification, third edition, sections 5, 9 and 11; RFC 1950."""
    height, width = image_hw
    yield _SIGNATURE
    yield from _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[bands], 0, 0, 0))
    packing, step = zlib.compressobj(0), max(1, _CHUNK_BYTES // (width * bands))
    for made in _made(stripes):
        for top in range(0, len(made), step):
            rows = made[top : top + step]
            unfiltered = np.empty((len(rows), width * bands + 1), dtype=np.uint8)
            unfiltered[:, 0] = _FILTER_NONE
            unfiltered[:, 1:] = rows.reshape(len(rows), -1)
            yield from _chunk(b"IDAT", packing.compress(unfiltered.data))
    yield from _chunk(b"IDAT", packing.flush())
    yield from _chunk(b"IEND", b"")


def _made(stripes: Iterable[Stripe]) -> Iterator[Pixels]:
    """The stripes' rows, a few made ahead."""
    pending: deque[Future[Pixels]] = deque()
    with ThreadPoolExecutor(_PAINTERS, "paint") as threads:
        for stripe in stripes:
            pending.append(threads.submit(stripe))
            if len(pending) > _MOST_PENDING:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _chunk(kind: bytes, body: bytes) -> Iterator[bytes]:
    yield struct.pack(">I", len(body)) + kind
    yield body
    yield struct.pack(">I", isal_zlib.crc32(body, isal_zlib.crc32(kind)))
