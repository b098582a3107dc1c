"""Photos of every kind and things that only look like photos, all generated from seeds."""

import io
import struct
import zipfile
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


def patchwork(width: int, height: int, patch: int = 244, seed: int = 7) -> Pixels:
    """A noisy photo whose patches are light and dark by turns: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((height, width)) // patch
    level = np.where((rows + columns) % 2, 60, 190)[..., None]
    return np.clip(level + rng.integers(-40, 41, (height, width, 3)), 0, 255).astype(np.uint8)


def strata(width: int, height: int, seed: int = 7) -> Pixels:
    """A noisy photo that goes from black to white downwards: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    level = np.linspace(0, 255, height)[:, None, None]
    return np.clip(level + rng.integers(-4, 5, (height, width, 3)), 0, 255).astype(np.uint8)


def encode(pixels: Pixels | Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    """The bytes of a photo file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def decode(png: bytes) -> Pixels:
    """The pixels of a PNG: uint8 (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def odd_photos() -> dict[str, tuple[bytes, tuple[int, int]]]:
    """Photos that are unusual but fine: name to bytes and upright (width, height)."""
    image = Image.fromarray(patchwork(300, 260))
    sideways = Image.Exif()
    sideways[0x0112] = 6
    sixteen_bit = np.asarray(image.convert("L")).astype(np.uint16) << 8
    return {
        "greyscale": (encode(image.convert("L")), (300, 260)),
        "palette": (encode(image.convert("P")), (300, 260)),
        "alpha": (encode(image.convert("RGBA")), (300, 260)),
        "16 bit": (encode(Image.fromarray(sixteen_bit)), (300, 260)),
        "cmyk": (encode(image.convert("CMYK"), "JPEG"), (300, 260)),
        "rotated by exif": (encode(image, "JPEG", exif=sideways), (260, 300)),
        "progressive": (encode(image, "JPEG", progressive=True), (300, 260)),
        "tiff": (encode(image, "TIFF"), (300, 260)),
        "webp": (encode(image, "WEBP"), (300, 260)),
        "1x1": (encode(patchwork(1, 1)), (1, 1)),
        "244x244": (encode(patchwork(244, 244)), (244, 244)),
        "245x243": (encode(patchwork(245, 243)), (245, 243)),
        "20000x300": (encode(patchwork(20000, 300), "JPEG"), (20000, 300)),
    }


def no_photos() -> dict[str, bytes]:
    """Files that are no photo, or say of themselves that they are far too large."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("photo.jpg", b"no photo")
    return {
        "empty": b"",
        "pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
        "zip": archive.getvalue(),
        "text": b"This is a photo, really.",
        "gif": encode(patchwork(8, 8), "GIF"),
        "header alone": encode(patchwork(300, 260), "JPEG")[:8],
        "huge": png_claiming(100_000, 100_000),
    }


def broken_photos() -> dict[str, bytes]:
    """Photos whose header is fine and whose pixels are not."""
    return {
        "truncated jpeg": _half(encode(patchwork(300, 260), "JPEG")),
        "truncated png": _half(encode(patchwork(300, 260))),
        "png without pixels": png_claiming(500, 500),
    }


def png_claiming(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _half(photo: bytes) -> bytes:
    return photo[: len(photo) // 2]


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    """A photo of smooth blotches: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def big_tiff(pixels: Pixels) -> bytes:
    """A BigTIFF of an RGB picture, uncompressed, one strip."""
    height, width, bands = pixels.shape
    data = pixels.tobytes()
    eight_bits = int.from_bytes(struct.pack("<HHH", 8, 8, 8), "little")
    tags = [  # tag, type (3 short, 4 long, 16 long8), count, value
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, eight_bits),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 16, 1, 16),
        (277, 3, 1, bands),
        (278, 4, 1, height),
        (279, 16, 1, len(data)),
        (284, 3, 1, 1),
    ]
    directory = struct.pack("<Q", len(tags)) + b"".join(struct.pack("<HHQQ", *tag) for tag in tags)
    return b"II+\0" + struct.pack("<HHQ", 8, 0, 16 + len(data)) + data + directory + struct.pack("<Q", 0)
