from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training.datasets import IGNORE, UNKNOWN, DrawnRecord  # noqa: E402
from facies.training.encoders import MobileNetV1, MobileNetV2  # noqa: E402
from facies.training.pixel_network import shortened  # noqa: E402
from facies.training.plan import read_plan  # noqa: E402
from facies.training.progress import silent  # noqa: E402
from facies.training.served_windows import look_at_windows  # noqa: E402
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


@dataclass(frozen=True)
class Drawing(DrawnRecord):
    """The same, drawn."""

    labels: np.ndarray = None

    def read(self):
        return Record(self.labels).read()


@pytest.fixture
def look(tmp_path):
    plan = read_plan(write_plan(tmp_path, MASK_PLAN))
    torch.manual_seed(0)
    encoders = MobileNetV2().eval(), shortened(MobileNetV1()).eval()
    return lambda *records, kept="served.npz": look_at_windows(*encoders, plan, records, tmp_path / kept, silent)


def column(*labels):
    """64 px of each label, one below the other."""
    return np.repeat(np.array(labels, np.uint8), 64)[:, None].repeat(64, axis=1)


def test_every_served_window_with_core_is_looked_at(look):
    found = look(Record(column(1)), Record(column(2, 2), scored=False), Record(column(0, 0, 2)))
    counts = [int((found.record_of == number).sum()) for number in range(3)]
    assert counts[0] == 1 < counts[1]
    assert found.tops.shape == (sum(counts), 320)
    assert found.textures.shape == (sum(counts), 512)
    assert found.tones.shape == (sum(counts), 9)
    assert found.shares[0, 1] == 1
    last = found.shares[found.record_of == 2]
    assert last[-1, 2] == 1
    assert (last[:, 1] == 0).all()


def test_what_is_of_no_known_type_is_core_without_a_type_and_what_is_no_core_is_left_out(look):
    found = look(Record(column(UNKNOWN)), Record(column(IGNORE)), Record(column(0)), Record(column(1)))
    assert found.record_of.tolist() == [0, 3]
    assert found.typed.tolist() == [False, True]


def test_of_a_drawing_some_windows_from_top_to_bottom_are_enough(look):
    labels = column(*[1] * 10, *[2] * 10)
    real, drawn = (
        look(record, kept=f"{kept}.npz")
        for kept, record in enumerate((Record(labels), Drawing(1, 1280, "drawn", labels=labels)))
    )
    assert len(drawn.record_of) == 4 < len(real.record_of)
    assert torch.equal(drawn.tops[[0, -1]], real.tops[[0, -1]])


def test_windows_that_were_looked_at_are_not_looked_at_again(look):
    first = look(Record(column(1)))
    again = look(Record(column(2)))
    assert torch.equal(first.shares, again.shares)


def test_a_photo_that_lies_on_its_side_gives_the_windows_of_one_that_stands(look):
    standing = look(Record(column(0, 1, 2)), kept="standing.npz")
    lying = look(Record(np.ascontiguousarray(np.rot90(column(0, 1, 2)))), kept="lying.npz")
    assert torch.equal(standing.shares, lying.shares)
