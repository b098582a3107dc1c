"""The product in one page: a photo goes in, a label map or labelled tiles come out.

    decode ▸ upright ▸ tiles ▸ runtime ▸ stitch ▸ measure ▸ render

The command line, the Python API, the worker and the evaluator all call `analyse`. What is measured is what is served.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from facies.imaging import png
from facies.imaging.label_map import LabelMap
from facies.imaging.legend import LegendEntry, beside, draw_legend
from facies.imaging.overlay import paint_tiles, tint
from facies.imaging.photo import Photo, open_photo
from facies.imaging.pyramid import stream_deep_zoom, stream_tiled_tiff
from facies.imaging.sizes import DEFAULT_SIZES, Sizes, stripe_rows
from facies.imaging.stitch import take_likeliest
from facies.imaging.tiles import Grid, cut, fit, plan
from facies.imaging.upright import Upright, check_upright, lay_back, make_upright, plan_upright
from facies.models.decision import UNSURE, decide, label_colours, label_names, reported_probs
from facies.models.domain import score_photo
from facies.models.infer import Answer, infer
from facies.models.package import Manifest, Tiling
from facies.models.recall import NO_CHECKPOINT, Checkpoint, Numbers, infer_missing
from facies.models.runtime import MakeTile, Probs, Runtime
from facies.options import DEFAULT_OPTIONS, Options
from facies.reports.areas import ClassArea, class_areas
from facies.reports.domain import DomainFinding
from facies.reports.exports import to_csv, to_json
from facies.reports.intervals import Interval, core_intervals, intervals_csv, profile
from facies.reports.tiles import TileRow, count_labels, tile_rows

_PROBABILITY_DECIMALS = 6
_UNSURE_INDEX = 255  # in a label map
_MAP_STRIPE_ROWS = 128


def analyse(
    photo: Path,
    runtime: Runtime,
    options: Options = DEFAULT_OPTIONS,
    *,
    sizes: Sizes = DEFAULT_SIZES,
    checkpoint: Checkpoint = NO_CHECKPOINT,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    is_cancelled: Callable[[], bool] = lambda: False,
) -> "Analysis":
    """Analyse a photo.

    Args:
        photo: a JPEG, PNG, WebP, TIFF or BigTIFF file; it is read again when the results are rendered.
        runtime: the compiled model that looks at the tiles.
        options: the user's choices.
        sizes: from how many pixels on a photo is treated otherwise.
        checkpoint: what an earlier attempt found of the photo's tiles, and where this one leaves it (tiles).
        on_progress: called with tiles done and tiles in all, at the start and after every batch.
        is_cancelled: asked between two batches.

    Returns:
        A `TileAnalysis` or a `MapAnalysis`, as the package's task is.

    Raises:
        OptionError: an option does not suit the package.
        PhotoError: the file is no photo, too large or damaged.
        AnalysisCancelledError: `is_cancelled` said so.

    Notes: peak 3 bytes a pixel for a photo that `imaging.photo` keeps, and some bands of rows for a larger one.
    """
    manifest, started_at = options.applied_to(runtime.package.manifest), time.perf_counter()
    opened = open_photo(photo, sizes)
    upright, grid = plan_tiles(opened.image_hw, manifest.tiling)
    if manifest.task == "tile-classification":
        tiles_at = partial(_tiles_at, opened, grid, manifest)
        answers = infer_missing(runtime, tiles_at, len(grid), on_progress, is_cancelled, checkpoint)
        probs = answers.probs.round(_PROBABILITY_DECIMALS)
        domain = _judge_domain(answers.domain_scores, grid, manifest)
        return TileAnalysis(manifest, options, opened, time.perf_counter() - started_at, domain, grid, probs)
    check_upright(upright)
    on_progress(0, len(grid))
    tiles = _upright_tiles(opened, upright, grid, manifest)
    domain_scores: list[float] = []
    tile_probs = _take_probs(infer(runtime, tiles, len(grid), on_progress, is_cancelled), domain_scores)
    labels, confidence = (lay_back(found, upright) for found in take_likeliest(tile_probs, grid))
    found = LabelMap(opened.image_hw, labels, confidence)
    domain = _judge_domain(np.array(domain_scores, np.float32), grid, manifest)
    return MapAnalysis(manifest, options, opened, time.perf_counter() - started_at, domain, found)


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


def _tiles_at(photo: Photo, grid: Grid, manifest: Manifest, numbers: Numbers) -> Iterator[MakeTile]:
    """The tiles of these numbers at the network's input size, in order; resized when their turn comes, side by side."""
    is_wanted = np.zeros(len(grid), dtype=bool)
    is_wanted[numbers] = True
    for band, which, row in _rows_of_tiles(photo, grid, np.unique(grid.origins_yx[is_wanted, 0]).tolist()):
        for tile, wanted in zip(cut(band, row), is_wanted[which], strict=True):
            if wanted:
                yield partial(fit, tile, manifest.input.size_hw, manifest.input.resize)


