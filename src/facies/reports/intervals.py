"""A label map as a core log: which class the core is of, interval by interval, from its top down.

    rows of the label map ──▶ profile (what each row holds) ──▶ one class a row ──▶ intervals

A row takes the class that most pixels around it have, those of a window of rows. Where the core is much narrower than
it mostly is there is a gap, which no interval covers. What is thinner than the window, a gap too, goes to the
thicker of its neighbours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt

from facies.reports.exports import to_csv

_WINDOW: Final = 1 / 16
"""Rows of the window, as a share of the map's width."""

_GAP: Final = 2 / 5
"""Rows with less than this share of the core's usual width are a gap."""

_BLOCK_ROWS: Final = 1024
_COLUMNS: Final = ("top_m", "base_m", "length_m", "name", "share", "confidence", "top_px", "base_px")
_DEPTH_DECIMALS: Final = 4
_SHARE_DECIMALS: Final = 4

_NO_CORE: Final = -1

Span = tuple[float, float]

_Run = tuple[int, int, int]
"""First row, one past the last, and the column of their class, or `_NO_CORE`."""


class Interval(TypedDict):
    """A stretch of one class along the core.

    Depths are metres down the hole, None where the photo's are not known; pixels are the photo's, along the core. The
    share is that of the class among all pixels here that are not background, the confidence is the mean probability of
    its pixels.
    """

    top_m: float | None
    base_m: float | None
    length_m: float | None
    index: int
    name: str
    share: float
    confidence: float
    top_px: int
    base_px: int


@dataclass(frozen=True, eq=False)
class Profile:
    """What each of R rows across the core holds.

    Attributes:
        width: pixels of a row.
        counts: int64 (R, C), pixels of each class.
        confidence: float64 (R, C), the sum of their probabilities.
    """

    width: int
    counts: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]


def profile(labels: npt.NDArray[np.uint8], confidence: npt.NDArray[np.uint8], indices: Sequence[int]) -> Profile:
    """Count the pixels of every row.

    Args:
        labels: uint8 (R, W), class indices, the core's top first.
        confidence: uint8 (R, W), the label's probability in 1/255.
        indices: the C class indices that count; others are background.
    """
    place = np.full(256, len(indices), dtype=np.int64)
    place[list(indices)] = np.arange(len(indices))
    blocks = [
        _profile_of_block(place[labels[top : top + _BLOCK_ROWS]], confidence[top : top + _BLOCK_ROWS], len(indices))
        for top in range(0, len(labels), _BLOCK_ROWS)
    ]
    counts, sums = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Profile(labels.shape[1], counts.astype(np.int64), sums / 255)


def _profile_of_block(
    places: npt.NDArray[np.int64], confidence: npt.NDArray[np.uint8], class_count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rows, slots = len(places), class_count + 1
    flat = (places + np.arange(rows)[:, None] * slots).ravel()
    counts = np.bincount(flat, minlength=rows * slots).reshape(rows, slots)
    sums = np.bincount(flat, confidence.ravel(), rows * slots).reshape(rows, slots)
    return counts[:, :class_count].astype(np.float64), sums[:, :class_count].astype(np.float64)


def core_intervals(
    rows: Profile, classes: Sequence[tuple[int, str]], length_px: int, depths_m: Span | None = None
) -> list[Interval]:
    """The core from its top down.

    Args:
        rows: of the label map.
        classes: index and name of the profile's C classes.
        length_px: the photo's length along the core, pixels.
        depths_m: of the photo's upper and lower end in the hole, metres.
    """
    found = []
    window = max(1, round(rows.width * _WINDOW))
    for first, last, column in _without_slivers(_runs(_class_of_rows(rows, window)), window):
        if column == _NO_CORE:
            continue
        top_px, base_px = (round(row * length_px / len(rows.counts)) for row in (first, last))
        index, name = classes[column]
        inside = rows.counts[first:last]
        pixels = int(inside[:, column].sum())
        found.append(
            Interval(
                **_depths((top_px, base_px), length_px, depths_m),
                index=index,
                name=name,
                share=round(pixels / max(1, int(inside.sum())), _SHARE_DECIMALS),
                confidence=round(float(rows.confidence[first:last, column].sum()) / max(1, pixels), _SHARE_DECIMALS),
                top_px=top_px,
                base_px=base_px,
            )
        )
    return found


class _Depths(TypedDict):
    top_m: float | None
    base_m: float | None
    length_m: float | None


def _depths(span_px: tuple[int, int], length_px: int, depths_m: Span | None) -> _Depths:
    if depths_m is None:
        return _Depths(top_m=None, base_m=None, length_m=None)
    upper, lower = depths_m
    top_m, base_m = (round(upper + (lower - upper) * pixel / length_px, _DEPTH_DECIMALS) for pixel in span_px)
    return _Depths(top_m=top_m, base_m=base_m, length_m=round(base_m - top_m, _DEPTH_DECIMALS))


def intervals_csv(intervals: Iterable[Interval]) -> bytes:
    """The intervals as a table; a depth that is not known is an empty cell."""
    return to_csv([{column: dict(interval)[column] for column in _COLUMNS} for interval in intervals], _COLUMNS)


def _class_of_rows(rows: Profile, window: int) -> npt.NDArray[np.intp]:
    """The column of each row's class, or `_NO_CORE`: intp (R,)."""
    smooth = _smoothed(rows.counts, window)
    covered = smooth.sum(axis=1)
    usual = np.median(covered[covered > 0]) if covered.any() else 0.0
    is_core = (covered > 0) & (covered >= _GAP * usual)
    return np.where(is_core, smooth.argmax(axis=1), _NO_CORE)


def _smoothed(counts: npt.NDArray[np.int64], window: int) -> npt.NDArray[np.float64]:
    """The mean of each row and those around it, fewer at both ends: float64 (R, C)."""
    sums = np.concatenate([np.zeros((1, counts.shape[1]), np.int64), counts.cumsum(axis=0)])
    centre = np.arange(len(counts))
    first = np.maximum(centre - window // 2, 0)
    last = np.minimum(centre + window // 2 + 1, len(counts))
    mean: npt.NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)[:, None]
    return mean


def _runs(of_rows: npt.NDArray[np.intp]) -> list[_Run]:
    starts = [0, *(np.flatnonzero(np.diff(of_rows)) + 1).tolist()]
    ends = [*starts[1:], len(of_rows)]
    return [(first, last, int(of_rows[first])) for first, last in zip(starts, ends, strict=True)]


def _without_slivers(runs: list[_Run], thinnest: int) -> list[_Run]:
    """The same with every run at least `thinnest` rows long: the thinnest of all goes first, to a neighbour."""
    kept = list(runs)
    while len(kept) > 1:
        place = min(range(len(kept)), key=lambda index: _length(kept[index]))
        first, last, _ = kept[place]
        if last - first >= thinnest:
            break
        neighbours = kept[max(0, place - 1) : place] + kept[place + 1 : place + 2]
        taker = max(neighbours, key=lambda run: (run[2] != _NO_CORE, _length(run)))
        kept[place] = (first, last, taker[2])
        kept = _joined(kept)
    return kept


def _length(run: _Run) -> int:
    return run[1] - run[0]


def _joined(runs: Iterable[_Run]) -> list[_Run]:
    """Neighbours of one class become one run."""
    joined: list[_Run] = []
    for first, last, column in runs:
        if joined and joined[-1][2] == column:
            joined[-1] = (joined[-1][0], last, column)
        else:
            joined.append((first, last, column))
    return joined
