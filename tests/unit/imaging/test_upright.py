import numpy as np
import pytest

from facies.imaging.label_map import LabelMap
from facies.imaging.upright import lay_back, make_upright, plan_upright


def labelled_photo(height, width):
    """A photo of blocks, and the same blocks as a label map."""
    rows, columns = np.arange(height) * 6 // height, np.arange(width) * 2 // width
    labels = (rows[:, None] * 2 + columns).astype(np.uint8)
    return np.repeat(labels[..., None] * 20, 3, axis=2), labels


def brought_back(found, upright):
    small = lay_back(found, upright)
    return LabelMap(upright.photo_hw, small, small).labels_of(0, upright.photo_hw[0])


@pytest.mark.parametrize("hw", [(1200, 200), (200, 1200), (300, 300), (97, 1501), (2000, 500)])
def test_a_label_map_comes_back_to_its_place(hw):
    photo, labels = labelled_photo(*hw)
    upright = plan_upright(hw, 384, (384, 384))
    standing = make_upright(photo, upright)
    assert standing.shape[:2] == upright.padded_hw
    assert standing.shape[1] == 384
    assert standing.shape[0] >= 384
    restored = brought_back((standing[..., 0] / 20).round().astype(np.uint8), upright)
    assert restored.shape == hw
    assert (restored == labels).mean() > 0.97


def test_a_lying_core_is_stood_up():
    assert plan_upright((300, 2400), 384).padded_hw == (3072, 384)
    assert plan_upright((2400, 300), 384).padded_hw == (3072, 384)


@pytest.mark.parametrize("hw", [(1, 1), (2, 3000), (1, 20000)])
def test_a_sliver_is_not_blown_up_without_bound(hw):
    upright = plan_upright(hw, 384, (384, 384))
    assert upright.padded_hw[0] <= max(384, 4 * max(hw))
    standing = make_upright(np.full((*hw, 3), 7, np.uint8), upright)
    assert (standing == 7).all()
    assert brought_back(standing[..., 0], upright).shape == hw


def test_nothing_to_do_copies_nothing():
    photo = np.zeros((50, 60, 3), np.uint8)
    assert make_upright(photo, plan_upright((50, 60), 0)) is photo
