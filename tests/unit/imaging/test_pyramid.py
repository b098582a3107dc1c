import io
import threading
import time
import zipfile
from functools import partial

import numpy as np
import pytest
import pyvips
from PIL import Image

from facies.errors import DamagedPhotoError
from facies.imaging.pyramid import DEEP_ZOOM_TILE, deep_zoom_of, stream_deep_zoom, stream_tiled_tiff
from tests.data.photos import noise

PHOTO = noise(700, 1300)
LABELS = np.random.default_rng(3).integers(0, 12, (1100, 700)).astype(np.uint8)


def stripes(pixels, rows=61):
    return [partial(np.array, pixels[top : top + rows]) for top in range(0, len(pixels), rows)]


def put_together(archive: bytes, base: str, level: int, size_hw: tuple[int, int]) -> np.ndarray:
    """A level of a deep zoom as one picture."""
    picture = np.zeros((*size_hw, 3), np.uint8)
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        for name in sorted(file.namelist()):
            if not name.startswith(f"{base}_files/{level}/"):
                continue
            column, row = map(int, name.rpartition("/")[2].removesuffix(".jpg").split("_"))
            tile = np.asarray(Image.open(io.BytesIO(file.read(name))))
            top, left = (max(0, place * DEEP_ZOOM_TILE - 1) for place in (row, column))
            picture[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return picture


def threads_of_pyramids():
    return [thread for thread in threading.enumerate() if thread.name.startswith(("pyramid", "paint"))]


def test_a_deep_zoom_of_stripes_is_the_picture_at_every_scale():
    archive = b"".join(stream_deep_zoom((700, 1300), stripes(PHOTO), "overlay"))
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        description = file.read("overlay.dzi").decode()
        assert file.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in file.infolist())
    assert 'Width="1300"' in description
    assert f'TileSize="{DEEP_ZOOM_TILE}"' in description
    whole = put_together(archive, "overlay", 11, (700, 1300))
    assert np.abs(whole.astype(int) - PHOTO).mean() < 4
    half = put_together(archive, "overlay", 10, (350, 650))
    assert np.abs(half.astype(int) - PHOTO.reshape(350, 2, 650, 2, 3).mean(axis=(1, 3))).mean() < 5


def test_a_deep_zoom_of_a_picture_is_that_of_its_stripes():
    picture = pyvips.Image.new_from_memory(PHOTO, 1300, 700, 3, "uchar").copy(interpretation="srgb")
    again = put_together(b"".join(deep_zoom_of(picture, "photo")), "photo", 11, (700, 1300))
    streamed = put_together(b"".join(stream_deep_zoom((700, 1300), stripes(PHOTO), "photo")), "photo", 11, (700, 1300))
    np.testing.assert_array_equal(again, streamed)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_the_smallest_and_narrowest_pictures(size):
    pixels = np.full((*size, 3), 99, np.uint8)
    archive = b"".join(stream_deep_zoom(size, stripes(pixels), "x"))
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert f'Width="{size[1]}"' in file.read("x.dzi").decode()


def test_a_tiled_tiff_holds_every_value():
    content = b"".join(stream_tiled_tiff(LABELS.shape, stripes(LABELS)))
    picture = Image.open(io.BytesIO(content))
    assert (content[:4], picture.mode, picture.tag_v2[322]) == (b"II+\0", "L", 512)
    np.testing.assert_array_equal(np.asarray(picture), LABELS)


@pytest.mark.parametrize("stream", [partial(stream_deep_zoom, base="x"), stream_tiled_tiff])
def test_rows_that_cannot_be_made_are_the_reason_that_is_told(stream):
    pixels = PHOTO if stream is not stream_tiled_tiff else LABELS

    def some_then_none():
        yield from stripes(pixels)[:5]
        raise DamagedPhotoError("The photo ends here.")

    with pytest.raises(DamagedPhotoError, match="ends here"):
        list(stream(pixels.shape[:2], some_then_none()))
    assert threads_of_pyramids() == []


def test_too_few_rows_are_an_error_and_no_half_picture():
    with pytest.raises(pyvips.Error):
        list(stream_deep_zoom((700, 1300), stripes(PHOTO)[:5], "x"))


def test_who_stops_in_the_middle_leaves_no_thread_behind():
    made = []

    def endless(height):
        for top in range(0, height, 64):
            made.append(top)
            yield partial(np.zeros, (64, 4000, 3), np.uint8)

    pieces = stream_deep_zoom((64_000, 4000), endless(64_000), "x")
    next(pieces)
    pieces.close()
    assert threads_of_pyramids() == []
    assert len(made) < 1000


def test_who_waits_sees_that_work_goes_on():
    def slow():
        for stripe in stripes(LABELS, 200):
            time.sleep(0.3)
            yield stripe

    pieces = list(stream_tiled_tiff(LABELS.shape, slow()))
    assert pieces[0] == b""
    assert Image.open(io.BytesIO(b"".join(pieces))).size == (700, 1100)
