from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training.datasets import IGNORE, UNKNOWN  # noqa: E402
from facies.training.encoders import MobileNetV1  # noqa: E402
from facies.training.pixel_network import shortened  # noqa: E402
from facies.training.plan import read_plan  # noqa: E402
from facies.training.probe_windows import look_at_windows  # noqa: E402
from tests.unit.training.test_train import MASK_PLAN, write_plan  # noqa: E402

pytestmark = pytest.mark.train


@dataclass(frozen=True)
class Record:
    """A photo in memory; its windows are 64 px, as wide as its shorter side."""

    labels: np.ndarray
    scored: bool = True

    def read(self):
        noise = np.random.default_rng(0).integers(0, 255, (*self.labels.shape, 3), np.uint8)
        return noise, self.labels


@pytest.fixture
def look(tmp_path):
    plan = read_plan(write_plan(tmp_path, MASK_PLAN))
    torch.manual_seed(0)
    encoder = shortened(MobileNetV1())
    return lambda *records: look_at_windows(encoder, plan, records)


def column(*labels):
    """64 px of each label, one below the other."""
    return np.repeat(np.array(labels, np.uint8), 64)[:, None].repeat(64, axis=1)


def test_every_served_window_of_a_known_type_is_looked_at(look):
    found = look(Record(column(1)), Record(column(2, 2), scored=False), Record(column(0, 0, 2)))
    assert set(found.record_of.tolist()) == {0, 2}
    assert found.textures.shape == (len(found.record_of), 512)
    assert found.tones.shape == (len(found.record_of), 9)
    by_record = [found.shares[found.record_of == number] for number in (0, 2)]
    assert by_record[0][:, 1].tolist() == [1.0]
    assert by_record[1][-1, 2] == 1
    assert (by_record[1][:, 1] == 0).all()


def test_what_is_of_no_known_type_teaches_nothing(look):
    found = look(Record(column(UNKNOWN)), Record(column(IGNORE)), Record(column(0)), Record(column(1)))
    assert found.record_of.tolist() == [3]


def test_a_photo_that_lies_on_its_side_gives_the_windows_of_one_that_stands(look):
    standing = look(Record(column(0, 1, 2)))
    lying = look(Record(np.ascontiguousarray(np.rot90(column(0, 1, 2)))))
    assert torch.equal(standing.shares, lying.shares)
