"""What a photo's first bytes say: its format and size. No pixel is decoded, so the server can check a stranger's file.

What the bytes are decides, never the name or the declared type. Each reader looks at a bounded number of bytes: image
libraries walk all of a hostile header, which may be as long as an upload may be, and take minutes or as much memory.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from os import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO, Literal

from facies.errors import DamagedPhotoError, NotAPhotoError, PhotoTooLargeError

Format = Literal["JPEG", "PNG", "WebP", "TIFF"]

_PNG_HEADER_BYTES = 24
_WEBP_HEADER_BYTES = 30

# A photo has a dozen segments before its frame header; a profile or depth map in pieces of 64 KiB may make it hundreds.
_MAX_JPEG_SEGMENTS = 4096
_MAX_JPEG_FILL_BYTES = 1024
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})

_MAX_TIFF_TAGS = 1024
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TIFF_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}


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
            # Hostile bytes raise anything from struct.error to OverflowError; all mean the same to the sender.
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
    # Segment by segment up to the frame header. Source: ITU-T T.81, sections B.1.1 and B.2.
    file.seek(2)
    for _ in range(_MAX_JPEG_SEGMENTS):
        marker = _jpeg_marker(file)
        if marker in _JPEG_WITHOUT_LENGTH:
            continue
        (length,) = _unpack(">H", file)
        if marker in _JPEG_FRAMES:
            _, height, width = _unpack(">BHH", file)
            return width, height
        file.seek(length - 2, SEEK_CUR)
    raise ValueError("no frame header")


def _jpeg_marker(file: BinaryIO) -> int:
    """The next marker; what stands before it is passed over, as decoders do."""
    after_ff = False
    for _ in range(_MAX_JPEG_FILL_BYTES):
        (byte,) = file.read(1)
        if after_ff and byte not in (0x00, 0xFF):
            return int(byte)
        after_ff = byte == 0xFF
    raise ValueError("no marker")


def _png_size(file: BinaryIO) -> tuple[int, int]:
    # The first chunk is always the header. Source: W3C PNG, section 11.2.1.
    width, height = struct.unpack(">II", file.read(_PNG_HEADER_BYTES)[16:])
    return width, height


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
    # Source: TIFF 6.0, section 2; BigTIFF has 8-byte counts and offsets.
    order = "<" if file.read(2) == b"II" else ">"
    is_big = _unpack(f"{order}H", file) == (43,)
    count_format, tag_format = ("Q", "HHQ8s") if is_big else ("H", "HHI4s")
    file.seek(8 if is_big else 4)
    (offset,) = _unpack(f"{order}{'Q' if is_big else 'I'}", file)
    file.seek(offset)
    (count,) = _unpack(f"{order}{count_format}", file)
    sizes: dict[int, int] = {}
    for _ in range(min(count, _MAX_TIFF_TAGS)):
        tag, kind, values, value = _unpack(f"{order}{tag_format}", file)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT) and values == 1:
            (sizes[tag],) = struct.unpack_from(f"{order}{_TIFF_WHOLE_NUMBERS[kind]}", value)
    return sizes[_TIFF_WIDTH], sizes[_TIFF_HEIGHT]


def _unpack(layout: str, file: BinaryIO) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


_SIZE_READERS: dict[Format, Callable[[BinaryIO], tuple[int, int]]] = {
    "JPEG": _jpeg_size,
    "PNG": _png_size,
    "WebP": _webp_size,
    "TIFF": _tiff_size,
}
