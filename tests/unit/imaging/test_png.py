import io

import numpy as np
import pytest
import pyvips
from PIL import Image

from facies.imaging import png
from tests.data.photos import noise

SIZES = [(1, 1), (1, 700), (700, 1), (333, 77), (1500, 1100)]


def stripes(pixels, rows=13):
    for top in range(0, len(pixels), rows):
        yield lambda top=top: pixels[top : top + rows]


@pytest.mark.parametrize("size", SIZES)
def test_every_decoder_reads_the_same_colours(size):
    pixels = noise(*size)
    content = png.encode_rgb(pixels)
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.mode) == ("PNG", "RGB")
    np.testing.assert_array_equal(np.asarray(image), pixels)
    np.testing.assert_array_equal(pyvips.Image.pngload_buffer(content, fail_on="warning").numpy(), pixels)


@pytest.mark.parametrize("size", SIZES)
def test_grey(size):
    pixels = noise(*size)[..., 1]
    image = Image.open(io.BytesIO(b"".join(png.stream_grey(size, stripes(pixels)))))
    assert image.mode == "L"
    np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("size", SIZES)
def test_palette_pixels_read_as_indices(size):
    colours = np.array([(1, 2, 3), (4, 5, 6), (7, 8, 9)], np.uint8)
    indices = noise(*size)[..., 0] % 3
    image = Image.open(io.BytesIO(b"".join(png.stream_palette(size, stripes(indices), colours))))
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image), indices)
    np.testing.assert_array_equal(np.asarray(image.convert("RGB")), colours[indices])


def test_what_repeats_itself_is_small_and_noise_is_not_blown_up():
    flat = np.full((1500, 1100, 3), 77, np.uint8)
    both = np.concatenate([flat, noise(1500, 1100)])
    content = png.encode_rgb(both)
    assert len(png.encode_rgb(flat)) < flat.nbytes / 500
    assert len(content) < both.nbytes * 0.51
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), both)


def test_rows_that_are_not_contiguous():
    pixels = noise(90, 90)[::2, ::-1]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png.encode_rgb(pixels)))), pixels)


def test_stripes_are_made_a_few_at_a_time():
    made = []

    def stripe(index):
        return lambda: (made.append(index), np.full((4, 100, 3), index % 256, np.uint8))[1]

    pieces = png.stream_rgb((4000, 100), (stripe(index) for index in range(1000)))
    for _ in range(3):
        next(pieces)
    assert len(made) < 100
    rest = list(pieces)
    assert len(made) == 1000
    assert len(rest) > 900


def test_what_goes_wrong_in_a_stripe_is_raised():
    def broken():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(png.stream_rgb((4, 4), [broken]))
