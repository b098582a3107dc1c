"""A photo on disk: its size at once, its pixels when they are asked for, whole or in bands.

A small photo is decoded once and kept. A large one is decoded anew for every pass, band by band from the top, so that
memory is set by the band and not by the photo.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from facies.errors import DamagedPhotoError
from facies.imaging.decode import open_image
from facies.imaging.header import check_pixels, read_header
from facies.imaging.tiles import fit

KEPT_PIXELS = 64_000_000


@dataclass(frozen=True)
class Photo:
    """A photo: upright as EXIF says, 8-bit RGB, whatever the file is. Made by `open_photo`.

    Attributes:
        path: the file.
        image_hw: (H, W) after EXIF rotation, pixels.
        kept_pixels: up to this many pixels are kept in memory once decoded.

    Reading pixels raises DamagedPhotoError where the file is cut off or damaged.
    """

    path: Path
    image_hw: tuple[int, int]
    kept_pixels: int

    @cached_property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """All of it: uint8 (H, W, 3), RGB."""
        with _decoding(self.path):
            content = open_image(self.path).write_to_memory()
        array: npt.NDArray[np.uint8] = np.frombuffer(content, dtype=np.uint8)
        return array.reshape(*self.image_hw, 3)

    def bands(self, rows: int) -> Iterator[npt.NDArray[np.uint8]]:
        """All of it from the top down.

        Yields:
            uint8 (rows, W, 3); the last one has what is left.
        """
        if self._is_kept and "pixels" in vars(self):
            yield from (self.pixels[top : top + rows] for top in range(0, self.image_hw[0], rows))
        else:
            yield from self._decoded(rows)

    def _decoded(self, rows: int) -> Iterator[npt.NDArray[np.uint8]]:
        """As `bands`, each as soon as it is decoded; what is small is kept on the way."""
        height, width = self.image_hw
        kept = np.empty((height, width, 3), dtype=np.uint8) if self._is_kept else None
        with _decoding(self.path):
            region = pyvips.Region.new(open_image(self.path))
            for top in range(0, height, rows):
                fetched = region.fetch(0, top, width, min(rows, height - top))
                band = np.frombuffer(fetched, dtype=np.uint8).reshape(-1, width, 3)
                if kept is not None:
                    kept[top : top + rows] = band
                yield band
        if kept is not None:
            vars(self)["pixels"] = kept  # where the cached property looks first

    def scaled(self, size_hw: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """A resized copy, antialiased: uint8 (*size_hw, 3)."""
        if self._is_kept:
            return fit(self.pixels, size_hw)
        with _decoding(self.path):
            factors = [wanted / size for wanted, size in zip(size_hw, self.image_hw, strict=True)]
            small = open_image(self.path).resize(factors[1], vscale=factors[0], kernel="linear")
            pixels = np.frombuffer(small.write_to_memory(), dtype=np.uint8).reshape(small.height, small.width, 3)
        return fit(pixels, size_hw)  # libvips may round a size otherwise

    @property
    def _is_kept(self) -> bool:
        return self.image_hw[0] * self.image_hw[1] <= self.kept_pixels


def open_photo(path: Path, max_pixels: int, kept_pixels: int = KEPT_PIXELS) -> Photo:
    """Open a photo; nothing of it is decoded yet.

    Args:
        path: a JPEG, PNG, WebP, TIFF or BigTIFF file.
        max_pixels: limit on width times height.
        kept_pixels: up to this many pixels are kept in memory once decoded.

    Raises:
        NotAPhotoError: the file is no photo.
        PhotoTooLargeError: it has more than `max_pixels`.
        DamagedPhotoError: its header cannot be read.
    """
    check_pixels(read_header(path), max_pixels)
    with _decoding(path):
        image = open_image(path)
    return Photo(path, (image.height, image.width), kept_pixels)


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
