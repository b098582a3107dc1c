"""The work that no design can avoid, each part timed alone at its best setting, data already in memory.

Core-seconds are wall time multiplied by the cores that the part keeps busy; the limit is their sum divided by the cores
of the machine.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from facies.analysis import analyse, plan_tiles
from facies.findings import Analysis
from facies.imaging import png
from facies.imaging.photo import open_photo
from facies.imaging.tiles import cut, fit
from facies.imaging.upright import make_upright
from facies.models.openvino import OpenVinoRuntime
from facies.models.package import Package

CORES = os.cpu_count() or 1
REPEATS = 5


@dataclass(frozen=True)
class Limit:
    """Core-seconds of each part, and what follows.

    Attributes:
        core_s: decode, inference, compositing and PNG.
    """

    core_s: dict[str, float]

    @property
    def photo_s(self) -> float:
        """Seconds a photo at the limit."""
        return sum(self.core_s.values()) / CORES

    @property
    def bare_s(self) -> float:
        """Seconds a photo of inference alone."""
        return self.core_s["inference"] / CORES


def measure_limit(photo: Path, package: Package) -> Limit:
    """Time the parts for one photo and one package."""
    runtimes = [OpenVinoRuntime(package, streams) for streams in (0, CORES)]
    found = analyse(photo, runtimes[0])
    overlay = found.overlay()
    core_s = {
        "decode": _median_s(lambda: open_photo(photo).pixels),
        "inference": min(_inference_s(photo, runtime) for runtime in runtimes) * CORES,
        "compositing": _median_s(lambda: _composite(found)),
        "png": _median_s(lambda: png.encode_rgb(overlay)) * CORES,
    }
    for runtime in runtimes:
        runtime.close()
    return Limit(core_s)


def _composite(found: Analysis) -> np.ndarray:
    return found.overlay()


def _inference_s(photo: Path, runtime: OpenVinoRuntime) -> float:
    manifest = runtime.package.manifest
    opened = open_photo(photo)
    upright, grid = plan_tiles(opened.image_hw, manifest.tiling)
    standing = make_upright(opened.pixels, upright)
    tiles = np.stack([fit(tile, manifest.input.size_hw) for tile in cut(standing, grid)])
    batches = [tiles[at : at + runtime.batch_size] for at in range(0, len(tiles), runtime.batch_size)]
    return _median_s(lambda: [future.result() for future in [runtime.submit(batch) for batch in batches]])


def _median_s(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(REPEATS):
        started_at = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started_at)
    return median(seconds)
