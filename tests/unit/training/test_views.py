import numpy as np
import pytest
from PIL import Image

from facies.training.plan import Augmentation
from facies.training.views import draw_tile_views, draw_window, plain_tile_views, recolour, turn

STILL = Augmentation(gamma=0, brightness=0, channel_gain=0, contrast=0)


def ramp(height=100, width=80):
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([y * 2, x * 3, np.full_like(y, 50)], axis=2).astype(np.uint8))


def test_the_same_seed_gives_the_same_views():
    draws = [draw_tile_views(ramp(), 6, 24, 32, Augmentation(), np.random.default_rng(7), upright=False) for _ in "ab"]
    assert np.array_equal(*draws)
    assert draws[0].shape == (6, 32, 32, 3)


def test_views_at_the_scale_of_serving_show_less_of_the_picture():
    views = draw_tile_views(ramp(), 2, 24, 32, STILL, np.random.default_rng(0), upright=True)
    assert np.ptp(views[0][..., 0].astype(int)) > np.ptp(views[1][..., 0].astype(int))


def test_plain_views_are_the_whole_picture_and_its_corners():
    views = plain_tile_views(ramp(), 24, 32)
    assert views.shape == (5, 32, 32, 3)
    assert views[1].mean() < views[4].mean()


def test_the_eight_ways_to_turn_differ():
    view = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    assert len({turn(view, way).tobytes() for way in range(8)}) == 8


def test_no_spread_leaves_colours_alone():
    view = np.asarray(ramp())
    difference = recolour(view, STILL, np.random.default_rng(0)).astype(int) - view
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_a_window_and_its_labels_are_turned_together(seed):
    labels = np.zeros((100, 80), np.uint8)
    labels[:40] = 1
    photo = Image.fromarray(np.repeat(labels[..., None] * 200, 3, axis=2))
    window, found = draw_window(photo, Image.fromarray(labels), 32, STILL, np.random.default_rng(seed))
    assert ((window[..., 0] > 100) == (found == 1)).mean() > 0.95
