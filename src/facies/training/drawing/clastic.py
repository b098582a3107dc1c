"""Rocks made of grains: sandstone, siltstone, mudstone and conglomerate.

Each function draws a rectangle of one rock. `grain` is the size of a millimetre in the picture, about 2 to 5 pixels.
"""

import numpy as np

from facies.training.drawing.bedding import cracks, cross_laminae, depth, laminae, lenses
from facies.training.drawing.noise import (
    F32,
    Rng,
    blur,
    cells,
    chance,
    fractal,
    ramp,
    rows_columns,
    sine,
    smooth,
    uniform,
    white,
)
from facies.training.drawing.paint import (
    Colour,
    Surface,
    mixed,
    mottled,
    palette,
    pick,
    scaled,
    scatter,
    shade,
    tint,
    tint_each,
)

SANDS = palette("c8b48c b99f74 d6c8a8 9c8c74 a9a49a 8a837b c59a6a b27f55 7d6a50 cfc9bc 938d7a b8866a 75716c 5c5650")
STAINED = palette("4a3826 3a2c20 5a4430")
SILTS = palette("a49a84 b0a890 8f8a7e 9aa08e b8b29c 7f7c74 a8957c c4bda4 8c9488")
MUDS = palette("3a3a3c 2c2c2e 4a4846 55504a 46505a 5c5e5a 34383c 6a625a 4c4038 7a8a84 68786f 3e352e 5a4a44")
CLASTS = palette(
    "d8d2c4 f0ece0 8c4a38 6a6a6c 3c3e42 a07850 c8a878 5e6a5c 9a8c84 b86a4c 7c8894 4c3a34 e2cfa8 707058 a8a8a4"
)
RUST: Colour = (0.62, 0.38, 0.16)


