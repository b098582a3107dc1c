import io
import threading
import time
from functools import partial

import numpy as np
import pytest
import pyvips
from PIL import Image

from facies.errors import DamagedPhotoError
from facies.imaging.tiled_tiff import stream_tiled_tiff

LABELS = np.random.default_rng(3).integers(0, 12, (1100, 700)).astype(np.uint8)


def stripes(pixels, rows=61):
    return [partial(np.array, pixels[top : top + rows]) for top in range(0, len(pixels), rows)]


def threads_of_tiffs():
    return [thread for thread in threading.enumerate() if thread.name.startswith(("tiff", "paint"))]


def test_a_tiled_tiff_holds_every_value():
    content = b"".join(stream_tiled_tiff(LABELS.shape, stripes(LABELS)))
    picture = Image.open(io.BytesIO(content))
    assert (content[:4], picture.mode, picture.tag_v2[322]) == (b"II+\0", "L", 512)
    np.testing.assert_array_equal(np.asarray(picture), LABELS)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_the_smallest_and_narrowest_pictures(size):
    content = b"".join(stream_tiled_tiff(size, stripes(np.full(size, 7, np.uint8))))
    assert (np.asarray(Image.open(io.BytesIO(content))) == np.full(size, 7)).all()


def test_rows_that_cannot_be_made_are_the_reason_that_is_told():
    def some_then_none():
        yield from stripes(LABELS)[:5]
        raise DamagedPhotoError("The photo ends here.")

    with pytest.raises(DamagedPhotoError, match="ends here"):
        list(stream_tiled_tiff(LABELS.shape, some_then_none()))
    assert threads_of_tiffs() == []


def test_too_few_rows_are_an_error_and_no_half_picture():
    with pytest.raises(pyvips.Error):
        list(stream_tiled_tiff(LABELS.shape, stripes(LABELS)[:5]))


def test_who_stops_in_the_middle_leaves_no_thread_behind():
    made = []

    def endless(height):
        for top in range(0, height, 64):
            made.append(top)
            yield partial(np.zeros, (64, 4000), np.uint8)

    pieces = stream_tiled_tiff((64_000, 4000), endless(64_000))
    next(pieces)
    pieces.close()
    assert threads_of_tiffs() == []
    assert len(made) < 1000


def test_who_waits_sees_that_work_goes_on():
    def slow():
        for stripe in stripes(LABELS, 200):
            time.sleep(0.1)
            yield stripe

    pieces = list(stream_tiled_tiff(LABELS.shape, slow()))
    assert pieces[0] == b""
    assert Image.open(io.BytesIO(b"".join(pieces))).size == (700, 1100)
