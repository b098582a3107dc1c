"""What every runtime does: tiles in, probabilities out.

A runtime holds one compiled model and may be shared by threads. `submit` returns at once unless the runtime is full;
then it waits, so that a fast decoder cannot fill the memory.
"""

from concurrent.futures import Future
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facies.models.package import Package

Tiles = npt.NDArray[np.uint8]
Probs = npt.NDArray[np.float32]


class Runtime(Protocol):
    """A compiled model.

    Attributes:
        package: what it runs.
        batch_size: how many tiles it likes in one call; fewer are allowed.
    """

    package: Package
    batch_size: int

    def submit(self, tiles: Tiles) -> "Future[Probs]":
        """Send a batch.

        Args:
            tiles: uint8 (N, h, w, 3), RGB, of the network's input size, 1 ≤ N ≤ batch_size.

        Returns:
            float32 (N, C) for tile classification, (N, C, h, w) for segmentation; sums to 1 over C.

        Raises:
            RuntimeClosedError: the runtime was closed.
        """
        ...

    def close(self) -> None:
        """Finish what was submitted and free the model. Closing twice is allowed."""
        ...
