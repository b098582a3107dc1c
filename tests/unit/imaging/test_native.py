import ctypes
import zlib

import numpy as np
import pytest
from isal import isal_zlib

from facies.imaging import native
from facies.imaging.overlay import paint_tiles, tint
from facies.imaging.png_filters import filter_rows
from facies.imaging.tiles import plan
from tests.data.photos import noise

COLOURS = np.array([(255, 0, 0), (0, 200, 100)], dtype=np.uint8)


ONE_TILE = np.array([0, 256])
NO_LINES = native.Lines(alpha=220, width=0, above=0, below=0)


def test_every_value_is_mixed_with_every_alpha_and_rounded_to_nearest():
    values = np.arange(256)
    photo = np.repeat(values.astype(np.uint8), 3).reshape(1, 256, 3)
    painted = np.empty_like(photo)
    for colour in (0, 1, 127, 254, 255):
        for alpha in range(256):
            native.paint(photo, np.full((1, 3), colour, np.uint8), ONE_TILE, alpha, NO_LINES, painted)
            np.testing.assert_array_equal(painted[0, :, 0], (values * (255 - alpha) + colour * alpha + 127) // 255)


def paint_with(**changed):
    """A call that fits, but for what is changed."""
    fitting = {
        "photo": noise(6, 4),
        "colours": np.zeros((2, 3), np.uint8),
        "edges": np.array([0, 3, 4]),
        "fill_alpha": 90,
        "lines": native.Lines(alpha=220, width=1, above=2, below=4),
        "out": np.empty((6, 4, 3), np.uint8),
    }
    native.paint(**(fitting | changed))


def test_a_call_that_fits_is_no_error():
    paint_with()


@pytest.mark.parametrize(
    "changed",
    [
        {"photo": noise(6, 5)},
        {"photo": noise(6, 4)[:, ::-1]},
        {"out": np.empty((5, 4, 3), np.uint8)},
        {"out": np.broadcast_to(np.zeros(3, np.uint8), (6, 4, 3))},
        {"colours": np.zeros((3, 3), np.uint8)},
        {"colours": np.zeros((2, 4), np.uint8)},
        {"edges": np.array([0, 3, 5])},
        {"edges": np.array([1, 3, 4])},
        {"edges": np.array([0, 5, 4])},
        {"edges": np.array([0, -1, 4])},
        {"edges": np.array([0, 3, 4], np.int32)},
        {"fill_alpha": 256},
        {"fill_alpha": -1},
        {"lines": native.Lines(alpha=256, width=1, above=0, below=0)},
        {"lines": native.Lines(alpha=220, width=-1, above=0, below=0)},
        {"lines": native.Lines(alpha=220, width=1, above=-1, below=0)},
        {"lines": native.Lines(alpha=220, width=1, above=3, below=4)},
    ],
)
def test_tiles_are_painted_inside_the_arrays_only(changed):
    with pytest.raises((ValueError, ctypes.ArgumentError)):
        paint_with(**changed)


def test_pixels_whose_label_has_no_colour_stay_as_they_are():
    photo = noise(8, 9)
    labels = np.full((8, 9), 255, dtype=np.uint8)
    labels[2:4] = 1
    tinted = tint(photo, labels, COLOURS, 1, background=None)
    assert (tinted[2:4] == COLOURS[1]).all()
    np.testing.assert_array_equal(tinted[4:], photo[4:])


def test_a_photo_may_lie_in_memory_as_it_likes():
    wide = noise(20, 30)
    wide.flags.writeable = False
    part = wide[1:19, 3:28]
    labels = np.asfortranarray(noise(18, 25)[..., 0] % 2)
    grid = plan((18, 25), (9, 9), 0)
    answers = np.arange(len(grid), dtype=np.uint16) % 2
    whole = part.copy()
    np.testing.assert_array_equal(tint(part, labels, COLOURS, 0.3, 0), tint(whole, labels.copy(), COLOURS, 0.3, 0))
    np.testing.assert_array_equal(paint_tiles(part, grid, answers, COLOURS), paint_tiles(whole, grid, answers, COLOURS))
    rows = part.swapaxes(0, 1)[..., 0]
    np.testing.assert_array_equal(filter_rows(rows, 1), filter_rows(rows.copy(), 1))


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 6), (7, 1), (8, 10), (9, 11)])
def test_half_a_picture_is_the_mean_of_two_by_two(size_hw):
    photo = noise(20, 30)[3 : 3 + size_hw[0], 5 : 5 + size_hw[1]]
    height, width = ((side + 1) // 2 for side in size_hw)
    around = np.full((height + 2, width + 2, 3), 77, np.uint8)
    native.halve(photo, around[1:-1, 1:-1])
    even = np.pad(photo.astype(int), [(0, size_hw[0] % 2), (0, size_hw[1] % 2), (0, 0)], "edge")
    expected = np.full_like(around, 77)
    expected[1:-1, 1:-1] = (even.reshape(height, 2, width, 2, 3).sum(axis=(1, 3)) + 2) // 4
    np.testing.assert_array_equal(around, expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda: native.tint(noise(2, 3), np.zeros((3, 2), np.uint8), np.empty((256, 3, 256), np.uint8), noise(2, 3)),
        lambda: native.tint(noise(2, 3), np.zeros((2, 3), np.uint8), np.empty((2, 3, 256), np.uint8), noise(2, 3)),
        lambda: native.filter_rows(np.zeros((2, 6), np.uint8), 3, np.empty((2, 6), np.uint8)),
        lambda: native.halve(noise(3, 4), np.empty((1, 2, 3), np.uint8)),
        lambda: native.halve(noise(3, 4)[:, ::2], np.empty((2, 1, 3), np.uint8)),
        lambda: native.halve(noise(3, 4).astype(np.int8), np.empty((2, 2, 3), np.uint8)),
        lambda: native.halve(noise(3, 4), np.broadcast_to(np.zeros(3, np.uint8), (2, 2, 3))),
        lambda: native.filter_rows(np.zeros((2, 6), np.uint8), 7, np.empty((2, 7), np.uint8)),
        lambda: native.filter_rows(np.zeros((0, 6), np.uint8), 3, np.empty((0, 7), np.uint8)),
    ],
)
def test_nothing_is_read_or_written_beside_the_arrays(call):
    with pytest.raises((ValueError, ctypes.ArgumentError)):
        call()


