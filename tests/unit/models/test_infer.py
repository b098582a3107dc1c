from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event, Thread

import numpy as np
import pytest

from facies.errors import AnalysisCancelledError, DamagedPhotoError
from facies.models.infer import infer
from facies.models.runtime import Answers
from tests.data.jobs import wait_until
from tests.data.packages import coral_package


class HandRuntime:
    """A runtime whose batches are answered by the test, or by `answering` as soon as they come."""

    def __init__(self, package):
        self.package = package
        self.batch_size = 4
        self.sent = []
        self.answering = False

    def submit(self, tiles):
        self.sent.append((Future(), tiles))
        if self.answering:
            self.answer(-1)
        return self.sent[-1][0]

    def answer(self, index):
        future, tiles = self.sent[index]
        levels = np.asarray(tiles).mean(axis=(1, 2, 3), dtype=np.float32)
        future.set_result(Answers(levels[:, None]))


@pytest.fixture
def runtime(tmp_path):
    return HandRuntime(coral_package(tmp_path / "package"))


def tile(level):
    return partial(np.full, (8, 8, 3), level, np.uint8)


def levels(answers):
    return [float(answer.probs[0]) for answer in answers]


def look(runtime, tiles, is_cancelled=lambda: False, seen=None):
    return infer(runtime, tiles, 10, lambda *told: None if seen is None else seen.append(told), is_cancelled)


def test_answers_come_in_the_tiles_order_whichever_batch_is_done_first(runtime):
    def answer_the_last_first():
        wait_until(lambda: len(runtime.sent) == 3)
        for index in (2, 1, 0):
            runtime.answer(index)

    Thread(target=answer_the_last_first).start()
    seen = []
    assert levels(look(runtime, map(tile, range(10)), seen=seen)) == list(range(10))
    assert seen == [(4, 10), (8, 10), (10, 10)]


def test_no_tiles_no_answers(runtime):
    assert levels(look(runtime, iter(()))) == []


def test_a_photo_that_breaks_off_is_told_behind_the_answers_before(runtime):
    def tiles():
        yield from map(tile, range(4))
        raise DamagedPhotoError("It breaks off.")

    runtime.answering = True
    answers = look(runtime, tiles())
    assert levels(next(answers) for _ in range(4)) == [0, 1, 2, 3]
    with pytest.raises(DamagedPhotoError):
        next(answers)


def test_no_more_is_cut_than_the_answers_keep_up_with(runtime):
    cut = []

    def tiles():
        while True:
            cut.append(len(cut))
            yield tile(0)

    is_cancelled = Event()
    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(list, look(runtime, tiles(), is_cancelled.is_set))
        wait_until(lambda: runtime.sent and is_still(cut))
        is_cancelled.set()
        with pytest.raises(AnalysisCancelledError):
            looking.result(30)
    assert len(cut) < 200
    wait_until(lambda: all(future.cancelled() for future, _ in runtime.sent))


def is_still(grown):
    before = len(grown)
    Event().wait(0.1)
    return len(grown) == before


def test_a_decoder_that_hangs_keeps_nobody_from_cancelling(runtime):
    goes_on, is_closed = Event(), Event()

    def tiles():
        try:
            yield from map(tile, range(4))
            goes_on.wait(30)
            yield from map(tile, range(4))
        finally:
            is_closed.set()

    with pytest.raises(AnalysisCancelledError):
        list(look(runtime, tiles(), is_cancelled=lambda: bool(runtime.sent)))
    assert runtime.sent[0][0].cancelled()
    goes_on.set()
    assert is_closed.wait(30)


def test_a_network_that_hangs_keeps_nobody_from_cancelling(runtime):
    asked = []
    with pytest.raises(AnalysisCancelledError):
        list(look(runtime, map(tile, range(10)), is_cancelled=lambda: asked.append(1) or len(asked) > 5))
    wait_until(lambda: len(runtime.sent) and all(future.cancelled() for future, _ in runtime.sent))
