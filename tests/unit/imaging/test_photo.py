import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from facies.errors import DamagedPhotoError, PhotoTooLargeError
from facies.imaging.photo import open_photo
from facies.imaging.sizes import Sizes
from tests.data.photos import big_tiff, encode, noise

PHOTO = noise(45, 67)


@pytest.fixture(params=["kept", "in bands"])
def decoded(tmp_path, request):
    """The pixels of a photo, as a small one is read and as a large one is."""

    def decode_bytes(content: bytes, max_pixels: int = 10**6):
        path = tmp_path / "photo"
        path.write_bytes(content)
        photo = open_photo(path, Sizes(max_pixels, kept=10**9 if request.param == "kept" else 0))
        bands = list(photo.bands(7))
        assert [len(band) for band in bands[:-1]] == [7] * (len(bands) - 1)
        pixels = np.concatenate(bands)
        assert pixels.shape == (*photo.image_hw, 3)
        return pixels

    return decode_bytes


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_lossless_photos_keep_every_pixel(decoded, kind):
    pixels = decoded(encode(PHOTO, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, PHOTO)


def test_big_tiff(decoded):
    np.testing.assert_array_equal(decoded(big_tiff(PHOTO)), PHOTO)


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_is_close_to_what_pillow_reads(decoded, progressive):
    content = encode(PHOTO, "JPEG", quality=95, progressive=progressive)
    reference = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert np.abs(decoded(content) - reference).max() <= 2


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_every_kind_of_png_becomes_rgb(decoded, mode):
    image = Image.fromarray(PHOTO).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(PHOTO[..., 0]))
    content = saved(image)
    np.testing.assert_array_equal(decoded(content), np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))


def test_palette_with_transparency_loses_it(decoded):
    image = Image.fromarray(PHOTO).convert("P")
    content = saved(image, transparency=3)
    np.testing.assert_array_equal(decoded(content), np.asarray(image.convert("RGB")))


def test_sixteen_bits_keep_their_upper_eight(decoded):
    deep = PHOTO[..., 0].astype(np.uint16) * 256 + 77
    expected = np.repeat(PHOTO[..., :1], 3, axis=2)
    np.testing.assert_array_equal(decoded(saved(Image.fromarray(deep))), expected)
    np.testing.assert_array_equal(decoded(saved(Image.fromarray(deep), "TIFF")), expected)


def test_cmyk_becomes_rgb(decoded):
    white = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    black = Image.new("CMYK", (8, 8), (0, 0, 0, 255))
    assert decoded(saved(white, "JPEG")).mean() > 245
    assert decoded(saved(black, "JPEG")).mean() < 60


UPRIGHT = {
    1: lambda pixels: pixels,
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_honoured(decoded, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain = decoded(saved(Image.fromarray(PHOTO), "JPEG"))
    turned = decoded(saved(Image.fromarray(PHOTO), "JPEG", exif=exif))
    np.testing.assert_array_equal(turned, UPRIGHT[orientation](plain))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_cut_off_is_damaged(decoded, kind):
    content = encode(noise(300, 300), kind)
    with pytest.raises(DamagedPhotoError, match="send it again"):
        decoded(content[: len(content) * 2 // 3])


def test_a_png_with_garbage_in_the_middle_is_damaged(decoded):
    content = bytearray(encode(noise(300, 300)))
    content[len(content) // 2 : len(content) // 2 + 50] = b"\x55" * 50
    with pytest.raises(DamagedPhotoError):
        decoded(bytes(content))


def test_too_many_pixels_are_refused_before_decoding(decoded):
    with pytest.raises(PhotoTooLargeError):
        decoded(encode(PHOTO), max_pixels=45 * 67 - 1)


def test_floating_point_samples_are_refused_with_the_remedy(decoded):
    with pytest.raises(DamagedPhotoError, match="8 or 16 bits"):
        decoded(saved(Image.fromarray(PHOTO[..., 0].astype(np.float32)), "TIFF"))


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_the_smallest_photos(decoded, size):
    np.testing.assert_array_equal(decoded(encode(PHOTO[: size[0], : size[1]])), PHOTO[: size[0], : size[1]])


@pytest.mark.parametrize("size_hw", [(20, 30), (45, 67), (5, 4), (90, 100)])
def test_a_large_photo_is_scaled_as_a_small_one(tmp_path, size_hw):
    path = tmp_path / "photo.png"
    path.write_bytes(encode(PHOTO))
    kept, read_again = (open_photo(path, Sizes(kept=kept)).scaled(size_hw) for kept in (10**9, 0))
    assert kept.shape == read_again.shape == (*size_hw, 3)
    assert np.abs(kept.astype(int) - read_again).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_bands_here_and_there_are_the_photos(tmp_path, kind):
    path = tmp_path / "photo"
    path.write_bytes(encode(PHOTO, kind))
    for kept in (0, 10**9):
        bands = list(open_photo(path, Sizes(kept=kept)).bands(10, [3, 20, 38]))
        for top, band in zip([3, 20, 38], bands, strict=True):
            np.testing.assert_array_equal(band, PHOTO[top : top + 10])


def test_a_large_photo_never_lies_in_memory_whole(tmp_path):
    photo = Image.new("RGB", (12_000, 9_000), (40, 90, 120))
    photo.save(tmp_path / "photo.jpg")
    tracemalloc.start()
    for band in open_photo(tmp_path / "photo.jpg", Sizes(kept=0)).bands(100):
        assert band.shape == (100, 12_000, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000 * 9_000 * 3 / 10