def fibonacci(symbols):
    """Counts that make Huffman's tree as deep as it has leaves."""
    counts = [1, 1]
    while len(counts) < symbols:
        counts.append(counts[-1] + counts[-2])
    return np.random.default_rng(3).permutation(np.repeat(np.arange(symbols, dtype=np.uint8), counts))


@pytest.mark.parametrize(
    "data",
    [
        *[np.full(length, 7, dtype=np.uint8) for length in (0, 1, 2, 4, 5, 6, 258, 259, 263, 264, 100_000)],
        *[noise(1, length)[0, :, 0] for length in (1, 2, 3, 300, 16_383, 16_384, 16_385, 70_000)],
        *[np.repeat(noise(1, 400)[0, :, 0], times) for times in (2, 3, 4, 5, 9, 40)],
        np.arange(256, dtype=np.uint8),
        np.tile(np.array([0, 255], dtype=np.uint8), 20_000),
        *[fibonacci(symbols) for symbols in (2, 8, 18, 21)],
    ],
    ids=len,
)
def test_what_was_deflated_is_inflated_again(data):
    deflated = native.deflate(np.ascontiguousarray(data))
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    assert inflate.decompress(deflated) == data.tobytes()
    assert not inflate.eof
    assert not inflate.unused_data
    assert len(deflated) <= len(data) * 1.01 + 200
    assert isal_zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated) == data.tobytes()


def test_runs_are_short_and_rare_bytes_long():
    data = np.zeros(200_000, dtype=np.uint8)
    assert len(native.deflate(data)) < 250
    data[::4000] = np.arange(50)
    assert len(native.deflate(data)) < 700
