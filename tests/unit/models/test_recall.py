from functools import partial

import numpy as np
import pytest

from facies.errors import AnalysisCancelledError
from facies.models.fake import FakeRuntime
from facies.models.recall import NO_CHECKPOINT, infer_missing
from tests.data.packages import coral_package

TOTAL = 30


class Kept:
    """A checkpoint in memory."""

    def __init__(self):
        self.records = []

    def kept(self, width):
        assert all(values.shape[1] == width for _, values in self.records)
        return iter(self.records)

    def keep(self, numbers, values):
        self.records.append((numbers.copy(), values.copy()))

    @property
    def tiles(self):
        return sorted(int(number) for numbers, _ in self.records for number in numbers)


@pytest.fixture
def runtime(tmp_path):
    runtime = FakeRuntime(coral_package(tmp_path / "package"), delay_s=0.005)
    yield runtime
    runtime.close()


@pytest.fixture
def look(runtime):
    """Looks at 30 tiles of rising brightness; the answers, and which tiles were cut for it."""
    side_hw = runtime.package.manifest.input.size_hw

    def look(checkpoint, is_cancelled=lambda: False, seen=None):
        cut = []

        def tiles_at(numbers):
            for number in numbers:
                cut.append(int(number))
                yield partial(np.full, (*side_hw, 3), 8 * number, np.uint8)

        on_progress = lambda done, total: (seen if seen is not None else []).append((done, total))  # noqa: E731
        answers = infer_missing(runtime, tiles_at, TOTAL, on_progress, is_cancelled, checkpoint)
        return answers, cut

    return look


def idle(runtime):
    """Wait until the runtime, which has one thread, has let go of what was submitted."""
    runtime.submit(np.zeros((1, *runtime.package.manifest.input.size_hw, 3), np.uint8)).result()


def test_without_a_checkpoint_every_tile_is_looked_at(look):
    seen = []
    answers, cut = look(NO_CHECKPOINT, seen=seen)
    assert cut == list(range(TOTAL))
    assert (seen[0], seen[-1]) == ((0, TOTAL), (TOTAL, TOTAL))
    assert (np.diff(answers.probs[:, -1]) > 0).all()
    assert answers.domain_scores is None


def test_every_answer_is_kept_once(look):
    kept = Kept()
    look(kept)
    assert kept.tiles == list(range(TOTAL))


def test_a_second_go_looks_at_what_is_missing_alone_and_says_the_same(look, runtime):
    undisturbed, _ = look(NO_CHECKPOINT)
    kept, seen = Kept(), []
    with pytest.raises(AnalysisCancelledError):
        look(kept, is_cancelled=lambda: bool(kept.records))
    idle(runtime)
    before = kept.tiles
    assert 0 < len(before) < TOTAL
    again, cut = look(kept, seen=seen)
    assert sorted(before + cut) == list(range(TOTAL))
    assert seen[0] == (len(before), TOTAL)
    np.testing.assert_array_equal(again.probs, undisturbed.probs)


def test_holes_in_what_was_kept_are_filled(look):
    undisturbed, _ = look(NO_CHECKPOINT)
    whole, kept = Kept(), Kept()
    look(whole)
    kept.records = whole.records[1:3] + whole.records[5:]
    again, cut = look(kept)
    assert cut == [0, 1, 2, 3, *range(12, 20)]
    np.testing.assert_array_equal(again.probs, undisturbed.probs)
