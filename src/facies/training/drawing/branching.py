"""Corals with branches, built of round, tapering rods: cushions of fingers and thickets."""

import math
from typing import NamedTuple

import numpy as np

from facies.training.drawing.colony import BROWNS, GREENS, PURPLES, WARM, Colony, bleach, lambert
from facies.training.drawing.noise import F32, Rng, blur, chance, ramp, sine, smooth, uniform
from facies.training.drawing.paint import Colour, flat, mixed, palette, pick, scaled, shade, tint

_NOTHING = -1000.0

Point = tuple[float, float]
Maps = tuple[F32, F32, F32, F32]


class _Rod(NamedTuple):
    """A branch, or a stretch of one.

    Attributes:
        start: where it begins, (row, column).
        end: where it ends.
        thick: its radius at both, pixels.
        height: how near the viewer both are, pixels.
        end_on: 1 where one looks onto its end, 0 where one sees it from the side.
        bears_tip: whether its end is a tip.
    """

    start: Point
    end: Point
    thick: tuple[float, float]
    height: tuple[float, float]
    end_on: float
    bears_tip: bool

    def moved(self, down: float, right: float) -> "_Rod":
        """Return the rod moved by so many pixels."""
        start, end = ((y + down, x + right) for y, x in (self.start, self.end))
        return self._replace(start=start, end=end)


