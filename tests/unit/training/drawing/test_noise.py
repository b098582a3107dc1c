import numpy as np
import pytest

from facies.training.drawing import noise


@pytest.fixture
def rng():
    return noise.generator(5)


def test_generators_of_other_purposes_are_independent():
    assert noise.generator(1).random() == noise.generator(1).random()
    assert noise.generator(1).random() != noise.generator(1, 2).random()


def test_sine_is_a_sine_to_five_digits():
    turns = np.linspace(-3, 3, 997, dtype=np.float32)
    assert noise.sine(turns) == pytest.approx(np.sin(2 * np.pi * turns), abs=2e-3)


@pytest.mark.parametrize("scale_yx", [(1.0, 1.0), (7.0, 3.0), (40.0, 90.0)])
def test_smooth_noise_has_mean_nought_and_deviation_about_one(rng, scale_yx):
    picture = noise.smooth(rng, (900, 700), scale_yx)
    assert picture.shape == (900, 700)
    assert picture.dtype == np.float32
    assert abs(picture.mean()) < 0.3
    assert 0.7 < picture.std() < 1.3


def test_wider_noise_changes_more_slowly(rng):
    steps = [np.abs(np.diff(noise.smooth(rng, (300, 300), (scale, scale)))).mean() for scale in (2, 8, 32)]
    assert steps[0] > 2 * steps[1] > 4 * steps[2]


def test_seamless_noise_continues_over_its_edges(rng):
    square = noise.seamless(rng, 128, 8)
    inner = np.abs(np.diff(square, axis=0)).max()
    assert np.abs(square[0] - square[-1]).max() <= inner * 1.2
    assert np.abs(square[:, 0] - square[:, -1]).max() <= inner * 1.2


def test_ramp_rises_or_falls_between_its_ends():
    values = np.array([-1, 0, 0.5, 1, 2], np.float32)
    assert noise.ramp(values, 0, 1).tolist() == [0, 0, 0.5, 1, 1]
    assert noise.ramp(values, 1, 0).tolist() == [1, 1, 0.5, 0, 0]


def test_a_profile_is_mirrored_beyond_its_ends():
    profile = np.array([0, 1, 2, 3], np.float32)
    found = noise.along(profile, np.array([-1, 0, 1.5, 3, 4, 7], np.float32))
    assert found.tolist() == [1, 0, 1.5, 3, 2, 1]


def test_layers_stay_within_their_thicknesses(rng):
    edges = np.flatnonzero(np.diff(noise.layers(rng, 2000, (4, 9))))
    assert np.diff(edges).min() >= 4
    assert np.diff(edges).max() <= 9


def test_lookup_repeats_and_interpolates(rng):
    square = noise.white(rng, (8, 8))
    v, u = (np.array(values, np.float32) for values in ([2, 18, 3], [4, 4, 4]))
    found = noise.lookup(square, v, u, 2.0)
    assert found[0] == pytest.approx(square[1, 2])
    assert found[1] == pytest.approx(square[1, 2])
    assert found[2] == pytest.approx((square[1, 2] + square[2, 2]) / 2)


def test_cells_know_their_owner_and_their_border(rng):
    y, x = noise.rows_columns((120, 90))
    tiling = noise.cells(rng, y, x, (20, 20))
    assert tiling.nearest.shape == tiling.border.shape == tiling.owner.shape == (120, 90)
    assert tiling.owner.min() >= 0
    assert tiling.owner.max() < tiling.total
    assert tiling.border.min() >= 0
    changes = tiling.owner[:, 1:] != tiling.owner[:, :-1]
    assert np.minimum(tiling.border[:, 1:], tiling.border[:, :-1])[changes].max() < 2.5
    assert 20 < len(np.unique(tiling.owner)) < 60


def test_cells_of_a_boundless_view_take_bounded_memory(rng):
    far = np.linspace(0, 4e6, 50, dtype=np.float32)
    tiling = noise.cells(rng, far[:, None], far[None, :], (10, 10))
    assert tiling.total <= 256 * 256


def test_blur_keeps_what_is_level_and_evens_out_the_rest(rng):
    level = np.full((3, 20, 30), 0.4, np.float32)
    assert noise.blur(level, 4) == pytest.approx(level)
    rough = noise.white(rng, (60, 60))
    assert noise.blur(rough, 3).std() < rough.std() / 3


def test_shift_repeats_the_edge():
    picture = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert noise.shift(picture, 1, 1).tolist() == [[0, 0, 1], [0, 0, 1]]
