"""What lies under and around a core: cardboard, wood, foam, plastic, metal or darkness."""

from collections.abc import Callable

import numpy as np

from facies.training.drawing.noise import (
    F32,
    Rng,
    along,
    blur,
    cells,
    chance,
    fractal,
    layers,
    ramp,
    rows_columns,
    sine,
    smooth,
    smooth_line,
    uniform,
    white,
)
from facies.training.drawing.paint import flat, mottled, palette, pick, shade, sunlit, tint

FOAMS = palette("e8e4da dcd6c8 f0eee8 d0c8b8 e4e6e8")
CARDBOARDS = palette("a8763e 946430 b4844c 86603a 7a5028")
WOODS = palette("b4884e a07440 c49a62 8a6238 d0ac78 7c5c3c")
PLASTICS = palette("2c2e32 484c52 6c7076 30405c 8c9094 1c1c1e 50483c")


def box(rng: Rng, hw: tuple[int, int]) -> F32:
    """Draw an empty row of a core box: float32 (3, H, W)."""
    kinds: tuple[Callable[[Rng, tuple[int, int]], F32], ...] = (foam, cardboard, wood, plastic, metal, darkness)
    share = float(rng.random())
    kind = int(np.searchsorted((0.22, 0.5, 0.74, 0.84, 0.89), share))
    planes = kinds[kind](rng, hw)
    if kind in (1, 2, 3) or chance(rng, 0.4):
        _walls(rng, planes)
    if chance(rng, 0.5):
        _litter(rng, planes)
    return planes


def foam(rng: Rng, hw: tuple[int, int]) -> F32:
    """White polystyrene or foam, dented, a little dirty."""
    planes = mottled(rng, hw, pick(rng, FOAMS), 0.03, 60)
    dents = fractal(rng, hw, (30, 30), 4, 0.6)
    shade(planes, 1 + dents * uniform(rng, 0.01, 0.035) + white(rng, hw) * 0.01)
    dirt = ramp(fractal(rng, hw, (50, 40), 4, 0.6), 1.3, 2.6)
    tint(planes, (0.35, 0.28, 0.2), dirt * uniform(rng, 0, 0.4))
    return planes


def polystyrene(rng: Rng, hw: tuple[int, int]) -> F32:
    """White foam in raking light: one colour, dents, the grain of its beads; pits and stains here and there."""
    planes = mottled(rng, hw, pick(rng, FOAMS), 0.008, 120)
    bead = uniform(rng, 4, 11)
    dents = fractal(rng, hw, (uniform(rng, 25, 70),) * 2, 2) * uniform(rng, 0.5, 2.5)
    across = uniform(rng, -1, 1)
    light_yx = (uniform(rng, 0.4, 1) * (1 if chance(rng, 0.5) else -1), across)
    shade(planes, sunlit(dents + smooth(rng, hw, (bead, bead)) * uniform(rng, 0.1, 0.7), light_yx, 0.12))
    shade(planes, 1 + white(rng, hw) * uniform(rng, 0.002, 0.015))
    if chance(rng, 0.4):
        beads = cells(rng, *rows_columns(hw), (bead, bead))
        shade(planes, 1 - ramp(beads.border, 1.5, 0) * uniform(rng, 0.01, 0.06))
    near = ramp(smooth(rng, hw, (90, 50)), 0.2, 1.4)
    tint(planes, (0.3, 0.24, 0.17), ramp(smooth(rng, hw, (2.5, 2.5)), 1.6, 2.4) * near * uniform(rng, 0, 0.8))
    tint(planes, (0.55, 0.4, 0.24), ramp(fractal(rng, hw, (60, 18), 4, 0.7), 1.2, 3) * uniform(rng, 0, 0.5))
    return planes


def cardboard(rng: Rng, hw: tuple[int, int]) -> F32:
    """Brown card; the flutes show faintly."""
    planes = mottled(rng, hw, pick(rng, CARDBOARDS), 0.05, 90)
    y, x = rows_columns(hw)
    across = (y if chance(rng, 0.5) else x) / uniform(rng, 7, 16)
    flutes = sine(across) * uniform(rng, 0.0, 0.03)
    fibre = smooth(rng, hw, (1.5, 6)) * 0.6 + white(rng, hw) * 0.4
    shade(planes, 1 + flutes)
    shade(planes, 1 + fibre * 0.03)
    return planes