def bush(rng: Rng, radius: float, lean: float, bleaching: float) -> Colony:
    """A cushion of blunt fingers that point away from its middle, with pale tips. Arguments as for `boulder`."""
    size = int(radius * 2.5) + 16
    low = 0.45 + 0.55 * lean
    middle = (int(radius * 1.25) + 8, size // 2)
    maps = _canvas((int(radius * 1.25 * (1 + low)) + 16, size))
    count = int(uniform(rng, 0.5, 1.0) * min(260, 25 + 2 * radius))
    thick = radius * uniform(rng, 0.85, 1.15) / math.sqrt(count)
    stretch = uniform(rng, 0.8, 1.2)
    for number in range(count):
        out = 0.98 * math.sqrt((number + 0.5) / count) + uniform(rng, -0.03, 0.03)
        turn = number * 0.381966 + uniform(rng, -0.03, 0.03)
        sin, cos = (float(part) for part in sine(np.array([turn, turn + 0.25], np.float32)))
        squeeze = 1.0 if sin < 0 else low
        reach = uniform(rng, 0.82, 1.04)
        top = radius * math.sqrt(max(0.05, 1 - out * out)) * stretch
        start = (middle[0] + sin * out * radius * 0.6 * squeeze, middle[1] + cos * out * radius * 0.6)
        end = (middle[0] + sin * out * radius * reach * squeeze, middle[1] + cos * out * radius * reach)
        width = thick * uniform(rng, 0.75, 1.1)
        thickness = (width * 0.9, width * uniform(rng, 0.8, 1.1))
        _draw(maps, _Rod(start, end, thickness, (top * 0.5, top * reach), 1 - 0.8 * out, bears_tip=True))
    base = pick(rng, BROWNS + GREENS + PURPLES + WARM)
    return _branched(rng, maps, base, thick, bleaching, (middle[0] + int(radius * low * 0.6), middle[1]))


def branches(rng: Rng, radius: float, lean: float, bleaching: float) -> Colony:
    """A thicket of tapering branches with pale tips and rough skin. Arguments as for `boulder`."""
    rods = _grow(rng, radius, lean)
    margin = 3 + max(rods[0].thick)
    top = margin - min(min(rod.start[0], rod.end[0]) for rod in rods)
    left = margin - min(min(rod.start[1], rod.end[1]) for rod in rods)
    height = top + margin + max(max(rod.start[0], rod.end[0]) for rod in rods)
    width = left + margin + max(max(rod.start[1], rod.end[1]) for rod in rods)
    maps = _canvas((int(height) + 1, int(width) + 1))
    for rod in rods:
        _draw(maps, rod.moved(top, left))
    base = pick(rng, BROWNS + WARM + PURPLES)
    return _branched(rng, maps, base, max(2.0, radius * 0.07), bleaching, (int(top), int(left)))


class _Bud(NamedTuple):
    """A branch about to grow: from where, which way (whole turns), how thick, how high, how long."""

    start: Point
    turn: float
    thick: float
    height: float
    length: float


def _grow(rng: Rng, radius: float, lean: float) -> list[_Rod]:
    """Grow a thicket whose foot is at (0, 0), the lowest rods first."""
    trunks = int(rng.integers(9, 16))
    thick = radius * uniform(rng, 0.055, 0.095)
    spread = 0.5 + 0.5 * lean
    buds = [
        _Bud(
            (uniform(rng, -0.12, 0.12) * radius, uniform(rng, -0.3, 0.3) * radius),
            -0.25 + spread * ((number + float(rng.random())) / trunks - 0.5),
            thick * uniform(rng, 0.8, 1.1),
            uniform(rng, -0.2, 0.2) * radius,
            radius * uniform(rng, 0.28, 0.48),
        )
        for number in range(trunks)
    ]
    grown: list[_Rod] = []
    generations = 4 if radius > 70 else 3 if radius > 25 else 2
    for generation in range(generations):
        rods = [_sprout(rng, bud, lean, generation, generations) for bud in buds]
        grown += rods
        buds = [fork for bud, rod in zip(buds, rods, strict=True) if not rod.bears_tip for fork in _fork(rng, bud, rod)]
    return sorted(grown, key=lambda rod: rod.height[0])


def _sprout(rng: Rng, bud: _Bud, lean: float, generation: int, generations: int) -> _Rod:
    turn = bud.turn + uniform(rng, -0.03, 0.03)
    step_y, step_x = (float(part) for part in sine(np.array([turn, turn + 0.25], np.float32)))
    squeeze = 1.0 if step_y < 0 else 0.35 + 0.65 * lean
    end = (bud.start[0] + step_y * bud.length * squeeze, bud.start[1] + step_x * bud.length)
    last = generation == generations - 1 or (generation > 0 and chance(rng, 0.2))
    top = bud.height + bud.length * uniform(rng, 0.1, 0.5)
    return _Rod(bud.start, end, (bud.thick, bud.thick * (0.55 if last else 0.82)), (bud.height, top), 0.0, last)


def _fork(rng: Rng, bud: _Bud, rod: _Rod) -> list[_Bud]:
    turns = (uniform(rng, -0.13, -0.04), uniform(rng, 0.04, 0.13), uniform(rng, -0.05, 0.05))
    return [
        _Bud(rod.end, bud.turn + turn, bud.thick * 0.8, rod.height[1], bud.length * uniform(rng, 0.55, 0.85))
        for turn in turns[: int(rng.integers(2, 4))]
    ]


def _canvas(hw: tuple[int, int]) -> Maps:
    depth, normal_y, normal_x, tip = (np.full(hw, fill, np.float32) for fill in (_NOTHING, 0, 0, 0))
    return depth, normal_y, normal_x, tip


def _draw(maps: Maps, rod: _Rod) -> None:
    """Draw one rod into depth, normals and tip (float32 (H, W) each, changed), where it is above what is there."""
    depth, normal_y, normal_x, tip = maps
    rows = _span((rod.start[0], rod.end[0]), max(rod.thick) + 2, depth.shape[0])
    columns = _span((rod.start[1], rod.end[1]), max(rod.thick) + 2, depth.shape[1])
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    window = (rows, columns)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - rod.start[0]
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - rod.start[1]
    way_y, way_x = rod.end[0] - rod.start[0], rod.end[1] - rod.start[1]
    share = np.clip((y * way_y + x * way_x) / (way_y * way_y + way_x * way_x + (1e-3)), 0, 1)
    away_y, away_x = y - share * way_y, x - share * way_x
    half = rod.thick[0] + share * (rod.thick[1] - rod.thick[0])
    out = (away_y * away_y + away_x * away_x) / (half * half)
    rise = rod.height[0] + share * (rod.height[1] - rod.height[0])
    level = rise + half * np.sqrt(np.clip(1 - out, 0, 1))
    seen = (out < 1) & (level > depth[window])
    np.copyto(depth[window], level, where=seen)
    np.copyto(normal_y[window], away_y / half, where=seen)
    np.copyto(normal_x[window], away_x / half, where=seen)
    end_share = share * (1 - rod.end_on) + (1 - out) * rod.end_on
    np.copyto(tip[window], end_share * np.float32(rod.bears_tip), where=seen)


def _span(ends: tuple[float, float], reach: float, size: int) -> slice:
    return slice(max(0, int(min(ends) - reach)), min(size, int(max(ends) + reach) + 1))


def _branched(rng: Rng, maps: Maps, base: Colour, thick: float, bleaching: float, foot_yx: tuple[int, int]) -> Colony:
    """Colour and light what capsules have built."""
    depth, normal_y, normal_x, tip = maps
    hw = depth.shape
    cover = (depth > _NOTHING).astype(np.float32)
    solid = np.maximum(depth, depth[depth > _NOTHING].min(initial=0))
    hollow = ramp(solid - blur(solid, max(1, round(thick))), -thick * 0.9, thick * 0.5)
    pitch = max(1.6, thick * 0.3)
    warts = smooth(rng, hw, (pitch, pitch))
    albedo = flat(base, hw)
    shade(albedo, 0.8 + warts * 0.1 + tip * 0.25)
    end_colour = mixed(
        scaled(base, 1.6), pick(rng, palette("f0e8d0 d8d0e8 b0bce8 e8dca0 f4f0ec")), uniform(rng, 0.3, 0.8)
    )
    tint(albedo, end_colour, ramp(tip, 0.6, 1.0) * uniform(rng, 0.35, 0.85))
    low, high = float(solid.min()), float(solid.max())
    bleached = bleach(rng, albedo, bleaching, ramp(solid, low, high), 0.85 + warts * 0.06)
    light = lambert(normal_y, normal_x, warts * (pitch * 0.3))
    shade(albedo, light * (0.32 + hollow * 0.68))
    soft = blur(cover, 1, passes=1)
    return Colony(albedo, ramp(soft, 0.35, 0.8), bleached * cover, foot_yx)
