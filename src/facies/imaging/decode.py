"""libvips opens a photo file: upright, 8-bit, RGB, whatever it was before."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from facies.errors import DamagedPhotoError
from facies.imaging.header import Format, read_header

# A decoder is named for each format, so no other of libvips' many loaders can be reached by a stranger's file.
_LOADERS: dict[Format, str] = {"JPEG": "jpegload", "PNG": "pngload", "WebP": "webpload", "TIFF": "tiffload"}
# What libvips takes as the end of a photo. A tile of a TIFF that cannot be read is only a warning to it, and black.
_FAIL_ON: dict[Format, str] = {"JPEG": "error", "PNG": "error", "WebP": "error", "TIFF": "warning"}
_RGB_BANDS = 3
_EIGHT_AND_SIXTEEN_BIT = ("uchar", "ushort")

# libvips' cache of past operations would only hold on to memory.
pyvips.cache_set_max(0)


def open_image(path: Path, shrink: int = 1) -> pyvips.Image:
    """Open a photo to be read from the top down; its pixels come as they are asked for.

    EXIF orientation is honoured. Alpha is dropped, as `PIL.Image.convert("RGB")` does; 16 bits keep their upper 8; CMYK
    goes through its colour profile. Only the first page of a TIFF is read.

    Args:
        path: a JPEG, PNG, WebP, TIFF or BigTIFF file.
        shrink: 1, 2, 4 or 8: a JPEG is decoded at so much less than its size, which takes far less time; any other
            format is not.

    Returns:
        an image of three 8-bit bands, RGB.

    Raises:
        NotAPhotoError: the file is no photo.
        DamagedPhotoError: its samples are of a kind that no photo has.
        pyvips.Error: here or when pixels are read, the file is cut off or damaged.
    """
    photo_format = read_header(path).format
    load = partial(getattr(pyvips.Image, _LOADERS[photo_format]), str(path), fail_on=_FAIL_ON[photo_format])
    if photo_format == "JPEG":
        load = partial(load, shrink=shrink)
    image = load(access="sequential")
    if _orientation(image) != 1:
        # Turning needs the pixels out of order; libvips keeps large ones in a temporary file.
        image = load(access="random").autorot()
    return _to_rgb(image)


def read_labels(path: Path, rows: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Read a label map that Facies wrote as a tiled TIFF, from the top down.

    Args:
        path: the file.
        rows: of a band.

    Yields:
        uint8 (rows, W), class indices; the last one has what is left.
    """
    image = pyvips.Image.tiffload(str(path), access="sequential", fail_on=_FAIL_ON["TIFF"])
    region = pyvips.Region.new(image)
    for top in range(0, image.height, rows):
        fetched = region.fetch(0, top, image.width, min(rows, image.height - top))
        yield np.frombuffer(fetched, dtype=np.uint8).reshape(-1, image.width)


def _orientation(image: pyvips.Image) -> int:
    return int(image.get("orientation")) if image.get_typeof("orientation") else 1


def _to_rgb(image: pyvips.Image) -> pyvips.Image:
    if image.format not in _EIGHT_AND_SIXTEEN_BIT:
        raise DamagedPhotoError(f"The photo has {image.format} samples; save it with 8 or 16 bits a channel.")
    if image.hasalpha():
        image = image.extract_band(0, n=image.bands - 1)
    if image.format == "ushort":
        image = (image >> 8).cast("uchar").copy(interpretation="b-w" if image.bands == 1 else "srgb")
    if image.interpretation == "cmyk":
        image = image.colourspace("srgb")
    if image.bands == 1:
        image = image.bandjoin([image, image])
    return image if image.bands == _RGB_BANDS else image.extract_band(0, n=_RGB_BANDS)
