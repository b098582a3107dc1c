"""What was found on one photo: the answer, numbers about it, and files, rendered when they are asked for.

A tile classifier gives a `TileAnalysis`, a segmenter a `MapAnalysis`; both are made by `facies.analysis.analyse`.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from facies.imaging import png
from facies.imaging.deep_zoom import stream_deep_zoom
from facies.imaging.label_map import LabelMap
from facies.imaging.legend import LegendEntry, beside, draw_legend
from facies.imaging.overlay import paint_tiles, tint
from facies.imaging.photo import Photo, stripes_of_tiles
from facies.imaging.sizes import stripe_rows
from facies.imaging.tiled_tiff import stream_tiled_tiff
from facies.imaging.tiles import Grid
from facies.models.decision import UNSURE, UNSURE_PIXEL, UNSURE_RGB, decide, label_colours, label_names, reported_probs
from facies.models.package import Manifest
from facies.models.runtime import Probs
from facies.options import Options
from facies.reports.areas import ClassArea, class_areas
from facies.reports.domain import DomainFinding
from facies.reports.exports import to_csv, to_json
from facies.reports.intervals import Interval, core_intervals, intervals_csv, profile
from facies.reports.tiles import TileRow, count_labels, tile_rows

_MAP_STRIPE_ROWS = 128


@dataclass(frozen=True, eq=False, repr=False)
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

    def __repr__(self) -> str:
        height, width = self.photo.image_hw
        return f"<{type(self).__name__} of {width} × {height} pixels by {self.manifest.reference}>"

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


@dataclass(frozen=True, eq=False, repr=False)
class TileAnalysis(Analysis):
    """Every tile with its probability and label.

    Attributes:
        grid: where the T tiles lie.
        probs: float32 (T, C), sums to 1 over C.
    """

    grid: Grid
    probs: Probs

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
        band = self.manifest.decision.unsure_band
        told = {} if band is None else {"unsure_band": list(band)}
        return {"tiles": {"total": len(self.grid), "by_class": counts}} | told

    @property
    def legend(self) -> list[LegendEntry]:
        """The labels that at least one tile has."""
        names, colours = label_names(self.manifest), label_colours(self.manifest)
        return [LegendEntry(names[label], tuple(colours[label].tolist())) for label in np.unique(self.labels)]

    @property
    def _stripe_tops(self) -> Sequence[int]:
        return [stripe.top for stripe in self.grid.stripes(stripe_rows(self.grid.image_hw[1]))]

    def _painted(self, opacity: float) -> Iterator[png.Stripe]:  # noqa: ARG002 - tiles are painted at one opacity
        colours, rows = label_colours(self.manifest), stripe_rows(self.grid.image_hw[1])
        for band, which, row, top in stripes_of_tiles(self.photo, self.grid, rows):
            yield partial(paint_tiles, band, row, self.labels[which], colours, top=top)

    def _tables(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        yield "tiles.csv", [to_csv(self.rows)]
        yield "tiles.json", [to_json(self.rows)]


@dataclass(frozen=True, eq=False, repr=False)
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
        """Area of every class found, background left out; what is unsure comes last."""
        classes = {entry.index: (entry.name, entry.rgb) for entry in self.manifest.classes}
        classes[UNSURE_PIXEL] = (UNSURE, UNSURE_RGB)
        return class_areas(self.found.count_pixels(UNSURE_PIXEL + 1), classes, self.manifest.background_index)

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
        classes.append((UNSURE_PIXEL, UNSURE))
        rows = profile(labels, confidence, [index for index, _ in classes])
        return core_intervals(rows, classes, max(self.photo.image_hw), self.options.depths_m)

    @property
    def _core_axis(self) -> Literal["x", "y"]:
        height, width = self.photo.image_hw
        return "x" if width > height else "y"

    @property
    def measurements(self) -> dict[str, Any]:
        """Area of every class found and of all of them together; of a core also its intervals."""
        covered = sum(area["pixels"] for area in self.areas if area["index"] != UNSURE_PIXEL)
        height, width = self.photo.image_hw
        areas = {"classes": self.areas, "covered_share": covered / (height * width)}
        return areas | ({"core_axis": self._core_axis, "intervals": self.intervals} if self.is_core else {})

    @property
    def legend(self) -> list[LegendEntry]:
        """The classes that at least one pixel has; what is unsure is not painted."""
        return [LegendEntry(area["name"], area["rgb"]) for area in self.areas if area["index"] != UNSURE_PIXEL]

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
            yield "labels.png", png.stream_palette(hw, labels, self._palette)
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

    @property
    def _palette(self) -> npt.NDArray[np.uint8]:
        """Colours of the label map's file: those of the classes and, where pixels may be unsure, of that."""
        if not self.manifest.decision.min_confidence:
            return self._colours
        palette = np.zeros((UNSURE_PIXEL + 1, 3), dtype=np.uint8)
        palette[: len(self._colours)] = self._colours
        palette[UNSURE_PIXEL] = UNSURE_RGB
        return palette
