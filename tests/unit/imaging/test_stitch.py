import numpy as np
import pytest

from facies.errors import TileCoverageError
from facies.imaging.stitch import blend, take_likeliest
from facies.imaging.tiles import Grid, plan


def random_tiles(grid, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    probs = rng.random((len(grid), classes, *grid.sizes_hw[0]), dtype=np.float32) + 0.01
    return probs / probs.sum(axis=1, keepdims=True)


def blended_at_once(tiles, grid):
    """The same by definition: every tile weighted with one Gaussian, over the whole photo at once."""
    height, width = grid.sizes_hw[0]
    bell = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (0.125 * n)) ** 2) for n in (height, width)]
    window = np.maximum(np.outer(*bell) / np.outer(*bell).max(), 1e-3)
    total = np.zeros((tiles.shape[1], *grid.image_hw))
    mass = np.zeros(grid.image_hw)
    for (y, x), tile in zip(grid.origins_yx, tiles, strict=True):
        total[:, y : y + height, x : x + width] += tile * window
        mass[y : y + height, x : x + width] += window
    return total / mass


@pytest.mark.parametrize("image_hw", [(32, 32), (100, 32), (77, 61), (33, 90)])
def test_bands_joined_are_the_whole_blend(image_hw):
    grid = plan(image_hw, (32, 32), overlap=12)
    tiles = random_tiles(grid)
    whole = np.concatenate([band.copy() for band in blend(tiles, grid)], axis=1)
    np.testing.assert_allclose(whole, blended_at_once(tiles, grid), atol=1e-5)
    np.testing.assert_allclose(whole.sum(axis=0), 1, atol=1e-5)


def test_label_map_takes_the_likeliest_and_says_how_likely():
    grid = plan((70, 32), (32, 32), overlap=8)
    tiles = random_tiles(grid)
    labels, confidence = take_likeliest(iter(tiles), grid)
    expected = blended_at_once(tiles, grid)
    assert (labels == expected.argmax(axis=0)).mean() > 0.999
    np.testing.assert_allclose(confidence / 255, expected.max(axis=0), atol=0.003)


def test_of_equally_likely_classes_it_takes_the_first():
    grid = plan((40, 32), (32, 32), overlap=8)
    tiles = np.tile(np.array([0.1, 0.4, 0.1, 0.4], np.float32)[:, None, None], (len(grid), 1, 32, 32))
    labels, _ = take_likeliest(iter(tiles), grid)
    assert (labels == 1).all()


def test_tiles_are_not_changed():
    grid = plan((50, 32), (32, 32), overlap=8)
    tiles = random_tiles(grid)
    before = tiles.copy()
    list(blend(tiles, grid))
    np.testing.assert_array_equal(tiles, before)


def test_a_hole_between_tiles_is_an_error():
    sizes = np.full((2, 2), 32)
    hole = Grid((100, 32), np.array([[0, 0], [68, 0]]), sizes)
    with pytest.raises(TileCoverageError):
        list(blend(random_tiles(hole), hole))
    short = Grid((100, 32), np.array([[0, 0], [32, 0]]), sizes)
    with pytest.raises(TileCoverageError, match="row 64 of 100"):
        take_likeliest(random_tiles(short), short)
