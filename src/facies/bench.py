"""How long an analysis takes beside the work that no design can avoid: `facies bench`.

The parts of that work are timed one after the other, each alone, at its best setting and with its data in memory, and
the whole analysis in turn with them: what else the machine does meanwhile falls on both sides of the ratio.
"""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from facies.analysis import analyse, plan_tiles
from facies.batch import analyse_all
from facies.cores import count_cores
from facies.errors import PhotoTooLargeError
from facies.imaging import png
from facies.imaging.fitting import fit, fit_row
from facies.imaging.photo import Photo, open_photo, rows_of_tiles
from facies.imaging.sizes import DEFAULT_SIZES
from facies.imaging.tiles import cut
from facies.imaging.upright import make_upright
from facies.models.package import Manifest
from facies.models.runtime import Runtime, Tiles
from facies.options import DEFAULT_OPTIONS
from facies.version import __version__

CORES: Final = count_cores()
REPEATS: Final = 5
_LIBRARIES: Final = ("openvino", "numpy", "pyvips", "pillow", "isal", "uvicorn")
_CPU_INFO: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Timing:
    """One photo, timed.

    Attributes:
        photo: its name.
        image_hw: its size, pixels.
        tiles: how many it has.
        core_s: core-seconds of each part of the work that no design can avoid.
        analyse_s: seconds from the photo's file to the results' files.
    """

    photo: str
    image_hw: tuple[int, int]
    tiles: int
    core_s: Mapping[str, float]
    analyse_s: float

    @property
    def limit_s(self) -> float:
        """Seconds a photo if every core did nothing but that work."""
        return sum(self.core_s.values()) / CORES

    @property
    def bare_s(self) -> float:
        """Seconds a photo of the inference alone."""
        return self.core_s["inference"] / CORES

    def to_json(self) -> dict[str, Any]:
        """Everything, seconds and ratios."""
        height, width = self.image_hw
        return {
            "photo": self.photo,
            "width": width,
            "height": height,
            "tiles": self.tiles,
            "core_s": {part: round(seconds, 5) for part, seconds in self.core_s.items()},
            "bare_s": round(self.bare_s, 5),
            "limit_s": round(self.limit_s, 5),
            "analyse_s": round(self.analyse_s, 5),
            "limit_to_bare": round(self.limit_s / self.bare_s, 3),
            "analyse_to_limit": round(self.analyse_s / self.limit_s, 3),
        }


