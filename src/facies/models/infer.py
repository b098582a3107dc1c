"""Tiles stream through a runtime: batches go in ahead of the answers, answers come out in the tiles' order.

A thread of its own cuts the tiles and sends them. So whoever wants the answers waits for nothing but them, and can ask
meanwhile whether they are still wanted: neither a decoder nor a full runtime keeps a cancelled job.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from itertools import islice, repeat
from threading import Semaphore, Thread
from typing import Final, NamedTuple

from facies.errors import AnalysisCancelledError
from facies.models.runtime import Answers, Batch, MakeTile, Probs, Runtime

_MOST_PENDING: Final = 16
"""Batches that are sent while an earlier one is still being looked at."""
_ASK_S: Final = 0.005
"""How often it is asked whether the answers are still wanted, where they are waited for."""


class Answer(NamedTuple):
    """What a network says of one tile.

    Attributes:
        probs: float32 (C,) or (C, h, w).
        domain_score: how far it lies from the training photos; None where the package has no domain.
    """

    probs: Probs
    domain_score: float | None


def infer(
    runtime: Runtime,
    tiles: Iterable[MakeTile],
    total: int,
    on_progress: Callable[[int, int], None],
    is_cancelled: Callable[[], bool],
) -> Iterator[Answer]:
    """Look at every tile.

    Args:
        runtime: what looks.
        tiles: each makes one of the network's input size, when its turn comes.
        total: how many tiles there are.
        on_progress: called with tiles done and `total` after every batch.
        is_cancelled: asked many times a second, whatever is waited for.

    Yields:
        an answer a tile, in the tiles' order.

    Raises:
        AnalysisCancelledError: `is_cancelled` said so. What was sent is taken back, and nobody waits until it is.
    """
    feed, done = _Feed(runtime, tiles, is_cancelled), 0
    try:
        while (answers := feed.next_answers()) is not None:
            done += len(answers.probs)
            on_progress(done, total)
            yield from _one_by_one(answers)
    finally:
        feed.stop()


class _Feed:
    """Batches on their way into a runtime, from a thread of its own."""

    def __init__(self, runtime: Runtime, tiles: Iterable[MakeTile], is_cancelled: Callable[[], bool]) -> None:
        self._runtime = runtime
        self._is_cancelled = is_cancelled
        self._is_stopped = False
        self._sent: deque[Future[Answers]] = deque()
        self._room = Semaphore(_MOST_PENDING)
        self._news = Semaphore(0)  # a batch more, or the end
        Thread(target=self._send_all, args=(tiles,), name="feed", daemon=True).start()

    def next_answers(self) -> Answers | None:
        """The answers of the next batch; None behind the last. What goes wrong in cutting or looking is raised here.

        Raises:
            AnalysisCancelledError: they are not wanted any more.
        """
        self._stop_if_cancelled()
        while not self._news.acquire(timeout=_ASK_S):
            self._stop_if_cancelled()
        if not self._sent:
            return None
        while not wait((self._sent[0],), _ASK_S).done:
            self._stop_if_cancelled()
        self._room.release()
        return self._sent.popleft().result()

    def stop(self) -> None:
        """Send no more, and take back what was sent; waits for nothing."""
        self._is_stopped = True
        for future in tuple(self._sent):
            future.cancel()
        self._room.release()

    def _stop_if_cancelled(self) -> None:
        if self._is_cancelled():
            raise AnalysisCancelledError("The analysis was cancelled.")

    def _send_all(self, tiles: Iterable[MakeTile]) -> None:
        try:
            for batch in _batches(tiles, self._runtime.batch_size):
                self._room.acquire()
                if self._is_stopped:
                    return
                self._add(self._runtime.submit(batch))
        except Exception as error:
            self._add(_failed(error))
        finally:
            self._news.release()

    def _add(self, future: "Future[Answers]") -> None:
        self._sent.append(future)
        if self._is_stopped:
            future.cancel()
        self._news.release()


def _failed(error: Exception) -> "Future[Answers]":
    future: Future[Answers] = Future()
    future.set_exception(error)
    return future


def _one_by_one(answers: Answers) -> Iterator[Answer]:
    scores = repeat(None) if answers.domain_scores is None else answers.domain_scores.tolist()
    return map(Answer, answers.probs, scores)


def _batches(tiles: Iterable[MakeTile], size: int) -> Iterator[Batch]:
    remaining = iter(tiles)
    while batch := list(islice(remaining, size)):
        yield Batch(batch)
