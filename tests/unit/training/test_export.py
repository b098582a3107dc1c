"""What an exported network is made of. That it answers as torch does is measured in every training; see test_train."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from facies.training.export import grid_step

pytestmark = pytest.mark.train


@pytest.mark.parametrize("rounded", [False, True])
def test_weights_that_were_8_bit_once_have_their_step_found(rounded):
    rng = np.random.default_rng(0)
    weights = 0.0137 * rng.integers(-150, 106, (16, 27))
    weights = weights.astype(np.float16).astype(np.float64) if rounded else weights
    assert grid_step(weights) == pytest.approx(0.0137, rel=1e-3)


def test_weights_of_any_value_lie_on_no_grid():
    assert grid_step(np.random.default_rng(0).normal(0, 0.1, (16, 27))) is None


def test_weights_that_are_all_alike_lie_on_no_grid():
    assert grid_step(np.zeros((4, 9))) is None
    assert grid_step(np.full((4, 9), 0.5)) is None
