"""What a photo's first bytes say: format, size, and how much of it a decoder must hold at a time.

No pixel is decoded, so the server can check a stranger's file.

What the bytes are decides, never the name or the declared type. Each reader looks at a bounded number of bytes: image
libraries walk all of a hostile header, which may be as long as an upload may be, and take minutes or as much memory.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO, Literal

from facies.errors import DamagedPhotoError, NotAPhotoError, PhotoTooLargeError

Format = Literal["JPEG", "PNG", "WebP", "TIFF"]
_Size = tuple[int, int, int]  # width, height, rows that must be held

MAX_HELD_PIXELS = 100_000_000
"""What a decoder may hold at a time: 0.3 GB as an interlaced PNG, 0.4 to 0.6 as a progressive JPEG, 0.8 as WebP."""

_PNG_HEADER_BYTES = 29
# However a file is laid out, so many of its rows are in hand at a time: a row of tiles, and what is made of it.
_ROWS_IN_HAND = 512
_WEBP_HEADER_BYTES = 30
_HEIF = frozenset(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif"))

# A photo has a dozen segments before its frame header; a profile or depth map in pieces of 64 KiB may make it hundreds.
_MAX_JPEG_SEGMENTS = 4096
_MAX_JPEG_FILL_BYTES = 1024
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline and extended sequential; the others come in several passes over the picture, or without loss.
_JPEG_IN_ORDER = frozenset({0xC0, 0xC1, 0xC9})
_JPEG_SCAN = 0xDA
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})

_MAX_TIFF_TAGS = 1024
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_TILE_HEIGHT = 256, 257, 323
# libvips keeps two rows of tiles.
_TIFF_ROWS_OF_TILES = 2
_TIFF_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True)
class Header:
    """Format and size of a photo, before EXIF rotation.

    Attributes:
        format: what the file is.
        width: columns.
        height: rows.
        held_rows: how many rows must be held at a time while it is decoded; all of them in a file whose first rows are
            not complete before its end.
    """

    format: Format
    width: int
    height: int
    held_rows: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def held_pixels(self) -> int:
        """How many pixels are held at a time."""
        return self.width * self.held_rows


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
            width, height, held_rows = _SIZE_READERS[photo_format](file)
        except Exception as error:
            # Hostile bytes raise anything from struct.error to OverflowError; all mean the same to the sender.
            raise DamagedPhotoError(f"The header of this {photo_format} photo is damaged; send it again.") from error
    if width < 1 or height < 1:
        raise DamagedPhotoError(f"The header of this {photo_format} photo gives no size; send it again.")
    return Header(photo_format, width, height, min(height, max(held_rows, _ROWS_IN_HAND)))


def check_pixels(header: Header, max_pixels: int) -> None:
    """Refuse a photo larger than the limit.

    Raises:
        PhotoTooLargeError: it has more than `max_pixels`, or is so laid out that too much of it must be held at a time.
    """
    size = f"{header.width} x {header.height} pixels"
    if header.pixels > max_pixels:
        raise PhotoTooLargeError(
            f"The photo has {size}; this server takes up to {max_pixels / 1e6:g} million. "
            "Send a smaller copy or cut it in parts."
        )
    if header.held_pixels > MAX_HELD_PIXELS:
        raise PhotoTooLargeError(
            f"The {header.format} photo has {size}, and {header.held_pixels / 1e6:.0f} million of them must be held in "
            f"memory at a time; {MAX_HELD_PIXELS / 1e6:g} million can be. Save it as a TIFF with tiles of 256 pixels "
            "or as a JPEG that is not progressive, send a smaller copy, or cut it in parts."
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
    if start[4:12] in _HEIF:
        raise NotAPhotoError("The photo is a HEIC or AVIF file, as phones make them; save it as JPEG and send that.")
    raise NotAPhotoError("The file is not a photo Facies can read; send a JPEG, PNG, WebP or TIFF.")


def _jpeg_size(file: BinaryIO) -> _Size:
    # Segment by segment up to the frame header. Source: ITU-T T.81, sections B.1.1 and B.2.
    file.seek(2)
    for marker, length in _jpeg_segments(file):
        if marker in _JPEG_FRAMES:
            _, height, width, components = _unpack(">BHHB", file)
            file.seek(length - 2 - 6, SEEK_CUR)
            is_whole = marker in _JPEG_IN_ORDER and _first_scan_has_all(file, components)
            return width, height, 0 if is_whole else height
        file.seek(length - 2, SEEK_CUR)
    raise ValueError("no frame header")


def _first_scan_has_all(file: BinaryIO, components: int) -> bool:
    """Whether the first scan holds every component, so that rows are complete one after the other."""
    for marker, length in _jpeg_segments(file):
        if marker == _JPEG_SCAN:
            return _unpack(">B", file) == (components,)
        file.seek(length - 2, SEEK_CUR)
    raise ValueError("no scan")


def _jpeg_segments(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Marker and length of one segment after the other; whoever asks for the next has moved behind this one."""
    for _ in range(_MAX_JPEG_SEGMENTS):
        marker = _jpeg_marker(file)
        if marker not in _JPEG_WITHOUT_LENGTH:
            (length,) = _unpack(">H", file)
            yield marker, length


def _jpeg_marker(file: BinaryIO) -> int:
    """The next marker; what stands before it is passed over, as decoders do."""
    after_ff = False
    for _ in range(_MAX_JPEG_FILL_BYTES):
        (byte,) = file.read(1)
        if after_ff and byte not in (0x00, 0xFF):
            return int(byte)
        after_ff = byte == 0xFF
    raise ValueError("no marker")


def _png_size(file: BinaryIO) -> _Size:
    # The first chunk is always the header. Source: W3C PNG, section 11.2.1.
    width, height, is_interlaced = struct.unpack(">II4x?", file.read(_PNG_HEADER_BYTES)[16:])
    return width, height, height if is_interlaced else 0


def _webp_size(file: BinaryIO) -> _Size:
    width, height = _webp_wh(file)
    return width, height, height


def _webp_wh(file: BinaryIO) -> tuple[int, int]:
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


def _tiff_size(file: BinaryIO) -> _Size:
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
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_TILE_HEIGHT) and values == 1:
            (sizes[tag],) = struct.unpack_from(f"{order}{_TIFF_WHOLE_NUMBERS[kind]}", value)
    return sizes[_TIFF_WIDTH], sizes[_TIFF_HEIGHT], _TIFF_ROWS_OF_TILES * sizes.get(_TIFF_TILE_HEIGHT, 0)


def _unpack(layout: str, file: BinaryIO) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


_SIZE_READERS: dict[Format, Callable[[BinaryIO], _Size]] = {
    "JPEG": _jpeg_size,
    "PNG": _png_size,
    "WebP": _webp_size,
    "TIFF": _tiff_size,
}
