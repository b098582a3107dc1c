import io
import threading
import zipfile
from functools import partial

import numpy as np
import pytest
from PIL import Image

from facies.errors import DamagedPhotoError
from facies.imaging.deep_zoom import DEEP_ZOOM_TILE, stream_deep_zoom
from tests.data.photos import noise

PHOTO = noise(700, 1300)


def stripes(pixels, rows=61):
    return [partial(np.array, pixels[top : top + rows]) for top in range(0, len(pixels), rows)]


def packed(pixels, rows=61) -> bytes:
    return b"".join(stream_deep_zoom(pixels.shape[:2], stripes(pixels, rows), "overlay"))


def tiles_of(archive: bytes, level: int):
    """Column, row and pixels of every tile of a level."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        for name in file.namelist():
            if name.startswith(f"overlay_files/{level}/"):
                column, row = map(int, name.rpartition("/")[2].removesuffix(".jpg").split("_"))
                yield column, row, np.asarray(Image.open(io.BytesIO(file.read(name)))).astype(int)


def assert_level_is(picture, archive: bytes, level: int, tolerance: int):
    """Each tile reaches a pixel into its neighbours; JPEG may change values by `tolerance` on average."""
    tiles = list(tiles_of(archive, level))
    assert len(tiles) == np.prod([-(-side // DEEP_ZOOM_TILE) for side in picture.shape[:2]])
    for column, row, tile in tiles:
        rows, columns = (
            slice(max(0, place * DEEP_ZOOM_TILE - 1), (place + 1) * DEEP_ZOOM_TILE + 1) for place in (row, column)
        )
        assert tile.shape == picture[rows, columns].shape
        assert np.abs(tile - picture[rows, columns]).mean() <= tolerance


def halved(pixels):
    """The mean of two by two, an odd edge counted twice."""
    even = np.pad(pixels.astype(int), [(0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)], "edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2] + 2) // 4


def threads_of_deep_zooms():
    return [thread for thread in threading.enumerate() if thread.name.startswith(("deep-zoom", "paint"))]


def waves(height, width):
    """A grey picture that JPEG changes little, and that is another one pixel beside itself."""
    y, x = np.abs(np.mgrid[:height, :width] % 64 - 32) * 7
    return np.repeat((np.maximum(y, x) + 16)[..., None], 3, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size_hw", [(700, 1300), (1023, 511), (510, 1020), (512, 1531), (1, 1100), (1100, 1)])
@pytest.mark.parametrize("rows", [1, 61, 4000])
def test_every_scale_is_half_the_one_above(size_hw, rows):
    expected = waves(*size_hw)
    archive = packed(expected, rows)
    for level in range((max(size_hw) - 1).bit_length(), -1, -1):
        assert_level_is(expected, archive, level, tolerance=2)
        expected = halved(expected)


def test_it_is_a_zip_of_jpegs_and_of_what_describes_them():
    with zipfile.ZipFile(io.BytesIO(packed(PHOTO))) as file:
        description = file.read("overlay.dzi").decode()
        assert file.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in file.infolist())
        assert {name.rpartition(".")[2] for name in file.namelist()} == {"jpg", "dzi"}
        assert len(file.namelist()) == len(set(file.namelist()))
    for fact in ('Width="1300"', 'Height="700"', f'TileSize="{DEEP_ZOOM_TILE}"', 'Overlap="1"', 'Format="jpg"'):
        assert fact in description


def test_colours_keep_their_places():
    red = np.zeros((20, 30, 3), np.uint8)
    red[..., 0] = 200
    assert_level_is(red, packed(red), 5, tolerance=2)


def test_equal_pictures_are_equal_files():
    assert packed(PHOTO) == packed(PHOTO, 500)


def test_rows_that_cannot_be_made_are_the_reason_that_is_told():
    def some_then_none():
        yield from stripes(PHOTO)[:5]
        raise DamagedPhotoError("The photo ends here.")

    with pytest.raises(DamagedPhotoError, match="ends here"):
        list(stream_deep_zoom((700, 1300), some_then_none(), "x"))
    assert threads_of_deep_zooms() == []


@pytest.mark.parametrize(("height", "message"), [(701, "end at 700 of 701"), (699, "more rows than"), (100, "more")])
def test_too_few_or_too_many_rows_are_an_error_and_no_half_picture(height, message):
    with pytest.raises(ValueError, match=message):
        list(stream_deep_zoom((height, 1300), stripes(PHOTO), "x"))
    assert threads_of_deep_zooms() == []


def test_who_stops_in_the_middle_leaves_no_thread_behind():
    made = []

    def endless(height):
        for top in range(0, height, 64):
            made.append(top)
            yield partial(np.zeros, (64, 4000, 3), np.uint8)

    pieces = stream_deep_zoom((64_000, 4000), endless(64_000), "x")
    assert next(pieces) == b""
    assert len(made) < 10
    next(piece for piece in pieces if piece)
    pieces.close()
    assert threads_of_deep_zooms() == []
    assert len(made) < 1000
