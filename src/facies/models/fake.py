"""A runtime that looks at brightness instead of running a network: deterministic, instant, for tests and first steps.

It takes any package. Light tiles belong to the last class, dark ones to the first; where the package has a domain, grey
tiles lie in its middle, black and white ones at its rim.
"""

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from facies.errors import RuntimeClosedError
from facies.models.package import Package
from facies.models.runtime import Answers, Batch, Probs, Tiles

# A tile of exactly this colour ends the process, as a crash inside a decoder or a network would.
CRASHING_RGB = (255, 0, 254)


class FakeRuntime:
    """Answers from brightness.

    Attributes:
        package: whose classes and sizes it answers in.
        batch_size: tiles in one call.
    """

    def __init__(self, package: Package, delay_s: float = 0.0) -> None:
        """Make it.

        Args:
            package: any package.
            delay_s: how long each batch takes, seconds.
        """
        self.package = package
        self.batch_size = 4
        self._delay_s = delay_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fake")

    def submit(self, tiles: Tiles | Batch) -> "Future[Answers]":
        """Send a batch; see `facies.models.runtime.Runtime`."""
        try:
            return self._thread.submit(self._answer, tiles)
        except RuntimeError:
            raise RuntimeClosedError(f"The runtime of {self.package.reference} is closed.") from None

    def close(self) -> None:
        """Finish what was submitted."""
        self._thread.shutdown(wait=True)

    def _answer(self, batch: Tiles | Batch) -> Answers:
        time.sleep(self._delay_s)
        tiles = np.asarray(batch)
        if (tiles == CRASHING_RGB).all(axis=(1, 2, 3)).any():
            os.abort()
        brightness = tiles.mean(axis=3, dtype=np.float32) / 255.0
        of_tiles = brightness.mean(axis=(1, 2))
        manifest = self.package.manifest
        seen = of_tiles if manifest.task == "tile-classification" else brightness
        scores = None if manifest.domain is None else np.abs(2 * of_tiles - 1) * np.float32(manifest.domain.limit)
        return Answers(_spread(seen, len(manifest.classes)), scores)


def _spread(brightness: Probs, class_count: int) -> Probs:
    """Probabilities over classes that lie along the scale of brightness.

    Args:
        brightness: float32 (N, ...), 0 to 1.
        class_count: C.

    Returns:
        float32 (N, C, ...), sums to 1 over C.
    """
    places = np.linspace(0, 1, class_count, dtype=np.float32).reshape(1, -1, *[1] * (brightness.ndim - 1))
    nearness = np.maximum(1 - np.abs(brightness[:, None] - places) * (class_count - 1), 0)
    probs: Probs = nearness / nearness.sum(axis=1, keepdims=True)
    return probs
