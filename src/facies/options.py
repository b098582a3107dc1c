"""What a user may choose for one analysis, and what that makes of a package's manifest."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from facies.errors import OptionError
from facies.models.conformal import Band, band_for
from facies.models.package import Manifest

_CORE_LENGTH_M = 20_000.0
_HIGHEST_ERROR_RATE = 0.5


@dataclass(frozen=True)
class Options:
    """What a user may choose for one analysis. None means: as the package says.

    Attributes:
        opacity: of the colours over the photo, 0 to 1. Tiles are always painted as the coral contract says.
        threshold: probability of the positive class from which a tile gets its label, between 0 and 1 (tiles).
        unsure_band: probabilities between which a tile is called unsure, low and high (tiles).
        overlap: pixels that neighbouring tiles share (segmentation).
        depth_top_m: depth of the photo's upper end in the hole, metres; kept for reports (segmentation).
        depth_base_m: depth of its lower end, metres (segmentation).
        min_confidence: pixels that are less sure of their class are called unsure, 0 to 1; 0 calls none so
            (segmentation).
        error_rate: how many tiles of each class may be given the other's label, above 0 and at most 0.5; the unsure
            band is chosen so (tiles). See `facies.models.conformal`.

    Raises:
        OptionError: a value is out of range.
    """

    opacity: float = 0.5
    threshold: float | None = None
    unsure_band: Band | None = None
    overlap: int | None = None
    depth_top_m: float | None = None
    depth_base_m: float | None = None
    min_confidence: float | None = None
    error_rate: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise OptionError(f"opacity is {self.opacity}; it must be between 0 and 1.")
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise OptionError(f"threshold is {self.threshold}; it must lie between 0 and 1.")
        if self.unsure_band is not None and not 0 <= self.unsure_band[0] <= self.unsure_band[1] <= 1:
            raise OptionError("unsure_band must be two numbers from 0 to 1, the lower one first.")
        if self.overlap is not None and self.overlap < 1:
            raise OptionError(f"overlap is {self.overlap}; it must be at least 1 pixel.")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise OptionError(f"min_confidence is {self.min_confidence}; it must be between 0 and 1.")
        self._check_error_rate()
        self._check_depths()

    def _check_depths(self) -> None:
        if (self.depth_top_m is None) != (self.depth_base_m is None):
            raise OptionError("depth_top_m and depth_base_m go together; give both or none.")
        if self.depth_top_m is None or self.depth_base_m is None:
            return
        if not 0 <= self.depth_top_m < self.depth_base_m <= _CORE_LENGTH_M:
            raise OptionError("depth_base_m must lie below depth_top_m, and neither may be negative.")

    @property
    def depths_m(self) -> tuple[float, float] | None:
        """Depths of the photo's upper and lower end; None where they are not known."""
        if self.depth_top_m is None or self.depth_base_m is None:
            return None
        return self.depth_top_m, self.depth_base_m

    def _check_error_rate(self) -> None:
        if self.error_rate is None:
            return
        if not 0 < self.error_rate <= _HIGHEST_ERROR_RATE:
            raise OptionError(f"error_rate is {self.error_rate}; it must be above 0 and at most {_HIGHEST_ERROR_RATE}.")
        if self.unsure_band is not None:
            raise OptionError("error_rate chooses the unsure band; give one of error_rate and unsure_band.")

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` gives, or a user wrote.

        Raises:
            OptionError: an option is unknown, of the wrong kind or out of range.
        """
        readers: dict[str, Callable[[str, object], Any]] = {field.name: _number for field in fields(cls)}
        readers |= {"unsure_band": _band, "overlap": _whole}
        unknown = sorted(set(values) - set(readers))
        if unknown:
            raise OptionError(f"There is no option {unknown[0][:100]!r}; known are: {', '.join(readers)}.")
        return cls(**{name: readers[name](name, value) for name, value in values.items() if value is not None})

    def to_json(self) -> dict[str, Any]:
        """The options that were chosen, JSON values only."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen = {name: value for name, value in values.items() if value is not None}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items()}

    def applied_to(self, manifest: Manifest) -> Manifest:
        """The manifest as it is for this analysis.

        Raises:
            OptionError: an option does not suit the package.
        """
        self._check_task(manifest)
        decision = {"threshold": self.threshold, "min_confidence": self.min_confidence}
        tiling = {"overlap": self.overlap}
        applied = manifest.model_copy(
            update={
                "decision": manifest.decision.model_copy(update=_chosen(decision)),
                "tiling": manifest.tiling.model_copy(update=_chosen(tiling)),
            }
        )
        band = self.unsure_band if self.error_rate is None else band_for(applied, self.error_rate)
        if band is None:
            return applied
        return applied.model_copy(update={"decision": applied.decision.model_copy(update={"unsure_band": band})})

    def _check_task(self, manifest: Manifest) -> None:
        is_map = manifest.task == "segmentation"
        of_tiles = ("threshold", "unsure_band", "error_rate")
        of_maps = ("overlap", "depth_top_m", "depth_base_m", "min_confidence")
        for name in of_tiles if is_map else of_maps:
            if getattr(self, name) is not None:
                raise OptionError(f"{name} has no meaning for {manifest.reference}, whose task is {manifest.task}.")
        chosen = (self.threshold, self.unsure_band, self.error_rate)
        if manifest.positive_index is None and any(value is not None for value in chosen):
            raise OptionError(f"{manifest.reference} has no positive class that a threshold could be set for.")
        if self.overlap is not None and self.overlap >= min(manifest.tiling.tile_hw):
            smallest = min(manifest.tiling.tile_hw)
            raise OptionError(f"overlap is {self.overlap}; it must be smaller than a tile, {smallest} pixels.")


DEFAULT_OPTIONS = Options()


def _chosen(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise OptionError(f"{name} must be a number.")
    return float(value)


def _whole(name: str, value: object) -> int:
    number = _number(name, value)
    if number != int(number):
        raise OptionError(f"{name} must be a whole number.")
    return int(number)


def _band(name: str, value: object) -> Band:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise OptionError(f"{name} must be two numbers from 0 to 1, the lower one first.")
    return _number(name, value[0]), _number(name, value[1])
