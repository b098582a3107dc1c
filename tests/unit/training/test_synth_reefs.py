import numpy as np
import pytest
from PIL import Image

from facies.errors import TrainingError
from facies.training import synth_reefs
from facies.training.synth_reefs import BLEACHED, HEALTHY, NEITHER

SMALL = {"width": 240, "height": 160}


def test_same_seed_gives_the_same_bytes_and_another_seed_another_photo():
    one, again, other = (synth_reefs.draw(seed, **SMALL) for seed in (3, 3, 4))
    assert one.photo.tobytes() == again.photo.tobytes()
    assert one.truth.tobytes() == again.truth.tobytes()
    assert one.photo.tobytes() != other.photo.tobytes()


@pytest.mark.parametrize(("width", "height"), [(64, 64), (301, 97), (1601, 67)])
def test_photo_and_truth_have_the_size_asked_for(width, height):
    reef = synth_reefs.draw(1, width=width, height=height)
    assert reef.photo.shape == (height, width, 3)
    assert reef.photo.dtype == np.uint8
    assert reef.truth.shape == (height, width)
    assert reef.truth.dtype == np.uint8


@pytest.fixture(scope="module")
def reefs():
    return [synth_reefs.draw(seed, **SMALL, bleached_share=0.5) for seed in range(4)]


def test_a_reef_shows_healthy_coral_bleached_coral_and_what_is_neither(reefs):
    seen = sum(np.bincount(reef.truth.ravel(), minlength=3) for reef in reefs)
    assert (seen / seen.sum() > (0.2, 0.05, 0.05)).all()


def test_bleached_coral_is_paler_than_healthy_coral(reefs):
    pale = np.concatenate([reef.photo[reef.truth == BLEACHED] for reef in reefs])
    dark = np.concatenate([reef.photo[reef.truth == HEALTHY] for reef in reefs])
    assert pale.mean() > dark.mean() + 20


def test_the_share_of_bleached_colonies_is_obeyed_at_both_ends():
    healthy = synth_reefs.draw(5, **SMALL, bleached_share=0.0).truth
    assert set(np.unique(healthy)) <= {NEITHER, HEALTHY}
    dying = synth_reefs.draw(5, **SMALL, bleached_share=1.0).truth
    assert (dying == BLEACHED).sum() > (dying == HEALTHY).sum()


def test_impossible_wishes_are_refused():
    with pytest.raises(TrainingError, match="64 x 64"):
        synth_reefs.draw(1, width=63, height=100)
    with pytest.raises(TrainingError, match="0 to 1"):
        synth_reefs.draw(1, **SMALL, bleached_share=1.5)


def test_write_leaves_pairs_named_by_seed(tmp_path):
    told = []
    synth_reefs.write(tmp_path, 2, 8, **SMALL, on_written=lambda done, total: told.append((done, total)))
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert names == [
        "images/reef-000008.jpg",
        "images/reef-000009.jpg",
        "masks/reef-000008.png",
        "masks/reef-000009.png",
    ]
    assert told == [(1, 2), (2, 2)]
    mask = Image.open(tmp_path / "masks/reef-000009.png")
    assert mask.mode == "P"
    assert np.array_equal(np.array(mask), synth_reefs.draw(9, **SMALL).truth)
