"""A grey picture of any size, such as a label map, as a tiled TIFF, written while its rows are still being made.

    stripes ▸ made on some threads ▸ an unpacked PNG ▸ libvips ▸ the file

libvips takes rows from files only, so it gets them through a socket as a PNG that is not packed, which costs little
more than the copying. Memory is set by a stripe and by libvips' band of rows, whatever the picture's size.
"""

import socket
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

import numpy as np
import pyvips

from facies.imaging.ahead import made_ahead
from facies.imaging.png import GREY, Stripe, chunk, header

_TILE = 512
_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18
_LOOK_AGAIN_S = 0.02

_FILTER_NONE = 0


def stream_tiled_tiff(image_hw: tuple[int, int], stripes: Iterable[Stripe]) -> Iterator[bytes]:
    """Write a grey picture as a tiled BigTIFF without loss.

    Args:
        image_hw: the picture's size, pixels.
        stripes: each makes some rows, uint8 (rows, W), from the top down; called on several threads.

    Yields:
        empty ones while it is made, in a temporary file since its table of contents is filled in last; then its parts.
    """
    with TemporaryFile() as file:  # it has no name, so nothing is left of it whatever happens
        yield from _save(_unpacked_png(image_hw, stripes), pyvips.Target.new_to_descriptor(file.fileno()))
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _save(rows: Iterator[bytes], target: pyvips.Target) -> Iterator[bytes]:
    """Have libvips make a TIFF of a PNG that is streamed. Whatever ends early ends the other."""
    with ThreadPoolExecutor(2, "tiff") as threads, _Line() as line:
        sending = threads.submit(line.send, rows)
        saving = threads.submit(_save_png, line, target)
        yield from _while_it_goes_on(saving, lambda: line.sent_bytes)
        for part in (sending, saving):  # where rows cannot be made that is the reason, and libvips' word only the echo
            part.result()


def _while_it_goes_on(saving: "Future[None]", progress: Callable[[], int]) -> Iterator[bytes]:
    """An empty piece now and then, if `progress` grew, so that who waits sees that work goes on, and may stop it."""
    seen = 0
    while not wait([saving], _LOOK_AGAIN_S).done:
        if progress() > seen:
            seen = progress()
            yield b""


def _save_png(line: "_Line", target: pyvips.Target) -> None:
    try:
        source = pyvips.Source.new_from_descriptor(line.far_end.fileno())
        picture = pyvips.Image.pngload_source(source, access="sequential", fail_on="error")
        sides = {"tile": True, "tile_width": _TILE, "tile_height": _TILE}
        picture.tiffsave_target(
            target, compression="deflate", level=1, predictor="none", bigtiff=True, keep="none", **sides
        )
    finally:
        line.cut()


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


# --- rows as a PNG that is not packed ---------------------------------------------------------------------------------


def _unpacked_png(image_hw: tuple[int, int], stripes: Iterable[Stripe]) -> Iterator[bytes]:
    """Source: PNG specification, third edition, section 9; RFC 1950."""
    width = image_hw[1]
    yield header(image_hw, GREY)
    packing, step = zlib.compressobj(0), max(1, _CHUNK_BYTES // width)
    for made in made_ahead(stripes):
        for top in range(0, len(made), step):
            rows = made[top : top + step]
            unfiltered = np.empty((len(rows), width + 1), dtype=np.uint8)
            unfiltered[:, 0] = _FILTER_NONE
            unfiltered[:, 1:] = rows
            yield chunk(b"IDAT", packing.compress(unfiltered.data))
    yield chunk(b"IDAT", packing.flush())
    yield chunk(b"IEND", b"")
