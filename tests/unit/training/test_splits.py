import numpy as np
import pytest

from facies.errors import TrainingError
from facies.training.splits import grouped_folds, random_folds


def records(seed=0):
    rng = np.random.default_rng(seed)
    groups = [f"photo-{number}" for number in rng.integers(0, 23, 600)]
    return groups, (rng.random(600) < 0.25).astype(int).tolist()


def test_a_group_is_never_in_two_folds():
    groups, labels = records()
    folds = grouped_folds(groups, labels, 5, seed=1)
    for group in set(groups):
        assert len({int(fold) for fold, of in zip(folds, groups, strict=True) if of == group}) == 1


def test_every_fold_has_about_its_share_of_every_label():
    groups, labels = records()
    folds = grouped_folds(groups, labels, 5, seed=1)
    for label in (0, 1):
        counts = np.bincount(folds[np.array(labels) == label], minlength=5)
        assert counts.min() > 0.6 * counts.mean()


def test_the_same_seed_gives_the_same_folds_and_another_seed_others():
    groups = [str(number) for number in range(40)]
    labels = [0] * 40
    first = grouped_folds(groups, labels, 4, seed=1)
    assert np.array_equal(first, grouped_folds(groups, labels, 4, seed=1))
    assert not np.array_equal(first, grouped_folds(groups, labels, 4, seed=2))


@pytest.mark.parametrize("folds", [1, 4])
def test_too_many_or_too_few_folds_are_refused(folds):
    with pytest.raises(TrainingError, match="cannot be split"):
        grouped_folds(["a", "b", "c"], [0, 1, 0], folds, seed=0)


def test_random_folds_are_of_the_same_size():
    assert np.bincount(random_folds(10, 5, seed=3)).tolist() == [2] * 5
