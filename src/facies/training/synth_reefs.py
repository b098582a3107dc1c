"""Photos of coral reefs, drawn: each colony is healthy, bleached or partly so, and the truth is known to the pixel.

Sand, rubble and rock are laid out in perspective, colonies are set from far to near, and water is poured over it all.
The same seed gives the same photo on any machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.training.drawing import branching, camera, corals, water
from facies.training.drawing.colony import Colony
from facies.training.drawing.noise import F32, Rng, blur, chance, generator, ramp, uniform
from facies.training.drawing.paint import pick, shade
from facies.training.drawing.writing import Drawn, write_drawn

Photo = npt.NDArray[np.uint8]
Truth = npt.NDArray[np.uint8]

NEITHER, HEALTHY, BLEACHED = 0, 1, 2
COLOURS = ((0, 0, 0), (34, 197, 94), (239, 68, 68))
_REEF = 11
FORMS = (corals.boulder, branching.bush, corals.table, corals.plates, branching.branches)
# Underwater photos are soft: from this width on they are drawn at half the size and enlarged, four times as fast.
_SOFT_WIDTH = 1600


@dataclass(frozen=True, eq=False)
class SynthReef:
    """A drawn photo and its truth.

    Attributes:
        photo: uint8 (H, W, 3), RGB.
        truth: uint8 (H, W), 0 neither (water, sand, rubble, rock, fish), 1 healthy coral, 2 bleached coral.
    """

    photo: Photo
    truth: Truth


@dataclass(frozen=True, order=True)
class _Place:
    """Where something stands: `row` orders from far to near, `foot` and `column` are where its foot is drawn."""

    row: float
    foot: float
    column: float
    radius: float
    is_stone: bool


def draw(seed: int, *, width: int = 2928, height: int = 1952, bleached_share: float = 0.3) -> SynthReef:
    """Draw one photo of a reef.

    Args:
        seed: which photo; not negative.
        width: columns, at least 64.
        height: rows, at least 64.
        bleached_share: how many of the colonies are bleached, wholly or in part, 0 to 1.

    Returns:
        The photo and its truth.

    Raises:
        TrainingError: too small a photo, or a share beyond 0 to 1.
    """
    if min(height, width) < 64:
        raise TrainingError(f"A drawn reef needs at least 64 x 64 pixels, not {width} x {height}.")
    if not 0 <= bleached_share <= 1:
        raise TrainingError(f"The share of bleached colonies is a number of 0 to 1, not {bleached_share}.")
    rng = generator(seed, _REEF)
    halves = 2 if width >= _SOFT_WIDTH else 1
    view = _view(rng, (-(-height // halves), -(-width // halves)))
    sea = pick(rng, water.SEAS)
    planes = water.sea_bed(rng, view)
    nearness = np.maximum(np.broadcast_to(view.ground()[0], view.hw), 0.02).copy()
    truth = np.zeros(view.hw, np.uint8)
    _settle(rng, view, planes, nearness, truth, bleached_share)
    shade(planes, 1 + water.caustics(rng, view) * uniform(rng, 0.2, 0.55))
    water.veil(planes, nearness, sea, uniform(rng, 0.1, 0.24))
    _pour(rng, view, planes, nearness, truth, sea)
    _grade(rng, planes)
    if halves > 1:
        planes = camera.enlarged(planes, (height, width))
        truth = truth.repeat(halves, axis=0).repeat(halves, axis=1)[:height, :width].copy()
    return SynthReef(camera.develop(rng, planes), truth)


def write(
    folder: Path, count: int, seed: int, *, width: int = 2928, height: int = 1952,
    on_written: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:  # fmt: skip
    """Write photos and their truths: `images/reef-<seed>.jpg` and `masks/reef-<seed>.png` (palette PNG).

    Args:
        folder: made where it is missing; files of the same name are replaced.
        count: how many.
        seed: of the first; the others follow by one.
        width: columns of each.
        height: rows of each.
        on_written: told (done, total) after each.
    """

    def draw_one(seed: int) -> Drawn:
        drawn = draw(seed, height=height, width=width)
        return drawn.photo, drawn.truth

    write_drawn(folder, range(seed, seed + count), "reef", draw_one, COLOURS, {"quality": 92}, on_written)


def _view(rng: Rng, hw: tuple[int, int]) -> water.View:
    """Look across the reef with open water above, or down on it as a survey does."""
    if chance(rng, 0.7):
        return water.View(hw, hw[0] * uniform(rng, 0.1, 0.26))
    return water.View(hw, -hw[0] * uniform(rng, 1.5, 4.0))


def _settle(rng: Rng, view: water.View, planes: F32, nearness: F32, truth: Truth, bleached_share: float) -> None:
    """Set stones and the colonies that grow on and between them on the bed, from far to near, in place."""
    lean = uniform(rng, 0.3, 0.5) if view.horizon > 0 else uniform(rng, 0.85, 1.0)
    favourite = FORMS[int(rng.integers(len(FORMS)))]
    for place in sorted(_places(rng, view, lean)):
        near = view.nearness(place.row)
        if place.is_stone:
            _set(
                corals.stone(rng, place.radius, lean),
                (place.foot, place.column),
                near,
                planes,
                nearness,
                truth,
                NEITHER,
            )
            continue
        form = favourite if chance(rng, 0.25) else FORMS[int(rng.integers(len(FORMS)))]
        bleaching = 0.0
        if chance(rng, bleached_share):
            bleaching = 1.0 if chance(rng, 0.6) else uniform(rng, 0.4, 0.85)
        colony = form(rng, place.radius, lean, bleaching)
        _set(colony, (place.foot, place.column), near, planes, nearness, truth, HEALTHY)


def _places(rng: Rng, view: water.View, lean: float) -> Iterator[_Place]:
    """Choose where stones lie and corals grow: on the stones mostly, else on the bed."""
    height, width = view.hw
    across = view.horizon > 0
    first = view.horizon + 0.06 * (height - view.horizon) if across else -0.1 * height
    size = uniform(rng, 0.8, 1.25) if chance(rng, 0.75) else uniform(rng, 1.3, 2.2)
    stones = int(rng.integers(36, 70) / size)
    for _ in range(stones):
        share = uniform(rng, 0, 1)
        row = first + (height * 1.1 - first) * (share * share if across else share)
        column = uniform(rng, -0.05, 1.05) * width
        near = view.nearness(row)
        radius = max(8.0, height * uniform(rng, 0.08, 0.2) * near * size)
        radius = min(radius, height * 0.24)
        yield _Place(row, row, column, radius, is_stone=True)
        for number in range(int(rng.integers(3, 10))):
            small = max(5.0, height * uniform(rng, 0.025, 0.13) * near * size)
            aside = uniform(rng, -0.95, 0.95)
            rise = uniform(rng, -0.25, 1.0) * (1 - aside * aside)
            up = radius * (rise * (1.25 - 0.5 * lean) - (1 - rise) * 0.2 * lean)
            yield _Place(
                row + 0.01 + 0.001 * number - 0.0005 * rise, row - up, column + aside * radius, small, is_stone=False
            )
    for _ in range(int(rng.integers(20, 70) / size)):
        share = uniform(rng, 0, 1)
        row = first + (height * 1.1 - first) * (share * share if across else share)
        radius = max(5.0, height * uniform(rng, 0.03, 0.12) * view.nearness(row) * size)
        yield _Place(row, row, uniform(rng, -0.03, 1.03) * width, radius, is_stone=False)


def _set(
    colony: Colony, at_yx: tuple[float, float], near: float, planes: F32, nearness: F32, truth: Truth, alive: int
) -> None:
    """Set one colony (or stone) on the bed, with its shadow, in place."""
    pad = max(4, colony.cover.shape[0] // 8)
    cover = np.pad(colony.cover, pad)
    top, left = int(at_yx[0]) - colony.foot_yx[0] - pad, int(at_yx[1]) - colony.foot_yx[1] - pad
    rows = slice(max(0, top), min(planes.shape[1], top + cover.shape[0]))
    columns = slice(max(0, left), min(planes.shape[2], left + cover.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    own = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    window = planes[:, rows, columns]
    dark = np.roll(blur(cover, pad // 2), (pad // 2, pad // 4), (0, 1))
    shade(window, 1 - dark[own] * 0.6)
    inner = np.pad(colony.colour, ((0, 0), (pad, pad), (pad, pad)))[:, *own]
    window += (inner - window) * cover[own]
    solid = cover[own] > 0.5
    np.copyto(nearness[rows, columns], near, where=solid)
    white = np.pad(colony.bleached, pad)[own] > 0.5
    np.copyto(truth[rows, columns], np.where(white, BLEACHED, alive).astype(np.uint8), where=solid)


def _pour(
    rng: Rng, view: water.View, planes: F32, nearness: F32, truth: Truth, sea: tuple[float, float, float]
) -> None:
    """Add open water above the horizon, beams, fish and specks, in place."""
    height = view.hw[0]
    if view.horizon > 0:
        edge = int(view.horizon + 0.12 * (height - view.horizon))
        sky = water.open_water(rng, (edge, view.hw[1]), sea)
        row = np.arange(edge, dtype=np.float32)[:, None]
        far = ramp(nearness[:edge], 0.13, 0.035) * ramp(row, float(edge), view.horizon)
        planes[:, :edge] += (sky - planes[:, :edge]) * far
        truth[:edge][far > 0.5] = NEITHER
        length = height * uniform(rng, 0.008, 0.016)
        water.school(rng, planes, (0, int(height * 0.45)), int(rng.integers(8, 40)), length, sea)
        water.beams(rng, planes, uniform(rng, 0.02, 0.08))
    water.specks(rng, planes, int(rng.integers(60, 400)))


def _grade(rng: Rng, planes: F32) -> None:
    """Exposure, contrast and colour balance, in place."""
    grey = (planes[0] + planes[1] + planes[2]) / 3
    planes += (grey - planes) * uniform(rng, 0.0, 0.3)
    planes[0] *= uniform(rng, 0.95, 1.25)
    planes *= uniform(rng, 0.95, 1.2)
    np.clip(planes, 0, 1, out=planes)
    planes += uniform(rng, 0.05, 0.35) * (planes - planes * planes) * (planes - 0.42) * 2
