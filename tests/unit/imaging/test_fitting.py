import numpy as np
import pytest

from facies.imaging.fitting import fit, fit_photo, fit_row
from facies.imaging.tiles import cut, plan
from tests.data.photos import noise, strata

RESIZES = pytest.mark.parametrize("resize", ["bilinear", "bicubic"])


def test_a_tile_of_the_right_size_is_left_alone():
    tile = noise(20, 20)
    assert fit(tile, (20, 20)) is tile


@RESIZES
def test_shrinking_is_antialiased(resize):
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, ::2] = 200
    shrunk = fit(stripes, (20, 20), resize)
    assert shrunk.shape == (20, 20, 3)
    assert np.abs(shrunk.astype(int) - 100).max() <= 6


@pytest.mark.parametrize("photo_hw", [(400, 2400), (2400, 400), (1428, 3000), (90, 200), (7, 5000)])
@pytest.mark.parametrize("size_hw", [(384, 2304), (97, 31), (3, 700)])
def test_a_photo_resized_in_bands_is_the_photo_resized(photo_hw, size_hw):
    photo = noise(*photo_hw)
    difference = np.abs(fit_photo(photo, size_hw).astype(int) - fit(photo, size_hw))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.1


def test_a_photo_of_the_right_size_is_left_alone():
    photo = noise(20, 30)
    assert fit_photo(photo, (20, 30)) is photo


def _row_and_each(photo, tile_hw, size_hw, resize="bilinear", row=0):
    """The tiles of a row made together, and each made by itself."""
    grid = plan(photo.shape[:2], tile_hw)
    _, of_row = grid.row_of_tiles(grid.tops[row])
    band = photo[grid.tops[row] :][: tile_hw[0]]
    together = [make() for make in fit_row(band, of_row, size_hw, resize)]
    return together, [fit(tile, size_hw, resize) for tile in cut(band, of_row)]


@RESIZES
@pytest.mark.parametrize(("tile_hw", "size_hw"), [((61, 61), (56, 56)), ((128, 128), (56, 56)), ((60, 90), (50, 30))])
def test_a_row_is_what_its_tiles_are_alone(resize, tile_hw, size_hw):
    together, alone = _row_and_each(strata(500, 200), tile_hw, size_hw, resize)
    assert len(together) == len(alone)
    for one, other in zip(together, alone, strict=True):
        assert one.shape == other.shape == (*size_hw, 3)
        difference = np.abs(one.astype(int) - other)
        assert difference.mean() < 0.5
        assert difference[:, 2:-2].max() <= 6  # a seam reaches into the neighbour


def test_a_long_row_is_made_some_tiles_at_a_time():
    photo = strata(61 * 40, 61)
    _, row = plan(photo.shape[:2], (61, 61)).row_of_tiles(0)
    tiles = [make() for make in fit_row(photo, row, (56, 56))]
    assert max(tile.base.nbytes for tile in tiles) < 20 * 56 * 56 * 3


def test_no_tile_moves():
    photo = np.zeros((61, 40 * 61, 3), np.uint8)
    photo[:, ::61] = 255  # the first column of every tile
    together, _ = _row_and_each(photo, (61, 61), (56, 56))
    for tile in together:
        assert tile[:, 0].min() > 150
        assert tile[:, 2:-1].max() == 0


@pytest.mark.parametrize(
    ("photo_hw", "tile_hw", "size_hw", "row"),
    [
        ((100, 250), (40, 40), (64, 64), 0),  # enlarged
        ((100, 250), (40, 40), (40, 40), 0),  # of the right size
        ((100, 250), (40, 40), (30, 30), 2),  # the last row, lower than the others
        ((100, 250), (40, 80), (50, 60), 0),  # higher and narrower
        ((30, 20), (40, 40), (64, 64), 0),  # a photo smaller than a tile
    ],
)
def test_what_does_not_shrink_is_resized_tile_by_tile(photo_hw, tile_hw, size_hw, row):
    together, alone = _row_and_each(noise(*photo_hw), tile_hw, size_hw, row=row)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)
