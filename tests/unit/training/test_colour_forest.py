from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the train extra")

from facies.training.colour_forest import map_held_out

pytestmark = pytest.mark.train


@dataclass(frozen=True)
class Photo:
    """Two halves of two colours with some noise."""

    seed: int
    colours: tuple

    def read(self):
        labels = np.zeros((64, 64), np.uint8)
        labels[32:] = 1
        noise = np.random.default_rng(self.seed).integers(-20, 21, (64, 64, 3))
        return (np.array(self.colours)[labels] + noise).clip(0, 255).astype(np.uint8), labels


BROWN, GREY = (140, 90, 50), (110, 110, 115)


def test_it_knows_colours_from_the_other_folds():
    records = [Photo(seed, (GREY, BROWN)) for seed in range(4)]
    found = map_held_out(records, np.array([0, 0, 1, 1]), 2, seed=0)
    assert all((label_map == records[number].read()[1]).mean() > 0.95 for number, label_map in found.items())


def test_it_sees_nothing_of_its_own_fold_and_maps_nothing_that_is_not_scored():
    records = [Photo(0, (GREY, BROWN)), Photo(1, (BROWN, GREY)), Photo(2, (BROWN, GREY))]
    found = map_held_out(records, np.array([0, 1, -1]), 2, seed=0)
    assert set(found) == {0, 1}
    assert (found[0] == records[0].read()[1]).mean() < 0.05
