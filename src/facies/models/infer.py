"""Tiles stream through a runtime: batches go in ahead of the answers, answers come out in the tiles' order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice, repeat
from typing import NamedTuple

from facies.errors import AnalysisCancelledError
from facies.models.runtime import Answers, Batch, MakeTile, Probs, Runtime

# Answers kept while an earlier batch is still being looked at.
_MOST_PENDING = 16


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
        is_cancelled: asked between two batches.

    Yields:
        an answer a tile, in the tiles' order.

    Raises:
        AnalysisCancelledError: `is_cancelled` said so; batches not yet begun are taken back.
    """
    pending: deque[Future[Answers]] = deque()
    done = 0

    def collect(until: int) -> Iterator[Answer]:
        nonlocal done
        while len(pending) > until or (pending and pending[0].done()):
            _stop_if(is_cancelled)
            answers = pending.popleft().result()
            done += len(answers.probs)
            on_progress(done, total)
            yield from _one_by_one(answers)

    try:
        for batch in _batches(tiles, runtime.batch_size):
            _stop_if(is_cancelled)
            pending.append(runtime.submit(batch))
            yield from collect(until=_MOST_PENDING)
        yield from collect(until=0)
    finally:
        for future in pending:
            future.cancel()


def _one_by_one(answers: Answers) -> Iterator[Answer]:
    scores = repeat(None) if answers.domain_scores is None else answers.domain_scores.tolist()
    return map(Answer, answers.probs, scores)


def _batches(tiles: Iterable[MakeTile], size: int) -> Iterator[Batch]:
    remaining = iter(tiles)
    while batch := list(islice(remaining, size)):
        yield Batch(batch)


def _stop_if(is_cancelled: Callable[[], bool]) -> None:
    if is_cancelled():
        raise AnalysisCancelledError("The analysis was cancelled.")
