"""A photo file becomes an array: upright, 8-bit, RGB, whatever it was before."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from facies.errors import DamagedPhotoError
from facies.imaging.header import Format, check_pixels, read_header

# A decoder is named for each format, so no other of libvips' many loaders can ever be reached by a stranger's file.
_LOADERS: dict[Format, str] = {"JPEG": "jpegload", "PNG": "pngload", "WebP": "webpload", "TIFF": "tiffload"}
_RGB_BANDS = 3
_EIGHT_AND_SIXTEEN_BIT = ("uchar", "ushort")

# Every photo is decoded once; libvips' cache of past operations would only hold on to memory.
pyvips.cache_set_max(0)


def decode(path: Path, max_pixels: int) -> npt.NDArray[np.uint8]:
    """Decode a photo.

    EXIF orientation is honoured. Alpha is dropped, as `PIL.Image.convert("RGB")` does; 16 bits keep their upper 8; CMYK
    goes through its colour profile. Only the first page of a TIFF is read.

    Args:
        path: a JPEG, PNG, WebP, TIFF or BigTIFF file.
        max_pixels: limit on width times height.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        NotAPhotoError: the file is no photo.
        PhotoTooLargeError: it has more than `max_pixels`.
        DamagedPhotoError: it is cut off or damaged.
    """
    header = read_header(path)
    check_pixels(header, max_pixels)
    try:
        load = getattr(pyvips.Image, _LOADERS[header.format])
        image = load(str(path), access="sequential", fail_on="error")
        return _pixels(_to_rgb(_load_for_turning(image)))
    except pyvips.Error as error:
        raise DamagedPhotoError(
            f"The {header.format} photo is damaged or incomplete and could not be read to its end; send it again."
        ) from error


def _load_for_turning(image: pyvips.Image) -> pyvips.Image:
    if _orientation(image) == 1:
        return image
    # Turning needs the pixels out of order.
    return image.copy_memory().autorot()


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
    return image.extract_band(0, n=_RGB_BANDS)


def _pixels(image: pyvips.Image) -> npt.NDArray[np.uint8]:
    array: npt.NDArray[np.uint8] = np.frombuffer(image.write_to_memory(), dtype=np.uint8)
    return array.reshape(image.height, image.width, _RGB_BANDS)
