"""The product in one page: a photo goes in, a label map or labelled tiles come out.

    decode ▸ upright ▸ tiles ▸ runtime ▸ stitch ▸ measure ▸ render

The command line, the Python API, the worker and the evaluator all call `analyse`. What is measured is what is served.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facies.errors import OptionError
from facies.imaging import png
from facies.imaging.decode import decode
from facies.imaging.legend import LegendEntry, with_legend
from facies.imaging.overlay import paint_tiles, tint
from facies.imaging.stitch import label_map
from facies.imaging.tiles import Grid, cut, fit, plan
from facies.imaging.upright import Upright, bring_back, make_upright, plan_upright
from facies.models.decision import decide, label_colours, label_names, reported_probs
from facies.models.infer import infer
from facies.models.package import Manifest, Tiling
from facies.models.runtime import Probs, Runtime
from facies.reports.areas import ClassArea, class_areas
from facies.reports.exports import to_csv, to_json
from facies.reports.tiles import TileRow, count_tiles, tile_rows

MAX_PIXELS = 200_000_000
_PROBABILITY_DECIMALS = 6


@dataclass(frozen=True)
class Options:
    """What a user may choose for one analysis.

    Attributes:
        opacity: of the colours over the photo, 0 to 1. Tiles are always painted as the coral contract says.

    Raises:
        OptionError: a value is out of range.
    """

    opacity: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise OptionError(f"opacity is {self.opacity}; it must be between 0 and 1.")


DEFAULT_OPTIONS = Options()


def analyse(
    photo: Path,
    runtime: Runtime,
    options: Options = DEFAULT_OPTIONS,
    *,
    max_pixels: int = MAX_PIXELS,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    is_cancelled: Callable[[], bool] = lambda: False,
) -> "Analysis":
    """Analyse a photo.

    Args:
        photo: a JPEG, PNG, WebP, TIFF or BigTIFF file.
        runtime: the compiled model that looks at the tiles.
        options: the user's choices.
        max_pixels: limit on width times height.
        on_progress: called with tiles done and tiles in all, at the start and after every batch.
        is_cancelled: asked between two batches.

    Returns:
        A `TileAnalysis` or a `MapAnalysis`, as the package's task is.

    Raises:
        PhotoError: the file is no photo, too large or damaged.
        AnalysisCancelledError: `is_cancelled` said so.

    Notes: peak about 9 bytes a pixel of the photo with its overlay.
    """
    manifest, clock = runtime.package.manifest, _Stopwatch()
    pixels = decode(photo, max_pixels)
    clock.lap("decode")
    upright, grid = plan_tiles(pixels.shape[:2], manifest.tiling)
    standing = make_upright(pixels, upright)
    on_progress(0, len(grid))
    tiles = (fit(tile, manifest.input.size_hw, manifest.input.resize) for tile in cut(standing, grid))
    tile_probs = infer(runtime, tiles, len(grid), on_progress, is_cancelled)
    if manifest.task == "tile-classification":
        probs = np.stack(list(tile_probs)).round(_PROBABILITY_DECIMALS)
        clock.lap("infer")
        return TileAnalysis(manifest, options, pixels, clock.laps, grid=grid, probs=probs)
    labels, confidence = (bring_back(found, upright) for found in label_map(tile_probs, grid))
    clock.lap("infer")
    return MapAnalysis(manifest, options, pixels, clock.laps, label_map=labels, confidence=confidence)


def plan_tiles(photo_hw: tuple[int, int], tiling: Tiling) -> tuple[Upright, Grid]:
    """Where the tiles of a photo will lie, without looking at it.

    Args:
        photo_hw: the photo's size, pixels.
        tiling: the package's.

    Returns:
        how the photo is brought upright, and the grid that lies on it then.
    """
    whole_tiles = tiling.overlap > 0
    upright = plan_upright(photo_hw, tiling.normalised_width, tiling.tile_hw if whole_tiles else (1, 1))
    return upright, plan(upright.padded_hw, tiling.tile_hw, tiling.overlap)


@dataclass(frozen=True, eq=False)
class Analysis(ABC):
    """What was found on one photo.

    Attributes:
        manifest: of the package that looked.
        options: the user's choices.
        photo: uint8 (H, W, 3), RGB, upright as EXIF says.
        timings_s: seconds each step took.
    """

    manifest: Manifest
    options: Options
    photo: npt.NDArray[np.uint8] = field(repr=False)
    timings_s: Mapping[str, float]

    @property
    def summary(self) -> dict[str, Any]:
        """The numbers, ready for JSON."""
        return {
            "model": self.manifest.reference,
            "model_sha256": self.manifest.weights.sha256,
            "task": self.manifest.task,
            "width": self.photo.shape[1],
            "height": self.photo.shape[0],
            **self.measurements,
            "timings_s": {step: round(seconds, 4) for step, seconds in self.timings_s.items()},
        }

    @property
    @abstractmethod
    def measurements(self) -> dict[str, Any]:
        """The part of the summary that depends on the task."""

    @property
    @abstractmethod
    def legend(self) -> list[LegendEntry]:
        """What was found, in class order, with its colours."""

    @abstractmethod
    def overlay(self) -> npt.NDArray[np.uint8]:
        """The photo with the answer painted over it: uint8 (H, W, 3), RGB."""

    @abstractmethod
    def tables(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of the files that hold the answer itself."""

    def files(self, *, legend: bool = False) -> Iterator[tuple[str, bytes]]:
        """Everything that is kept of an analysis, rendered one after the other.

        Args:
            legend: also the overlay with a legend beside it.

        Yields:
            name and content: `overlay.png`, `overlay-legend.png`, `labels.png` or `tiles.csv` and `tiles.json`,
            `summary.json`.
        """
        overlay = self.overlay()
        yield "overlay.png", png.encode_rgb(overlay)
        if legend:
            yield "overlay-legend.png", png.encode_rgb(with_legend(overlay, self.legend))
        yield from self.tables()
        yield "summary.json", to_json(self.summary)


