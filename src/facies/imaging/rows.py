"""Rows out of an opened photo, in pieces that stay in the processor's reach; the tiles of a TIFF on two threads."""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyvips

_Pixels = npt.NDArray[np.uint8]

# What is decoded is copied while the processor still has it at hand, which takes a tenth less time than 4 MiB at once;
# 26 MiB took twice as long. Every piece costs some of the interpreter's time, so those of a wide photo are larger.
_PIECE_BYTES = 1 << 20
_LEAST_ROWS = 32


class RowReader:
    """Reads rows from the top down; a tiled TIFF in two columns side by side. `read` is for one thread at a time."""

    def __init__(self, image: pyvips.Image) -> None:
        """Make it; nothing is read yet.

        Args:
            image: from `facies.imaging.decode.open_image`.
        """
        self._image = image
        # libvips holds two rows of tiles: a taller piece would have some decoded twice.
        rows = max(_LEAST_ROWS, _PIECE_BYTES // (3 * image.width))
        self._most_rows = min(rows, _number(image, "tile-height") or image.height)
        self._middle = _middle(image)
        self._left = pyvips.Region.new(image)
        self._right = pyvips.Region.new(image)  # one a thread, for libvips keeps what it reads by thread
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="column")
        self._is_closed = False

    def read(self, top: int, rows: _Pixels) -> None:
        """Read some.

        Args:
            top: the first one.
            rows: uint8 (rows, W, 3), where they go; not all of them, if it is closed meanwhile.

        Raises:
            pyvips.Error: the file is cut off or damaged.
        """
        for first in range(0, len(rows), self._most_rows):
            if self._is_closed:
                return
            piece = rows[first : first + self._most_rows]
            right = self._read_right(top + first, piece)
            _fetch(self._left, 0, top + first, piece[:, : self._middle])
            if right is not None:
                right.result()

    def _read_right(self, top: int, piece: _Pixels) -> "Future[None] | None":
        if self._middle == self._image.width:
            return None
        return self._aside.submit(_fetch, self._right, self._middle, top, piece[:, self._middle :])

    def close(self) -> None:
        """Read no more; waits for nothing. May be called from any thread."""
        self._is_closed = True
        self._aside.shutdown(wait=False)


def _middle(image: pyvips.Image) -> int:
    """Where the right column begins: between two tiles, or behind the last pixel where there is none."""
    tile_width = _number(image, "tile-width")
    middle = image.width // 2 // tile_width * tile_width if tile_width else 0
    return middle or int(image.width)


def _number(image: pyvips.Image, field: str) -> int:
    return int(image.get(field)) if image.get_typeof(field) else 0


def _fetch(region: pyvips.Region, left: int, top: int, pixels: _Pixels) -> None:
    height, width = pixels.shape[:2]
    fetched = np.frombuffer(region.fetch(left, top, width, height), dtype=np.uint8)
    pixels[...] = fetched.reshape(pixels.shape)