def sandstone(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Grainy; massive, laminated or cross-laminated; cement spots, iron stain, oil stain, a few mud flakes."""
    colour = pick(rng, STAINED if chance(rng, 0.08) else SANDS)
    planes = mottled(rng, hw, colour, uniform(rng, 0.02, 0.06), uniform(rng, 60, 200))
    position = depth(rng, hw, uniform(rng, -0.25, 0.25), uniform(rng, 0.4, 2.0))
    if chance(rng, 0.8):
        shade(planes, 1 + _structure(rng, position, grain) * uniform(rng, 0.02, 0.11))
    coarse = chance(rng, 0.3)
    grains = sand_grains(rng, hw, grain * uniform(rng, 0.55, 1.0), coarse)
    shade(planes, 1 + grains * (uniform(rng, 0.05, 0.11) if coarse else uniform(rng, 0.02, 0.075)))
    if chance(rng, 0.4):
        _cement_spots(rng, planes, grain)
    if chance(rng, 0.25):
        _iron_bands(rng, planes, position)
    if chance(rng, 0.15):
        patches = ramp(fractal(rng, hw, (60, 110), 3), -0.2, 0.9)
        tint(planes, pick(rng, STAINED), patches * uniform(rng, 0.3, 0.75))
    if chance(rng, 0.3):
        flakes = ramp(lenses(rng, position, (5 * grain / 3, 26 * grain / 3)), 1.5, 1.8)
        tint(planes, pick(rng, MUDS), flakes * 0.8)
    return Surface(planes, grains * 0.12)


def siltstone(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Finer and paler than sand, even to the eye, delicately laminated, with a little mica."""
    planes = mottled(rng, hw, pick(rng, SILTS), uniform(rng, 0.015, 0.04), uniform(rng, 50, 160))
    position = depth(rng, hw, uniform(rng, -0.2, 0.2), uniform(rng, 0.3, 1.2))
    lines = laminae(rng, position, (0.8 * grain, uniform(rng, 2, 6) * grain), uniform(rng, 0.3, 0.9))
    if chance(rng, 0.3):
        lines = cross_laminae(rng, position, (5 * grain, 14 * grain), (0.6 * grain, 1.6 * grain))
    shade(planes, 1 + lines * uniform(rng, 0.015, 0.06))
    dust = white(rng, hw) * 0.7 + smooth(rng, hw, (1.6, 1.6)) * 0.5
    shade(planes, 1 + dust * uniform(rng, 0.008, 0.026))
    if chance(rng, 0.5):
        streaks = ramp(lenses(rng, position, (1.2 * grain, 16 * grain)), 1.3, 2.2)
        tint(planes, pick(rng, MUDS), streaks * uniform(rng, 0.15, 0.4))
    sparkle = ramp(white(rng, hw), 1.722, 1.732)
    tint(planes, (0.95, 0.94, 0.9), sparkle * uniform(rng, 0.0, 0.5))
    return Surface(planes, dust * 0.08)


def mudstone(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Dark and smooth, split by thin partings; faint colour bands, saw marks, sometimes pyrite."""
    planes = mottled(rng, hw, pick(rng, MUDS), uniform(rng, 0.02, 0.06), uniform(rng, 60, 200))
    position = depth(rng, hw, uniform(rng, -0.15, 0.15), uniform(rng, 0.3, 1.0))
    bands = laminae(rng, position, (1.5 * grain, uniform(rng, 6, 20) * grain), uniform(rng, 0.4, 1.0))
    shade(planes, 1 + bands * uniform(rng, 0.015, 0.08))
    shade(planes, 1 + white(rng, hw) * uniform(rng, 0.003, 0.014))
    relief = smooth(rng, hw, (10, 30)) * 0.3
    if chance(rng, 0.7):
        splits = cracks(rng, position, uniform(rng, 6, 45) * grain, uniform(rng, 1, 2.2))
        shade(planes, 1 - splits * uniform(rng, 0.35, 0.8))
        relief -= splits
    if chance(rng, 0.35):
        _conchoidal(rng, planes, relief)
    if chance(rng, 0.4):
        shade(planes, 1 + saw_marks(rng, hw) * uniform(rng, 0.01, 0.035))
    if chance(rng, 0.25):
        for stamp in scatter(rng, hw, int(hw[0] * hw[1] / 6000) + 1, (0.8, 1.2 * grain), (1, 2.5), 0.1):
            tint(planes[:, *stamp.window], (0.72, 0.62, 0.36), ramp(stamp.distance(), 1.0, 0.6) * 0.8)
    return Surface(planes, relief)


def conglomerate(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Rounded clasts of many rocks and sizes in a sandy or muddy matrix."""
    matrix = pick(rng, MUDS if chance(rng, 0.25) else SANDS)
    planes = mottled(rng, hw, scaled(matrix, 0.85), 0.05, 60)
    grains = sand_grains(rng, hw, grain * 0.8, coarse=True)
    shade(planes, 1 + grains * 0.1)
    relief = grains * 0.2
    family = [pick(rng, CLASTS) for _ in range(int(rng.integers(4, 10)))]
    if chance(rng, 0.3):
        family = [mixed(colour, matrix, 0.5) for colour in family]
    largest = uniform(rng, 14, 34) * grain
    flatness = uniform(rng, 1.0, 1.8)
    dip = uniform(rng, -0.3, 0.3)
    for size, packing in ((largest * 0.22, 0.75), (largest * 0.5, 0.8), (largest, uniform(rng, 0.55, 0.95))):
        _clasts(rng, planes, relief, family, size, flatness, dip, packing)
    return Surface(planes, relief)


def sand_grains(rng: Rng, hw: tuple[int, int], size: float, coarse: bool) -> F32:
    """The sparkle of sand: float32 (H, W), mean about 0, deviation about 1."""
    if not coarse:
        return white(rng, hw) * 0.5 + smooth(rng, hw, (max(1.2, size * 0.6),) * 2) * 0.85
    y, x = rows_columns(hw)
    spacing = max(2.0, size * 1.3)
    tiling = cells(rng, y, x, (spacing, spacing))
    tone = np.take(rng.random(tiling.total, dtype=np.float32) * 3 - 1.5, tiling.owner)
    return tone * ramp(tiling.border, 0, 1.2) + white(rng, hw) * 0.25


def saw_marks(rng: Rng, hw: tuple[int, int]) -> F32:
    """Faint parallel scratches left by the saw, straight or bowed: float32 (H, W), mean 0."""
    y, x = rows_columns(hw)
    bow = uniform(rng, -0.0008, 0.0008)
    across = y + x * uniform(rng, -1.2, 1.2) + (x - hw[1] / 2) * (x - hw[1] / 2) * bow
    fine = np.repeat(white(rng, (1, 4096)), 2, axis=1)[0]
    marks: F32 = np.take(fine, across.astype(np.int32) & 4095)
    worn: F32 = np.clip(smooth(rng, hw, (150, 150)) + 0.3, 0, 2)
    return marks * worn


def _structure(rng: Rng, position: F32, grain: float) -> F32:
    kind = int(rng.integers(4))
    if kind == 0:
        return laminae(rng, position, (1.0 * grain, uniform(rng, 3, 9) * grain), uniform(rng, 0.3, 0.9))
    if kind == 1:
        return cross_laminae(rng, position, (12 * grain, 60 * grain), (0.8 * grain, 3 * grain))
    if kind == 2:
        return cross_laminae(rng, position, (4 * grain, 10 * grain), (0.7 * grain, 1.8 * grain))
    curled = position + smooth(rng, position.shape, (30, 45)) * uniform(rng, 4, 12)
    return laminae(rng, curled, (1.0 * grain, 5 * grain), 0.6)


def _cement_spots(rng: Rng, planes: F32, grain: float) -> None:
    """Pale spots of cement with ragged rims."""
    hw = planes.shape[1:]
    ragged = smooth(rng, hw, (2.2, 2.2)) * 0.16 + smooth(rng, hw, (9, 9)) * 0.16
    amount = np.zeros(hw, np.float32)
    count = max(1, int(hw[0] * hw[1] / uniform(rng, 6000, 40000)))
    for stamp in scatter(rng, hw, count, (1.0 * grain, uniform(rng, 3, 9) * grain), (1, 1.3), margin=1.6):
        inside = ramp(stamp.distance() + ragged[stamp.window], 1.05, 0.8)
        amount[stamp.window] = np.maximum(amount[stamp.window], inside)
    pale = mixed((0.93, 0.9, 0.82), RUST, 0.25 if chance(rng, 0.3) else 0.0)
    tint(planes, pale, amount * uniform(rng, 0.45, 0.9))


def _iron_bands(rng: Rng, planes: F32, position: F32) -> None:
    """Bands of rust that cut across the bedding."""
    wander = fractal(rng, position.shape, (140, 160), 3)
    rings = sine((position + wander * 70) * (1 / uniform(rng, 25, 90)))
    amount = ramp(rings, 0.0, 0.95) * ramp(fractal(rng, position.shape, (90, 120), 2), -0.8, 0.6)
    tint(planes, mixed(RUST, (0.78, 0.6, 0.25), uniform(rng, 0, 0.7)), amount * uniform(rng, 0.25, 0.6))


def _conchoidal(rng: Rng, planes: F32, relief: F32) -> None:
    """Shell-shaped flakes broken off the face."""
    hw = relief.shape
    for stamp in scatter(rng, hw, int(hw[0] * hw[1] / 30000) + 1, (8, 45), (1, 2.5), 0.3):
        distance = stamp.distance()
        inside = ramp(distance, 1.0, 0.9)
        relief[stamp.window] += inside * sine(distance * 2.2) * 0.5
        shade(planes[:, *stamp.window], 1 + inside * uniform(rng, -0.12, 0.12))


def _clasts(
    rng: Rng, planes: F32, relief: F32, family: list[Colour], size: float, flatness: float, dip: float, packing: float
) -> None:
    """One size of clasts, painted over what is there."""
    hw = relief.shape
    y, x = rows_columns(hw)
    bumps = max(3.0, size * 0.35)
    bent_y = y + x * dip + smooth(rng, hw, (bumps, bumps)) * (size * 0.05)
    bent_x = x + smooth(rng, hw, (bumps, bumps)) * (size * 0.05)
    tiling = cells(rng, bent_y, bent_x, (size, size * flatness), jitter=0.8)
    reach = (rng.random(tiling.total, dtype=np.float32) * 0.35 + 0.3) * size
    reach[rng.random(tiling.total, dtype=np.float32) > packing] = -9
    gap = np.minimum(np.take(reach, tiling.owner) - tiling.nearest, tiling.border * 0.6 - 0.6)
    inside = ramp(gap, 0.0, 1.3)
    which = rng.integers(len(family), size=tiling.total).astype(np.int32)
    tint_each(planes, family, np.take(which, tiling.owner), inside)
    tone = np.take(rng.random(tiling.total, dtype=np.float32) - 0.5, tiling.owner) * 0.3
    inner = fractal(rng, hw, (max(2.0, size * 0.12), max(2.0, size * 0.3)), 3) * 0.06
    shade(planes, 1 + inside * (tone + inner))
    shade(planes, 1 - ramp(np.abs(gap), 1.6, 0.2) * 0.3)
    relief += blur(inside, max(1, round(size * 0.05))) * min(2.0, size * 0.06)
