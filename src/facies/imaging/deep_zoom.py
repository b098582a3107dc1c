"""A picture of any size as a deep zoom, written while its rows are still being made.

    stripes ▸ made on some threads ▸ a row of tiles ▸ JPEG, and half the scale, on all cores ▸ a zip, piece by piece

Every scale holds a row of tiles, and the whole picture another one, which is packed while the next one comes: memory is
set by the picture's width. Source: the Deep Zoom file format of Seadragon, a level for every power of two, tiles that
overlap.
"""

import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from simplejpeg import encode_jpeg

from facies.cores import count_cores
from facies.imaging.ahead import made_ahead
from facies.imaging.native import halve
from facies.imaging.png import Pixels, Stripe

# Every tile costs some of the interpreter's time beside its pixels, and who looks fetches what lies in sight.
DEEP_ZOOM_TILE = 510
DEEP_ZOOM_OVERLAP = 1

_QUALITY = 88
_FILE_MODE = 0o644
_DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="{overlap}" TileSize="{tile}">
  <Size Height="{height}" Width="{width}"/>
</Image>
"""


def stream_deep_zoom(image_hw: tuple[int, int], stripes: Iterable[Stripe], base: str) -> Iterator[bytes]:
    """Write a colour picture as a deep zoom.

    Args:
        image_hw: the picture's size, pixels.
        stripes: each makes some rows, uint8 (rows, W, 3), from the top down; called on several threads.
        base: name of its files.

    Yields:
        the parts of a zip file, nothing packed, for the tiles are JPEG; the names in it are those of DZI. An empty one
        now and then while there is none.

    Raises:
        ValueError: the stripes do not have as many rows as the picture.
    """
    threads = ThreadPoolExecutor(count_cores(), "deep-zoom")
    try:
        yield from _zipped(_files(image_hw, stripes, base, threads))
    finally:
        threads.shutdown(cancel_futures=True)


class _File(NamedTuple):
    name: str
    content: bytes


def _files(
    image_hw: tuple[int, int], stripes: Iterable[Stripe], base: str, threads: ThreadPoolExecutor
) -> Iterator[_File | None]:
    """The files of a deep zoom, and None after every stripe."""
    height, width = image_hw
    whole = _lay_out(image_hw, f"{base}_files", threads)
    for rows in made_ahead(stripes):
        yield from whole.take(rows)
        yield None
    yield from whole.finish()
    description = _DESCRIPTION.format(overlap=DEEP_ZOOM_OVERLAP, tile=DEEP_ZOOM_TILE, height=height, width=width)
    yield _File(f"{base}.dzi", description.encode())


def _lay_out(image_hw: tuple[int, int], folder: str, threads: ThreadPoolExecutor) -> "_Level":
    """All levels from one pixel up; the last is the whole picture."""
    highest = (max(image_hw) - 1).bit_length()
    level = _Level((1, 1), f"{folder}/0", None, threads)
    for number in range(1, highest + 1):
        height, width = (-(-side >> highest - number) for side in image_hw)
        level = _Level((height, width), f"{folder}/{number}", level, threads, is_whole=number == highest)
    return level


class _Level:
    """The picture at one scale: takes its rows from the top down, gives its tiles and those of every smaller scale."""

    def __init__(
        self,
        size_hw: tuple[int, int],
        folder: str,
        smaller: "_Level | None",
        threads: ThreadPoolExecutor,
        *,
        is_whole: bool = False,
    ) -> None:
        height, width = size_hw
        self._height, self._width = size_hw
        self._folder = folder
        self._smaller = smaller
        self._threads = threads
        held = min(height, DEEP_ZOOM_TILE + 2 * DEEP_ZOOM_OVERLAP)
        self._coming = np.empty((held, width, 3), dtype=np.uint8)
        self._spare = np.empty_like(self._coming) if is_whole else self._coming
        self._half = np.empty(((min(height, DEEP_ZOOM_TILE) + 1) // 2, (width + 1) // 2, 3), dtype=np.uint8)
        self._first = 0  # the row of the picture that `_coming` begins with
        self._taken = 0
        self._row = 0
        self._half_rows = 0
        self._packing: list[Future[_File]] = []

    def take(self, rows: Pixels) -> Iterator[_File]:
        """Take the next rows, uint8 (rows, W, 3), and give what has become of earlier ones."""
        while len(rows):
            end = min((self._row + 1) * DEEP_ZOOM_TILE + DEEP_ZOOM_OVERLAP, self._height)
            if self._taken == end:
                raise ValueError(f"There are more rows than the picture's {self._height}.")
            part, rows = rows[: end - self._taken], rows[end - self._taken :]
            self._coming[self._taken - self._first :][: len(part)] = part
            self._taken += len(part)
            if self._taken == end:
                yield from self._pack_row()

    def finish(self) -> Iterator[_File]:
        """Give what is left, when every row was taken."""
        if self._taken != self._height:
            raise ValueError(f"The rows end at {self._taken} of {self._height}.")
        yield from self._packed()
        if self._smaller is not None:
            yield from self._smaller.finish()

    def _pack_row(self) -> Iterator[_File]:
        """Have the row of tiles packed that is complete, and make room for the next one where the last one was."""
        yield from self._packed()
        top = self._row * DEEP_ZOOM_TILE
        bottom = min(top + DEEP_ZOOM_TILE, self._height)
        rows = self._coming[: self._taken - self._first]
        inside = slice(top - self._first, bottom - self._first)
        self._packing = [
            self._threads.submit(self._pack, f"{self._folder}/{column}_{self._row}.jpg", rows, inside, left)
            for column, left in enumerate(range(0, self._width, DEEP_ZOOM_TILE))
        ]
        self._half_rows = (bottom - top + 1) // 2
        if self._spare is self._coming:
            yield from self._packed()
        again = rows[inside.stop - DEEP_ZOOM_OVERLAP :]
        self._spare[: len(again)] = again
        self._coming, self._spare = self._spare, self._coming
        self._first, self._row = bottom - DEEP_ZOOM_OVERLAP, self._row + 1

    def _pack(self, name: str, rows: Pixels, inside: slice, left: int) -> _File:
        """A tile as JPEG, with what it shares with its neighbours; what is inside it at half the scale to `_half`."""
        outer_left, right = max(0, left - DEEP_ZOOM_OVERLAP), min(left + DEEP_ZOOM_TILE, self._width)
        tile = np.ascontiguousarray(rows[:, outer_left : right + DEEP_ZOOM_OVERLAP])
        if self._smaller is not None:
            inner = tile[inside, left - outer_left : right - outer_left]
            halve(inner, self._half[: (len(inner) + 1) // 2, left // 2 : (right + 1) // 2])
        return _File(name, encode_jpeg(tile, _QUALITY, colorsubsampling="420", fastdct=False))

    def _packed(self) -> Iterator[_File]:
        """The row of tiles that is being packed; the smaller scale gets its rows."""
        packing, self._packing = self._packing, []
        for tile in packing:
            yield tile.result()
        if packing and self._smaller is not None:
            yield from self._smaller.take(self._half[: self._half_rows])


class _Pieces:
    """A file that is written to, and taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        """What was written since this was asked for."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _zipped(files: Iterable[_File | None]) -> Iterator[bytes]:
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w") as archive:
        for file in files:
            if file is not None:
                entry = zipfile.ZipInfo(file.name)  # dated 1980, so that equal pictures are equal files
                entry.external_attr = _FILE_MODE << 16
                archive.writestr(entry, file.content)
            yield pieces.taken()
    yield pieces.taken()
