import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from facies.training.datasets import IGNORE, UNKNOWN
from facies.training.pixel_training import without_types

pytestmark = pytest.mark.train


def test_of_photos_that_count_the_decoder_learns_the_outline_alone():
    labels = np.array([[[0, 3, 11, UNKNOWN, IGNORE]]] * 2, np.uint8)
    drawn, real = without_types(labels, np.array([False, True]))
    assert drawn.tolist() == [[0, 3, 11, UNKNOWN, IGNORE]]
    assert real.tolist() == [[0, UNKNOWN, UNKNOWN, UNKNOWN, IGNORE]]
