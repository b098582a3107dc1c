"""A photo on disk: its size at once, its pixels when they are asked for, whole or in bands.

A small photo is decoded once and kept. A large one is decoded anew for every pass, band by band from the top, so that
memory is set by the band and not by the photo.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from facies.errors import DamagedPhotoError
from facies.imaging.ahead import ahead
from facies.imaging.decode import open_image
from facies.imaging.fitting import fit_photo
from facies.imaging.header import check_pixels, read_header
from facies.imaging.rows import RowReader
from facies.imaging.sizes import DEFAULT_SIZES, Sizes
from facies.imaging.tiles import Grid

Span = tuple[int, int]
_PIXEL_BYTES = 3
# A file's own tiles are decoded a row of them at a time, so stripes come in bursts.
_AHEAD_BYTES = 64 << 20


@dataclass(frozen=True)
class Photo:
    """A photo: upright as EXIF says, 8-bit RGB, whatever the file is. Made by `open_photo`.

    Attributes:
        path: the file.
        image_hw: (H, W) after EXIF rotation, pixels.
        sizes: from how many pixels on it is treated otherwise.

    Reading pixels raises DamagedPhotoError where the file is cut off or damaged.
    """

    path: Path
    image_hw: tuple[int, int]
    sizes: Sizes

    @property
    def is_kept(self) -> bool:
        """Whether it stays in memory once it is decoded."""
        return self.image_hw[0] * self.image_hw[1] <= self.sizes.kept

    @property
    def is_pictured(self) -> bool:
        """Whether a picture of its size is written in one piece."""
        return self.image_hw[0] * self.image_hw[1] <= self.sizes.pictured

    @cached_property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """All of it: uint8 (H, W, 3), RGB."""
        with _decoding(self.path):
            content = open_image(self.path).write_to_memory()
        array: npt.NDArray[np.uint8] = np.frombuffer(content, dtype=np.uint8)
        return array.reshape(*self.image_hw, 3)

    def bands(self, rows: int, tops: Sequence[int] | None = None) -> Iterator[npt.NDArray[np.uint8]]:
        """Bands of rows, from the top down.

        Args:
            rows: of a band.
            tops: the first row of each; all of the photo if not given. What lies between them is passed over, in a
                tiled TIFF without decoding it.

        Yields:
            uint8 (rows, W, 3); the one at the lower edge has what is left.
        """
        height = self.image_hw[0]
        wanted = range(0, height, rows) if tops is None else tops
        return self.spans([(top, min(top + rows, height)) for top in wanted])

    def spans(self, spans: Sequence[Span]) -> Iterator[npt.NDArray[np.uint8]]:
        """As `bands`, of any heights: uint8 (bottom - top, W, 3) each.

        Args:
            spans: first row, and the row behind the last, of each; from the top down.
        """
        if not self.is_kept:
            yield from self._decoded(spans)
        elif "pixels" in vars(self) or sum(bottom - top for top, bottom in spans) < self.image_hw[0]:
            yield from (self.pixels[top:bottom] for top, bottom in spans)
        else:
            yield from self._kept_on_the_way(spans)

    def _decoded(self, spans: Sequence[Span]) -> Iterator[npt.NDArray[np.uint8]]:
        """As `spans`, the next one decoded while the caller is busy with the one before."""
        return self._decoded_into(lambda span: np.empty((span[1] - span[0], self.image_hw[1], 3), np.uint8), spans)

    def _kept_on_the_way(self, spans: Sequence[Span]) -> Iterator[npt.NDArray[np.uint8]]:
        """As `bands`, each as soon as it is decoded."""
        kept = np.empty((*self.image_hw, 3), dtype=np.uint8)
        yield from self._decoded_into(lambda span: kept[slice(*span)], spans)
        vars(self)["pixels"] = kept  # where the cached property looks first

    def _decoded_into(
        self, place_of: Callable[[Span], npt.NDArray[np.uint8]], spans: Sequence[Span]
    ) -> Iterator[npt.NDArray[np.uint8]]:
        with _decoding(self.path):
            reader = RowReader(open_image(self.path))

        def decode(span: Span) -> npt.NDArray[np.uint8]:
            place = place_of(span)
            with _decoding(self.path):
                reader.read(span[0], place)
            return place

        try:
            yield from ahead(decode, spans, self._most_ahead(spans))
        finally:
            reader.close()

    def _most_ahead(self, spans: Sequence[Span]) -> int:
        """How many of these spans may be decoded before they are asked for."""
        rows = max((bottom - top for top, bottom in spans), default=1)
        return max(1, _AHEAD_BYTES // (rows * self.image_hw[1] * _PIXEL_BYTES))

    def scaled(self, size_hw: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """A resized copy, antialiased: uint8 (*size_hw, 3)."""
        if self.is_kept:
            return fit_photo(self.pixels, size_hw)
        with _decoding(self.path):
            factors = [wanted / size for wanted, size in zip(size_hw, self.image_hw, strict=True)]
            small = open_image(self.path).resize(factors[1], vscale=factors[0], kernel="linear")
            pixels = np.frombuffer(small.write_to_memory(), dtype=np.uint8).reshape(small.height, small.width, 3)
        return fit_photo(pixels, size_hw)  # libvips may round a size otherwise


def open_photo(path: Path, sizes: Sizes = DEFAULT_SIZES) -> Photo:
    """Open a photo; nothing of it is decoded yet.

    Args:
        path: a JPEG, PNG, WebP, TIFF or BigTIFF file.
        sizes: from how many pixels on it is treated otherwise.

    Raises:
        NotAPhotoError: the file is no photo.
        PhotoTooLargeError: it is larger than accepted, or laid out so that too much of it must be held at a time.
        DamagedPhotoError: its header cannot be read.
    """
    check_pixels(read_header(path), sizes.accepted)
    with _decoding(path):
        image = open_image(path)
    return Photo(path, (image.height, image.width), sizes)


def rows_of_tiles(photo: Photo, grid: Grid, tops: Sequence[int]) -> Iterator[tuple[npt.NDArray[np.uint8], slice, Grid]]:
    """The pixels of rows of tiles, from the top down.

    Args:
        photo: that is cut.
        grid: a plain one, without overlap, that lies on it.
        tops: the first row of each.

    Yields:
        the band of the photo, uint8 (h, W, 3), which tiles of the grid fill it, and how these lie there.
    """
    for top, band in zip(tops, photo.bands(int(grid.sizes_hw[0, 0]), tops), strict=True):
        yield band, *grid.row_of_tiles(top)


def stripes_of_tiles(photo: Photo, grid: Grid, rows: int) -> Iterator[tuple[npt.NDArray[np.uint8], slice, Grid, int]]:
    """The photo in stripes of at most `rows` rows, from the top down; as `rows_of_tiles`, and not larger than need be.

    Yields:
        the stripe, uint8 (rows, W, 3), the tiles of the row that it is in, how they lie there, and where in it the
        stripe begins.
    """
    stripes = grid.stripes(rows)
    spans = [(stripe.top, stripe.bottom) for stripe in stripes]
    for stripe, band in zip(stripes, photo.spans(spans), strict=True):
        yield band, *grid.row_of_tiles(stripe.row_top), stripe.top - stripe.row_top


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """Says in a sentence what libvips says in its own words."""
    try:
        yield
    except pyvips.Error as error:
        photo_format = read_header(path).format
        raise DamagedPhotoError(
            f"The {photo_format} photo is damaged or incomplete and could not be read to its end; send it again."
        ) from error