def time_photos(photos: Sequence[Path], load: Callable[[int], Runtime], repeats: int = REPEATS) -> Iterator[Timing]:
    """Time photos with one package.

    Args:
        photos: files, each small enough to be kept in memory whole.
        load: compiles the package for so many streams.
        repeats: how often everything is timed; the medians count.

    Yields:
        one timing a photo.

    Raises:
        PhotoTooLargeError: a photo is read in bands and never in memory whole; its parts cannot be timed alone.
    """
    runtimes = [load(streams) for streams in sorted({CORES, max(1, CORES // 2)}, reverse=True)]
    try:
        for photo in photos:
            yield time_photo(photo, runtimes, repeats)
    finally:
        for runtime in runtimes:
            runtime.close()


def time_photo(photo: Path, runtimes: Sequence[Runtime], repeats: int = REPEATS) -> Timing:
    """Time one photo.

    Args:
        photo: the file.
        runtimes: of one package; the first analyses, the fastest of them counts as the limit.
        repeats: how often everything is timed; the medians count.

    Raises:
        PhotoTooLargeError: see `time_photos`.
    """
    opened = open_photo(photo, DEFAULT_SIZES)
    if not opened.is_kept:
        raise PhotoTooLargeError(
            f"{photo.name} has more than {DEFAULT_SIZES.kept / 1e6:g} million pixels; time a smaller photo."
        )
    steps = _steps(opened, runtimes)
    with tempfile.TemporaryDirectory() as folder:
        steps["analyse"] = lambda: _write_results(photo, runtimes[0], Path(folder))
        taken = _medians(steps, repeats)
    core_s = {part: taken[part].busy_s for part in ("decode", "resize", "compositing")}
    core_s["png"] = taken["png"].seconds * CORES
    core_s["inference"] = min(taken[_inference(runtime)].seconds for runtime in runtimes) * CORES
    grid = plan_tiles(opened.image_hw, runtimes[0].package.manifest.tiling)[1]
    return Timing(photo.name, opened.image_hw, len(grid), core_s, taken["analyse"].seconds)


def _steps(photo: Photo, runtimes: Sequence[Runtime]) -> dict[str, Callable[[], object]]:
    """The parts, each with its data in memory. PNG and inference keep all cores busy."""
    manifest = runtimes[0].package.manifest
    tiles = np.stack(list(_resize(photo, manifest)))
    found = analyse(photo.path, runtimes[0])
    overlay = found.overlay()
    in_bands = replace(photo, sizes=replace(DEFAULT_SIZES, kept=0))  # no memory that is not used again
    return {
        "decode": lambda: _use_up(in_bands.bands(manifest.tiling.tile_hw[0])),
        "resize": lambda: _use_up(_resize(photo, manifest)),
        "compositing": found.overlay,
        "png": lambda: png.encode_rgb(overlay),
        **{_inference(runtime): partial(_infer, tiles, runtime) for runtime in runtimes},
    }


def _inference(runtime: Runtime) -> str:
    return f"inference {id(runtime)}"


def _resize(photo: Photo, manifest: Manifest) -> Iterator[npt.NDArray[np.uint8]]:
    """Every tile at the network's input size."""
    upright, grid = plan_tiles(photo.image_hw, manifest.tiling)
    if manifest.task == "segmentation":
        pixels = make_upright(photo.scaled(upright.scaled_hw), upright)
        yield from (fit(tile, manifest.input.size_hw, manifest.input.resize) for tile in cut(pixels, grid))
        return
    for band, _, row in rows_of_tiles(photo, grid, grid.tops):
        yield from (make() for make in fit_row(band, row, manifest.input.size_hw, manifest.input.resize))


def _use_up(made: Iterable[object]) -> None:
    for _ in made:
        pass


def _infer(tiles: Tiles, runtime: Runtime) -> None:
    starts = range(0, len(tiles), runtime.batch_size)
    for future in [runtime.submit(tiles[start : start + runtime.batch_size]) for start in starts]:
        future.result()


def _write_results(photo: Path, runtime: Runtime, folder: Path) -> None:
    """What `facies analyse` does once it has started."""
    for outcome in analyse_all([photo], runtime, folder, DEFAULT_OPTIONS, DEFAULT_SIZES, lambda _: None):
        if outcome.error is not None:
            raise OSError(outcome.error)


class _Taken(NamedTuple):
    """What a step takes: seconds of the clock, and of the processor on all cores together."""

    seconds: float
    busy_s: float


def _medians(steps: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, _Taken]:
    """What each step takes; they take turns, and a first turn is not counted."""
    taken: dict[str, list[_Taken]] = {name: [] for name in steps}
    for _ in range(repeats + 1):
        for name, step in steps.items():
            began_at, busy_s = time.perf_counter(), time.process_time()
            step()
            taken[name].append(_Taken(time.perf_counter() - began_at, time.process_time() - busy_s))
    return {name: _Taken(*(median(column) for column in zip(*turns[1:], strict=True))) for name, turns in taken.items()}


def describe_machine(more_libraries: Sequence[str] = ()) -> dict[str, Any]:
    """What the figures hold for.

    Args:
        more_libraries: whose versions are told beside those that Facies needs.
    """
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": _processor(),
        "cores": CORES,
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "python": platform.python_version(),
        "facies": __version__,
        "versions": {name: found for name in (*_LIBRARIES, *more_libraries) if (found := _version(name))},
    }


def _processor() -> str:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