def wood(rng: Rng, hw: tuple[int, int]) -> F32:
    """Planks along the core: grain, rings, knots, stains."""
    y, x = rows_columns(hw)
    planes = mottled(rng, hw, pick(rng, WOODS), 0.05, 120)
    ring = x + smooth(rng, hw, (420, 60)) * 22 + smooth(rng, hw, (90, 30)) * 3
    for _ in range(int(rng.integers(0, 3))):
        away = (y - uniform(rng, 0, hw[0])) ** 2 / 9 + (x - uniform(rng, 0, hw[1])) ** 2
        ring += ramp(np.sqrt(away), 45, 0) * 50
    profile = layers(rng, 3000, (2, 14)) * 0.4 + smooth_line(rng, 3000, 9) * 0.5
    shade(planes, 1 + along(profile, ring + 200) * uniform(rng, 0.06, 0.16))
    fibre = smooth(rng, hw, (30, 1.3))
    shade(planes, 1 + fibre * 0.035 + white(rng, hw) * 0.015)
    stain = ramp(fractal(rng, hw, (160, 90), 3), 0.7, 2.0)
    tint(planes, (0.25, 0.2, 0.16), stain * uniform(rng, 0, 0.5))
    return planes


def plastic(rng: Rng, hw: tuple[int, int]) -> F32:
    """A moulded tray: smooth, ribbed across, with a sheen."""
    planes = mottled(rng, hw, pick(rng, PLASTICS), 0.02, 150)
    y, x = rows_columns(hw)
    sheen = ramp(np.abs(x / hw[1] - uniform(rng, 0, 1)), 0.25, 0.0)
    ribs = ramp(sine(y / uniform(rng, 80, 400)), 0.96, 1.0)
    shade(planes, 1 + sheen * uniform(rng, 0, 0.4) + ribs * 0.15)
    dust = ramp(fractal(rng, hw, (40, 40), 4, 0.7), 0.4, 2.4)
    tint(planes, (0.55, 0.52, 0.46), dust * uniform(rng, 0.1, 0.5))
    return planes


def metal(rng: Rng, hw: tuple[int, int]) -> F32:
    """A galvanised trough."""
    planes = mottled(rng, hw, pick(rng, palette("9ca0a4 848a90 b0b2b4")), 0.06, 25)
    _, x = rows_columns(hw)
    shade(planes, 0.7 + ramp(np.abs(x / hw[1] - 0.5), 0.5, 0.1) * 0.45)
    shade(planes, 1 + smooth(rng, hw, (40, 2)) * 0.02)
    return planes


def darkness(rng: Rng, hw: tuple[int, int]) -> F32:
    """Next to nothing to see."""
    planes = flat(pick(rng, palette("0c0b0a 181512 221c14 101418 3a3420"), 0.01), hw)
    shade(planes, 1 + smooth(rng, hw, (120, 40)) * 0.2 + white(rng, hw) * 0.08)
    return planes


def _walls(rng: Rng, planes: F32) -> None:
    """Side walls along the core, lighter or darker than the floor, with a shadow at their foot."""
    hw = (planes.shape[1], planes.shape[2])
    _, x = rows_columns(hw)
    wander = smooth_line(rng, hw[0], 700)[:, None] * 3
    for left in (True, False):
        if chance(rng, 0.3):
            continue
        width = uniform(rng, 4, hw[1] * 0.1)
        away = (x if left else hw[1] - 1 - x) + wander
        wall = ramp(away, width, width - 1.5)
        foot = ramp(away, width + uniform(rng, 5, 26), width) * (1 - wall)
        shade(planes, (1 - foot * uniform(rng, 0.3, 0.8)) * (1 + wall * uniform(rng, -0.45, 0.35)))
        if chance(rng, 0.4):
            y, _ = rows_columns(hw)
            teeth = ramp(sine(y / uniform(rng, 8, 14)), -0.2, 0.3) * wall
            shade(planes, 1 - np.asarray(teeth, np.float32) * uniform(rng, 0.2, 0.5))


def _litter(rng: Rng, planes: F32) -> None:
    """Crumbs and dust of rock."""
    hw = (planes.shape[1], planes.shape[2])
    near = ramp(smooth(rng, hw, (150, 60)), 0.2, 1.5)
    crumbs = ramp(smooth(rng, hw, (2.2, 2.2)), 1.7, 2.1) * near
    shade(planes, 1 - blur(crumbs, 1) * 0.5)
    tint(planes, pick(rng, palette("6c665c 8a8274 4a4640")), crumbs * 0.9)