def _upright_tiles(photo: Photo, upright: Upright, grid: Grid, manifest: Manifest) -> Iterator[MakeTile]:
    """Every tile of the upright photo at the network's input size, in the grid's order."""
    for tile in cut(make_upright(photo.scaled(upright.scaled_hw), upright), grid):
        yield partial(fit, tile, manifest.input.size_hw, manifest.input.resize)


def _rows_of_tiles(photo: Photo, grid: Grid, tops: list[int]) -> Iterator[tuple[npt.NDArray[np.uint8], slice, Grid]]:
    """Rows of tiles by their first row: the pixels, which tiles they are, and how these lie there."""
    for top, band in zip(tops, photo.bands(int(grid.sizes_hw[0, 0]), tops), strict=True):
        yield band, *grid.row_of_tiles(top)


def _take_probs(answers: Iterable[Answer], domain_scores: list[float]) -> Iterator[Probs]:
    """The probabilities of every answer; its domain score, if it has one, is put aside."""
    for probs, domain_score in answers:
        if domain_score is not None:
            domain_scores.append(domain_score)
        yield probs


def _judge_domain(scores: npt.NDArray[np.float32] | None, grid: Grid, manifest: Manifest) -> DomainFinding | None:
    if manifest.domain is None or scores is None or not len(scores):
        return None
    return DomainFinding(score_photo(scores, grid.sizes_hw.prod(axis=1)), manifest.domain.limit, scores)


