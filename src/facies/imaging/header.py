"""What a photo's first bytes say: its format and size. No pixel is decoded, so the server can check a stranger's file.

What the bytes are decides, never the name or the declared type.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, ImageFileDirectory_v2

from facies.errors import DamagedPhotoError, NotAPhotoError, PhotoTooLargeError

Format = Literal["JPEG", "PNG", "WebP", "TIFF"]

_BIG_TIFF = 43
_WEBP_HEADER_BYTES = 30


@dataclass(frozen=True)
class Header:
    """Format and size of a photo, before EXIF rotation."""

    format: Format
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def read_header(path: Path) -> Header:
    """Read format and size of a photo.

    Raises:
        NotAPhotoError: the bytes are no JPEG, PNG, WebP or TIFF.
        DamagedPhotoError: the format is right but the header cannot be read.
    """
    with path.open("rb") as file:
        photo_format = _sniff(file.read(16))
        file.seek(0)
        try:
            width, height = _SIZE_READERS[photo_format](file)
        except Exception as error:
            # Parsers of hostile bytes raise anything from SyntaxError to KeyError; all mean the same to the sender.
            raise DamagedPhotoError(f"The header of this {photo_format} photo is damaged; send it again.") from error
    if width < 1 or height < 1:
        raise DamagedPhotoError(f"The header of this {photo_format} photo gives no size; send it again.")
    return Header(photo_format, width, height)


def check_pixels(header: Header, max_pixels: int) -> None:
    """Refuse a photo larger than the limit.

    Raises:
        PhotoTooLargeError: it has more than `max_pixels`.
    """
    if header.pixels > max_pixels:
        raise PhotoTooLargeError(
            f"The photo has {header.width} x {header.height} pixels; this server takes up to "
            f"{max_pixels / 1e6:g} million. Send a smaller copy or cut it in parts."
        )


def _sniff(start: bytes) -> Format:
    if not start:
        raise NotAPhotoError("The file is empty; choose a JPEG, PNG, WebP or TIFF photo.")
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WebP"
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    raise NotAPhotoError("The file is not a photo Facies can read; send a JPEG, PNG, WebP or TIFF.")


def _jpeg_size(file: BinaryIO) -> tuple[int, int]:
    return JpegImageFile(file).size


def _png_size(file: BinaryIO) -> tuple[int, int]:
    return PngImageFile(file).size


def _webp_size(file: BinaryIO) -> tuple[int, int]:
    # Pillow's WebP plug-in reads the whole file; the size stands in the first 30 bytes.
    # Source: RFC 9649, sections 2.5 to 2.7.
    start = file.read(_WEBP_HEADER_BYTES)
    kind = start[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(start[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", start[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError(f"unknown WebP chunk {kind!r}")


def _tiff_size(file: BinaryIO) -> tuple[int, int]:
    start = file.read(8)
    if _BIG_TIFF in start[2:4]:
        start += file.read(8)
    directory = ImageFileDirectory_v2(start)
    file.seek(directory.next)
    directory.load(file)
    return int(directory[IMAGEWIDTH]), int(directory[IMAGELENGTH])


_SIZE_READERS: dict[Format, Callable[[BinaryIO], tuple[int, int]]] = {
    "JPEG": _jpeg_size,
    "PNG": _png_size,
    "WebP": _webp_size,
    "TIFF": _tiff_size,
}
