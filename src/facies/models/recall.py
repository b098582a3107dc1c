"""Tiles that were answered before are not looked at again, even if the process that looked is dead.

checkpoint ▸ which tiles are missing ▸ these through the runtime ▸ each batch's answers to the checkpoint
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facies.models.infer import infer
from facies.models.runtime import Answers, Batch, MakeTile, Runtime, Tiles

Numbers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]


class Checkpoint(Protocol):
    """Where answers outlive the process."""

    def kept(self, width: int) -> Iterator[tuple[Numbers, Values]]:
        """What is there of this photo, this model and these options.

        Args:
            width: numbers of an answer.

        Yields:
            which tiles, int64 (N,), and what was said of them, float32 (N, width).
        """
        ...

    def keep(self, numbers: Numbers, values: Values) -> None:
        """Keep the answers to some tiles, as `kept` gives them. Raises nothing; called on any thread."""
        ...


class NoCheckpoint:
    """Keeps nothing."""

    def kept(self, width: int) -> Iterator[tuple[Numbers, Values]]:  # noqa: ARG002
        """See `Checkpoint.kept`."""
        return iter(())

    def keep(self, numbers: Numbers, values: Values) -> None:
        """See `Checkpoint.keep`."""


NO_CHECKPOINT = NoCheckpoint()


def infer_missing(
    runtime: Runtime,
    tiles_at: Callable[[Numbers], Iterable[MakeTile]],
    total: int,
    on_progress: Callable[[int, int], None],
    is_cancelled: Callable[[], bool],
    checkpoint: Checkpoint,
) -> Answers:
    """Look at every tile of a photo that has no answer yet.

    Args:
        runtime: of a tile classifier.
        tiles_at: cuts the tiles of these numbers, in rising order; each makes one of the network's input size.
        total: how many tiles the photo has, T.
        on_progress: called with tiles answered, ever, and `total` after every batch.
        is_cancelled: asked many times a second.
        checkpoint: what was answered before, and where answers go.

    Returns:
        probs, float32 (T, C), and domain scores, float32 (T,), if the package has a domain.

    Raises:
        AnalysisCancelledError: `is_cancelled` said so.
    """
    manifest = runtime.package.manifest
    class_count, has_domain = len(manifest.classes), manifest.domain is not None
    values = np.full((total, class_count + has_domain), np.nan, dtype=np.float32)
    for numbers, found in checkpoint.kept(values.shape[1]):
        values[numbers] = found
    missing = np.flatnonzero(np.isnan(values[:, 0]))
    known = total - len(missing)
    on_progress(known, total)
    answers = infer(
        _Noting(runtime, missing, checkpoint),
        tiles_at(missing),
        len(missing),
        lambda done, _: on_progress(known + done, total),
        is_cancelled,
    )
    for number, answer in zip(missing, answers, strict=True):
        values[number] = [*answer.probs, answer.domain_score] if has_domain else answer.probs
    return Answers(values[:, :class_count], values[:, class_count] if has_domain else None)


class _Noting:
    """A runtime that brings every batch's answers to a checkpoint the moment they are there, in whatever order."""

    def __init__(self, runtime: Runtime, numbers: Numbers, checkpoint: Checkpoint) -> None:
        self.package = runtime.package
        self.batch_size = runtime.batch_size
        self._runtime = runtime
        self._numbers = numbers
        self._submitted = 0
        self._checkpoint = checkpoint

    def submit(self, tiles: Tiles | Batch) -> "Future[Answers]":
        numbers = self._numbers[self._submitted : self._submitted + len(tiles)]
        self._submitted += len(tiles)
        future = self._runtime.submit(tiles)
        future.add_done_callback(lambda answered: self._note(numbers, answered))
        return future

    def close(self) -> None:
        """The runtime is the caller's to close."""

    def _note(self, numbers: Numbers, answered: "Future[Answers]") -> None:
        try:
            answers = answered.result()
        except (CancelledError, Exception):  # whoever waits for the batch hears of it
            return
        scores = [] if answers.domain_scores is None else [answers.domain_scores]
        self._checkpoint.keep(numbers, np.column_stack([answers.probs, *scores]).astype(np.float32, copy=False))