@dataclass(frozen=True, eq=False)
class Analysis(ABC):
    """What was found on one photo.

    Attributes:
        manifest: of the package that looked, with the user's choices in place of its own.
        options: the user's choices.
        photo: the photo; `photo.pixels` is uint8 (H, W, 3), RGB, upright as EXIF says.
        analyse_s: how long looking took, seconds.
        domain: how far the photo lies from what the package was trained on; None where the package cannot tell.
    """

    manifest: Manifest
    options: Options
    photo: Photo
    analyse_s: float
    domain: DomainFinding | None

    @property
    def summary(self) -> dict[str, Any]:
        """The numbers, ready for JSON."""
        return {
            "model": self.manifest.reference,
            "model_sha256": self.manifest.weights.sha256,
            "task": self.manifest.task,
            "width": self.photo.image_hw[1],
            "height": self.photo.image_hw[0],
            "options": self.options.to_json(),
            **({"domain": self.domain.to_json()} if self.domain else {}),
            **self.measurements,
            "timings_s": {"analyse": round(self.analyse_s, 4)},
        }

    @property
    @abstractmethod
    def measurements(self) -> dict[str, Any]:
        """The part of the summary that depends on the task."""

    @property
    @abstractmethod
    def legend(self) -> list[LegendEntry]:
        """What was found, in class order, with its colours."""

    def overlay(self) -> npt.NDArray[np.uint8]:
        """The photo with the answer painted over it: uint8 (H, W, 3), RGB."""
        return np.concatenate([stripe() for stripe in self._painted(self.options.opacity)])

    def files(self, *, legend: bool = False) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Everything that is kept of an analysis, rendered piece by piece as it is read.

        Args:
            legend: also the overlay with a legend beside it.

        Yields:
            name and content: `overlay.png`, `overlay-legend.png`, what the task has of its own, `summary.json`. Of a
            photo too large for one picture `overlay.dzi.zip` instead of the first two. Read a content to its end
            before asking for the next.
        """
        started_at = time.perf_counter()
        if self.photo.is_pictured:
            yield "overlay.png", png.stream_rgb(self.photo.image_hw, self._painted(self.options.opacity))
        else:
            yield (
                "overlay.dzi.zip",
                stream_deep_zoom(self.photo.image_hw, self._painted(self.options.opacity), "overlay"),
            )
        if legend and self.photo.is_pictured:
            yield "overlay-legend.png", self._overlay_with_legend()
        yield from self._tables()
        timings_s = {**self.summary["timings_s"], "render": round(time.perf_counter() - started_at, 4)}
        yield "summary.json", [to_json(self.summary | {"timings_s": timings_s})]

    def _overlay_with_legend(self) -> Iterator[bytes]:
        height, width = self.photo.image_hw
        panel = draw_legend(height, self.legend)
        joined_hw = (panel.shape[0], width + panel.shape[1])
        painted = self._painted(self.options.opacity)
        return png.stream_rgb(joined_hw, beside(painted, self._stripe_tops, panel, self.photo.image_hw))

    @property
    @abstractmethod
    def _stripe_tops(self) -> Sequence[int]:
        """The first row of each stripe of `_painted`."""

    @abstractmethod
    def _painted(self, opacity: float) -> Iterator[png.Stripe]:
        """The overlay from the top down, to be painted on any thread."""

    @abstractmethod
    def _tables(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Name and content of the files that hold the answer itself."""


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
    def labels(self) -> npt.NDArray[np.uint16]:
        """uint16 (T,): the class's index a tile, or C for *unsure*."""
        return decide(self.probs, self.manifest)

    @cached_property
    def rows(self) -> list[TileRow]:
        """One row a tile: x, y, width, height, probability, label."""
        reported = reported_probs(self.probs, self.labels, self.manifest)
        names = label_names(self.manifest)
        labels = [names[label] for label in self.labels]
        return tile_rows(
            self.grid.origins_yx, self.grid.sizes_hw, reported, labels, self.domain.tile_scores if self.domain else None
        )

    @property
    def measurements(self) -> dict[str, Any]:
        """Tiles in all and by class."""
        names = label_names(self.manifest)
        if self.manifest.decision.unsure_band is None:
            names.pop()
        counts = count_labels([row["label"] for row in self.rows], names)
        return {"tiles": {"total": len(self.grid), "by_class": counts}}

    @property
    def legend(self) -> list[LegendEntry]:
        """The labels that at least one tile has."""
        names, colours = label_names(self.manifest), label_colours(self.manifest)
        return [LegendEntry(names[label], tuple(colours[label].tolist())) for label in np.unique(self.labels)]

    @property
    def _stripe_tops(self) -> Sequence[int]:
        return self.grid.stripe_tops(stripe_rows(self.grid.image_hw[1]))

    def _painted(self, opacity: float) -> Iterator[png.Stripe]:  # noqa: ARG002 - tiles are painted at one opacity
        colours, rows = label_colours(self.manifest), stripe_rows(self.grid.image_hw[1])
        for band, which, row in _rows_of_tiles(self.photo, self.grid, self.grid.tops):
            for top in range(0, len(band), rows):
                yield partial(paint_tiles, band, row, self.labels[which], colours, rows=slice(top, top + rows))

    def _tables(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        yield "tiles.csv", [to_csv(self.rows)]
        yield "tiles.json", [to_json(self.rows)]


@dataclass(frozen=True, eq=False)
class MapAnalysis(Analysis):
    """Every pixel with its class.

    Attributes:
        found: classes and confidence, at the scale at which the network looked.
    """

    found: LabelMap

    @property
    def label_map(self) -> npt.NDArray[np.uint8]:
        """uint8 (H, W), class indices."""
        return self.found.labels_of(0, self.photo.image_hw[0])

    @property
    def confidence(self) -> npt.NDArray[np.uint8]:
        """uint8 (H, W), the label's probability in 1/255."""
        return self.found.confidence_of(0, self.photo.image_hw[0])

    @cached_property
    def areas(self) -> list[ClassArea]:
        """Area of every class found, background left out."""
        classes = [(entry.name, entry.rgb) for entry in self.manifest.classes]
        return class_areas(self.found.count_pixels(len(classes)), classes, self.manifest.background_index)

    @property
    def is_core(self) -> bool:
        """Whether the photo is one of a core, which has a direction: its longer side."""
        return self.manifest.tiling.normalised_width > 0

    @cached_property
    def intervals(self) -> list[Interval]:
        """The core from its top down; empty where the photo is not one of a core.

        Its top is the photo's upper end, or the left one of a photo that lies on its side.
        """
        if not self.is_core:
            return []
        lies = self._core_axis == "x"
        labels, confidence = (
            np.rot90(found, -1) if lies else found for found in (self.found.labels, self.found.confidence)
        )
        named = [(entry.index, entry.name) for entry in self.manifest.classes]
        classes = [entry for entry in named if entry[0] != self.manifest.background_index]
        classes.append((_UNSURE_INDEX, UNSURE))
        rows = profile(labels, confidence, [index for index, _ in classes])
        return core_intervals(rows, classes, max(self.photo.image_hw), self.options.depths_m)

    @property
    def _core_axis(self) -> Literal["x", "y"]:
        height, width = self.photo.image_hw
        return "x" if width > height else "y"

    @property
    def measurements(self) -> dict[str, Any]:
        """Area of every class found and of all of them together; of a core also its intervals."""
        covered = sum(area["pixels"] for area in self.areas)
        height, width = self.photo.image_hw
        areas = {"classes": self.areas, "covered_share": covered / (height * width)}
        return areas | ({"core_axis": self._core_axis, "intervals": self.intervals} if self.is_core else {})

    @property
    def legend(self) -> list[LegendEntry]:
        """The classes that at least one pixel has."""
        return [LegendEntry(area["name"], area["rgb"]) for area in self.areas]

    def overlay(self, opacity: float | None = None) -> npt.NDArray[np.uint8]:
        """Every pixel tinted with its class's colour: uint8 (H, W, 3), RGB.

        Args:
            opacity: 0 to 1; the options' where it is not given.
        """
        chosen = self.options if opacity is None else Options(opacity)
        return np.concatenate([stripe() for stripe in self._painted(chosen.opacity)])

    @property
    def _stripe_tops(self) -> range:
        height, width = self.photo.image_hw
        return range(0, height, min(_MAP_STRIPE_ROWS, stripe_rows(width)))

    def _painted(self, opacity: float) -> Iterator[png.Stripe]:
        tops = self._stripe_tops
        for top, band in zip(tops, self.photo.bands(tops.step), strict=True):
            yield partial(self._tint, band, top, opacity)

    def _tint(self, band: npt.NDArray[np.uint8], top: int, opacity: float) -> npt.NDArray[np.uint8]:
        labels = self.found.labels_of(top, top + len(band))
        return tint(band, labels, self._colours, opacity, self.manifest.background_index)

    def _tables(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        hw = self.photo.image_hw
        labels, confidence = (self._stripes(rows_of) for rows_of in (self.found.labels_of, self.found.confidence_of))
        if self.photo.is_pictured:
            yield "labels.png", png.stream_palette(hw, labels, self._colours)
            yield "confidence.png", png.stream_grey(hw, confidence)
        else:
            yield "labels.tif", stream_tiled_tiff(hw, labels)
            yield "confidence.tif", stream_tiled_tiff(hw, confidence)
        if self.is_core:
            yield "intervals.csv", [intervals_csv(self.intervals)]

    def _stripes(self, rows_of: Callable[[int, int], npt.NDArray[np.uint8]]) -> Iterator[png.Stripe]:
        height = self.photo.image_hw[0]
        for top in range(0, height, _MAP_STRIPE_ROWS):
            yield partial(rows_of, top, min(top + _MAP_STRIPE_ROWS, height))

    @property
    def _colours(self) -> npt.NDArray[np.uint8]:
        return np.array([entry.rgb for entry in self.manifest.classes], dtype=np.uint8)
