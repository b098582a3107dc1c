import math

import numpy as np
import pytest

from facies.imaging.tiles import cut, plan
from tests.data.photos import noise


@pytest.mark.parametrize("image_hw", [(1, 1), (244, 244), (245, 243), (488, 244), (500, 1000), (3, 2000)])
def test_a_plain_grid_covers_every_pixel_once_row_by_row(image_hw):
    grid = plan(image_hw, (244, 244))
    assert len(grid) == math.ceil(image_hw[0] / 244) * math.ceil(image_hw[1] / 244)
    covered = np.zeros(image_hw, int)
    for (y, x), (height, width) in zip(grid.origins_yx, grid.sizes_hw, strict=True):
        assert y % 244 == x % 244 == 0
        covered[y : y + height, x : x + width] += 1
    assert (covered == 1).all()
    assert grid.origins_yx.tolist() == sorted(grid.origins_yx.tolist())


@pytest.mark.parametrize("image_hw", [(384, 384), (385, 384), (2500, 384), (1000, 900)])
def test_overlapping_tiles_are_whole_and_share_at_least_the_overlap(image_hw):
    grid = plan(image_hw, (384, 384), overlap=128)
    assert (grid.sizes_hw == 384).all()
    assert (grid.origins_yx >= 0).all()
    assert (grid.origins_yx.max(axis=0) + 384).tolist() == list(image_hw)
    for axis in (0, 1):
        starts = np.unique(grid.origins_yx[:, axis])
        assert (np.diff(starts) <= 256).all()


def test_tiles_are_views_in_the_grids_order():
    photo = noise(50, 70)
    tiles = list(cut(photo, plan(photo.shape[:2], (20, 30))))
    assert [tile.shape[:2] for tile in tiles] == [(20, 30), (20, 30), (20, 10)] * 2 + [(10, 30), (10, 30), (10, 10)]
    np.testing.assert_array_equal(tiles[4], photo[20:40, 30:60])
    assert all(np.shares_memory(tile, photo) for tile in tiles)


def test_stripes_reach_over_no_two_rows_of_tiles():
    grid = plan((120, 90), (50, 50))
    assert grid.stripes(30) == [(0, 0, 30), (0, 30, 50), (50, 50, 80), (50, 80, 100), (100, 100, 120)]
    assert grid.stripes(1000) == [(0, 0, 50), (50, 50, 100), (100, 100, 120)]
