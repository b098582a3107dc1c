"""What every runtime does: tiles in, probabilities and domain scores out.

A runtime holds one compiled model and may be shared by threads. `submit` returns at once unless the runtime is full;
then it waits, so that a fast decoder cannot fill the memory.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from facies.models.package import Package

Tiles = npt.NDArray[np.uint8]
Probs = npt.NDArray[np.float32]
MakeTile = Callable[[], Tiles]
"""Gives a tile, uint8 (h, w, 3); called once, on any thread."""


@dataclass(frozen=True)
class Batch:
    """Tiles that are made when the runtime's own thread comes to them: whoever cuts them goes on cutting meanwhile.

    `fill` makes them in place, `numpy.asarray` into new memory: uint8 (N, h, w, 3).
    """

    tiles: Sequence[MakeTile]

    def __len__(self) -> int:
        return len(self.tiles)

    def fill(self, places: Tiles) -> None:
        """Make them into the first of `places`, uint8 (M, h, w, 3), M ≥ N."""
        for place, make in zip(places, self.tiles, strict=False):
            _rows(place)[...] = _rows(make())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Tiles:
        return np.stack([make() for make in self.tiles])


def _rows(tile: Tiles) -> npt.NDArray[np.void]:
    """The same memory, a whole row an item: (h, 1).

    For so few items NumPy keeps the interpreter's lock, which is shorter than to wait for it behind all other threads.
    """
    row = tile.reshape(len(tile), -1)
    return row.view(np.dtype((np.void, row.shape[1])))


class Answers(NamedTuple):
    """What a network says of N tiles.

    Attributes:
        probs: float32 (N, C) for tile classification, (N, C, h, w) for segmentation; sums to 1 over C.
        domain_scores: float32 (N,), how far each tile lies from the training photos; None where the package has no
            domain. See `facies.models.domain`.
    """

    probs: Probs
    domain_scores: npt.NDArray[np.float32] | None = None


class Runtime(Protocol):
    """A compiled model.

    Attributes:
        package: what it runs.
        batch_size: how many tiles it likes in one call; fewer are allowed.
    """

    package: Package
    batch_size: int

    def submit(self, tiles: Tiles | Batch) -> "Future[Answers]":
        """Send a batch.

        Args:
            tiles: uint8 (N, h, w, 3), RGB, of the network's input size, 1 ≤ N ≤ batch_size; or what makes them. What
                goes wrong in making them goes to the future.

        Returns:
            What the network says of them. Cancelling it takes the batch back; one that is looked at already may end
            early, with `CancelledError`.

        Raises:
            RuntimeClosedError: the runtime was closed.
        """
        ...

    def close(self) -> None:
        """Finish what was submitted and free the model. Closing twice is allowed."""
        ...