@dataclass(frozen=True, eq=False)
class TileAnalysis(Analysis):
    """Every tile with its probability and label.

    Attributes:
        grid: where the T tiles lie.
        probs: float32 (T, C), sums to 1 over C.
    """

    grid: Grid
    probs: Probs = field(repr=False)

    @cached_property
    def labels(self) -> npt.NDArray[np.uint8]:
        """uint8 (T,): the class's index a tile, or C for *unsure*."""
        return decide(self.probs, self.manifest)

    @cached_property
    def rows(self) -> list[TileRow]:
        """One row a tile: x, y, width, height, probability, label."""
        reported = reported_probs(self.probs, self.labels, self.manifest)
        names = label_names(self.manifest)
        return tile_rows(self.grid.origins_yx, self.grid.sizes_hw, reported, [names[label] for label in self.labels])

    @property
    def measurements(self) -> dict[str, Any]:
        """Tiles in all and by class."""
        names = label_names(self.manifest)
        if self.manifest.decision.unsure_band is None:
            names.pop()
        counts = count_tiles([row["label"] for row in self.rows], names)
        return {"tiles": {"total": len(self.grid), "by_class": counts}}

    @property
    def legend(self) -> list[LegendEntry]:
        """The labels that at least one tile has."""
        names, colours = label_names(self.manifest), label_colours(self.manifest)
        return [LegendEntry(names[label], tuple(colours[label].tolist())) for label in np.unique(self.labels)]

    def overlay(self) -> npt.NDArray[np.uint8]:
        """Every tile filled and framed in its label's colour."""
        return paint_tiles(self.photo, self.grid, self.labels, label_colours(self.manifest))

    def tables(self) -> Iterator[tuple[str, bytes]]:
        """`tiles.csv` and `tiles.json`."""
        yield "tiles.csv", to_csv(self.rows)
        yield "tiles.json", to_json(self.rows)


@dataclass(frozen=True, eq=False)
class MapAnalysis(Analysis):
    """Every pixel with its class.

    Attributes:
        label_map: uint8 (H, W), class indices.
        confidence: uint8 (H, W), the label's probability in 1/255.
    """

    label_map: npt.NDArray[np.uint8] = field(repr=False)
    confidence: npt.NDArray[np.uint8] = field(repr=False)

    @cached_property
    def areas(self) -> list[ClassArea]:
        """Area of every class found, background left out."""
        classes = [(entry.name, entry.rgb) for entry in self.manifest.classes]
        return class_areas(self.label_map, classes, self.manifest.background_index)

    @property
    def measurements(self) -> dict[str, Any]:
        """Area of every class found and of all of them together."""
        covered = sum(area["pixels"] for area in self.areas)
        return {"classes": self.areas, "covered_share": covered / self.label_map.size}

    @property
    def legend(self) -> list[LegendEntry]:
        """The classes that at least one pixel has."""
        return [LegendEntry(area["name"], area["rgb"]) for area in self.areas]

    def overlay(self, opacity: float | None = None) -> npt.NDArray[np.uint8]:
        """Every pixel tinted with its class's colour.

        Args:
            opacity: 0 to 1; the options' where it is not given.
        """
        chosen = self.options if opacity is None else Options(opacity)
        return tint(self.photo, self.label_map, self._colours, chosen.opacity, self.manifest.background_index)

    def tables(self) -> Iterator[tuple[str, bytes]]:
        """`labels.png`."""
        yield "labels.png", png.encode_palette(self.label_map, self._colours)

    @property
    def _colours(self) -> npt.NDArray[np.uint8]:
        return np.array([entry.rgb for entry in self.manifest.classes], dtype=np.uint8)


class _Stopwatch:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.laps[step] = now - self._last
        self._last = now
