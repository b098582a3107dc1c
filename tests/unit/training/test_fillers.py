from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from facies.training.datasets import DrawnRecord
from facies.training.fillers import lay_filler
from facies.training.plan import read_plan

PLANS = Path(__file__).parents[3] / "plans"


def core_window(size=96):
    """A brown core that leaves a sixth of the width on either side to the box."""
    window, labels = np.full((size, size, 3), 40, np.uint8), np.zeros((size, size), np.uint8)
    window[:, size // 6 : -size // 6] = (120, 90, 60)
    labels[:, size // 6 : -size // 6] = 3
    return window, labels


@pytest.mark.parametrize("seed", range(12))
def test_what_is_laid_over_a_core_is_background_and_the_rest_stays(seed):
    window, labels = core_window()
    laid, found = lay_filler(window, labels, np.random.default_rng(seed))
    gone = (labels == 3) & (found == 0)
    assert 0.02 < gone.mean() < 0.9
    assert set(np.unique(found)) <= {0, 3}
    assert np.abs(laid[gone].astype(int) - window[gone]).mean() > 10
    far = np.abs(np.arange(96)[:, None] - np.flatnonzero(gone.any(axis=1))[None]).min(axis=1) > 16
    np.testing.assert_allclose(laid[far], window[far], atol=1)


def test_a_window_without_core_can_be_filled_too():
    window = np.full((96, 96, 3), 40, np.uint8)
    laid, found = lay_filler(window, np.zeros((96, 96), np.uint8), np.random.default_rng(1))
    assert not found.any()
    assert (laid != window).any()


def test_the_same_seed_lays_the_same_thing():
    first, second = (lay_filler(*core_window(), np.random.default_rng(5)) for _ in "ab")
    assert np.array_equal(first[0], second[0])


@dataclass(frozen=True)
class RealCore:
    """A photo that is core from edge to edge."""

    def read(self):
        return np.full((500, 200, 3), 120, np.uint8), np.full((500, 200), 3, np.uint8)


@dataclass(frozen=True)
class DrawnCore(DrawnRecord):
    """The same, drawn."""

    def read(self):
        return RealCore().read()


@pytest.mark.train
def test_fillers_are_laid_over_real_photos_only():
    pytest.importorskip("torch", reason="needs the train extra")
    from facies.training.pixel_training import draw_windows

    plan = read_plan(PLANS / "rock-types.toml")
    augmentation = plan.schedule.augmentation.model_copy(update={"filler_share": 1.0})
    plan = plan.model_copy(update={"schedule": plan.schedule.model_copy(update={"augmentation": augmentation})})
    _, real = draw_windows(plan, RealCore(), seed=1)
    _, drawn = draw_windows(plan, DrawnCore(0, 500, "drawn"), seed=1)
    assert (real == 0).any(axis=(1, 2)).all()
    assert (drawn == 3).all()
