import io
import struct
import time

import numpy as np
import pytest
import pyvips
from PIL import Image

from facies.errors import DamagedPhotoError, NotAPhotoError, PhotoTooLargeError
from facies.imaging.header import Header, check_pixels, read_header
from tests.data.photos import big_tiff, encode, noise, png_claiming


@pytest.fixture
def read(tmp_path):
    def read_bytes(content: bytes):
        path = tmp_path / "photo.jpg"  # the name never counts
        path.write_bytes(content)
        return read_header(path)

    return read_bytes


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_phones_own_format_is_named_with_the_remedy(read, brand):
    with pytest.raises(NotAPhotoError, match="save it as JPEG"):
        read(b"\0\0\0\x18ftyp" + brand + bytes(100))


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("JPEG", {}, "JPEG"),
        ("JPEG", {"progressive": True}, "JPEG"),
        ("PNG", {}, "PNG"),
        ("WEBP", {"lossless": True}, "WebP"),
        ("WEBP", {"lossless": False}, "WebP"),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}, "WebP"),
        ("TIFF", {}, "TIFF"),
        ("TIFF", {"compression": "tiff_lzw"}, "TIFF"),
    ],
)
def test_format_and_size_come_from_the_bytes(read, kind, options, expected):
    header = read(encode(noise(37, 91), kind, **options))
    assert (header.format, header.width, header.height, header.pixels) == (expected, 91, 37, 91 * 37)


def test_big_tiff(read):
    header = read(big_tiff(noise(20, 31)))
    assert (header.format, header.width, header.height) == ("TIFF", 31, 20)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 a renamed PDF", b"PK\3\4 a zip", b"\xff\xd8", b"GIF89a", b"hello"])
def test_what_is_no_photo_is_refused(read, content):
    with pytest.raises(NotAPhotoError, match="JPEG"):
        read(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_cut_in_its_header_is_damaged(read, kind):
    content = encode(np.zeros((300, 300, 3), np.uint8), kind)
    for length in (16, 20):
        with pytest.raises(DamagedPhotoError, match="damaged"):
            read(content[:length])


def test_a_header_may_claim_anything_but_is_measured(read):
    header = read(png_claiming(100_000, 100_000))
    with pytest.raises(PhotoTooLargeError, match=r"100000 x 100000 .* up to 200 million"):
        check_pixels(header, 200_000_000)
    check_pixels(header, 10**10)


def test_a_frame_of_no_size_is_damaged(read):
    with pytest.raises(DamagedPhotoError):
        read(png_claiming(0, 10))


def test_hostile_headers_never_raise_anything_else(read):
    rng = np.random.default_rng(1)
    starts = [encode(noise(40, 40), kind)[:400] for kind in ("JPEG", "PNG", "WEBP", "TIFF")]
    for start in starts:
        for _ in range(60):
            broken = bytearray(start)
            for place in rng.integers(4, len(broken), 12):
                broken[place] = rng.integers(256)
            try:
                read(bytes(broken))
            except (NotAPhotoError, DamagedPhotoError):
                continue


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff\xe5\x00\x02" * 2_000_000,
        b"\xff\xd8" + b"\xff" * 8_000_000,
        b"\xff\xd8\xff" + bytes(8_000_000),
        struct.pack("<2sHIHHHII", b"II", 42, 8, 2, 256, 4, 50_000_000, 100) + bytes(8_000_000),
        struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 2**63) + bytes(8_000_000),
    ],
    ids=["jpeg segments", "jpeg fill", "jpeg zeros", "tiff values", "tiff tags"],
)
def test_an_endless_header_costs_next_to_nothing(read, content):
    begun = time.process_time()
    with pytest.raises(DamagedPhotoError):
        read(content)
    assert time.process_time() - begun < 0.5


def test_an_endless_png_header_is_not_even_read(read):
    start = png_claiming(30, 20)[:33]
    assert read(start + struct.pack(">I4sI", 0, b"abCd", 0) * 1_000_000).width == 30


@pytest.mark.parametrize("extra", [b"\xff\xff\xff", b"junk", b"\xff\xd0"])
def test_what_decoders_pass_over_between_segments_is_passed_over(read, extra):
    photo = encode(noise(37, 91), "JPEG")
    assert read(photo[:20] + extra + photo[20:]).width == 91


def test_a_profile_in_many_segments_comes_before_the_size(read):
    assert read(encode(noise(37, 91), "JPEG", icc_profile=bytes(3_000_000))).width == 91


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_of_tiff(read, order):
    mark = b"II" if order == "<" else b"MM"
    tags = struct.pack(f"{order}HHIHH", 256, 3, 1, 91, 0) + struct.pack(f"{order}HHII", 257, 4, 1, 37)
    header = read(struct.pack(f"{order}2sHIH", mark, 42, 8, 2) + tags)
    assert (header.width, header.height) == (91, 37)


def test_nothing_but_the_header_is_read(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.write(encode(noise(8, 8)))
        file.truncate(1 << 40)  # a sparse terabyte
    assert read_header(path).width == 8


def test_a_multi_picture_jpeg_counts_as_its_first(read):
    file = io.BytesIO()
    first, second = (Image.fromarray(noise(16, 24, seed)) for seed in (1, 2))
    first.save(file, "MPO", save_all=True, append_images=[second])
    header = read(file.getvalue())
    assert (header.format, header.width, header.height) == ("JPEG", 24, 16)


def in_scans(pixels) -> bytes:
    """A JPEG that is not progressive, yet has a scan of its own for every component."""
    image = Image.fromarray(pixels).convert("L")
    content = bytearray(encode(image, "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 9] = 3  # the frame says three components, the scan has one
    content[frame + 2 : frame + 4] = struct.pack(">H", 17)
    content[frame + 13 : frame + 13] = content[frame + 10 : frame + 13] * 2
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "is_held"),
    [
        (encode(noise(1000, 20), "JPEG"), False),
        (encode(noise(1000, 20), "JPEG", progressive=True), True),
        (in_scans(noise(1000, 20)), True),
        (encode(noise(1000, 20)), False),
        (encode(noise(1000, 20), "WEBP"), True),
        (encode(noise(1000, 20), "TIFF"), False),
    ],
    ids=["JPEG", "progressive JPEG", "JPEG in scans", "PNG", "WebP", "TIFF"],
)
def test_what_a_decoder_must_hold_is_known_beforehand(read, content, is_held):
    header = read(content)
    assert (header.height, header.held_rows) == (1000, 1000 if is_held else 512)


def test_an_interlaced_png_and_tall_tiles_are_held(tmp_path):
    picture, path = pyvips.Image.black(20, 5000, bands=3), tmp_path / "photo"
    picture.pngsave(str(path), interlace=True)
    assert read_header(path).held_rows == 5000
    picture.tiffsave(str(path), tile=True, tile_width=16, tile_height=1024)
    assert read_header(path).held_rows == 2048


def test_what_would_have_to_be_held_is_limited(read):
    header = Header("WebP", 16_000, 16_000, held_rows=16_000)
    with pytest.raises(PhotoTooLargeError, match=r"256 million of them .* 100 million can be\. Save it as a TIFF"):
        check_pixels(header, 10**10)
    check_pixels(Header("JPEG", 16_000, 16_000, held_rows=512), 10**10)
