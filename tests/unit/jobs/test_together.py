"""What threads bring at about the same time."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from facies.jobs.together import Together
from tests.data.jobs import wait_until


class Desk:
    """Doubles numbers. It notes what comes together, and is at the number 0 until it is let go."""

    def __init__(self) -> None:
        self.rounds: list[Sequence[int]] = []
        self.go: SimpleQueue[None] = SimpleQueue()
        self.together = Together(self._double)

    def _double(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.rounds.append(numbers)
        if 0 in numbers:
            self.go.get(timeout=30)
        if 13 in numbers:
            raise OSError("The disk is full.")
        return [ValueError(f"{number} is odd") if number % 2 else 2 * number for number in numbers]


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def busy(desk):
    """Brings numbers while the desk is at another."""

    def bring(*numbers: int) -> list[Future[int]]:
        with ThreadPoolExecutor(len(numbers) + 1) as threads:
            first = threads.submit(desk.together.do, 0)
            wait_until(lambda: desk.rounds == [[0]])
            brought = []
            for number in numbers:
                brought.append(threads.submit(desk.together.do, number))
                wait_until(lambda: len(desk.together._waiting) == len(brought))
            desk.go.put(None)
        assert first.result() == 0
        return brought

    return bring


def test_who_comes_alone_is_done_at_once(desk):
    assert [desk.together.do(number) for number in (2, 4)] == [4, 8]
    assert desk.rounds == [[2], [4]]


def test_those_who_come_meanwhile_are_done_in_one_go(desk, busy):
    assert [future.result() for future in busy(2, 4, 6)] == [4, 8, 12]
    assert desk.rounds == [[0], [2, 4, 6]]


def test_each_is_told_what_came_of_theirs(desk, busy):
    two, three, four = busy(2, 3, 4)
    assert (two.result(), four.result()) == (4, 8)
    with pytest.raises(ValueError, match="3 is odd"):
        three.result()


def test_an_error_befalls_all_who_came_together_and_nobody_after_them(desk, busy):
    for future in busy(2, 13):
        with pytest.raises(OSError, match="disk is full"):
            future.result()
    assert desk.together.do(4) == 8


def test_nobody_is_left_waiting_when_many_come_again_and_again(desk):
    with ThreadPoolExecutor(8) as threads:
        doubled = list(threads.map(desk.together.do, range(2, 2002, 2)))
    assert doubled == list(range(4, 4004, 4))
    assert sum(map(len, desk.rounds)) == 1000
