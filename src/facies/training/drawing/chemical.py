"""Rocks that grew or were altered: dolomite, limestone, anhydrite, marl rock and crust."""

import numpy as np

from facies.training.drawing.bedding import depth, laminae
from facies.training.drawing.fabric import fossils, stylolites, veins, vugs
from facies.training.drawing.noise import (
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
from facies.training.drawing.paint import Surface, mixed, mottled, palette, pick, scaled, scatter, shade, tint

DOLOMITES = palette("b09c80 a8927a c2b298 9a8e80 bca48c 8e8474 a89888 c8b8a0 98826a b49a90")
LIMESTONES = palette("c8c6be b4b2aa dcd8cc a0a09c 8c8c8a cfc8b4 a89e8c 968c7c bfb8a8 7e7c7a 9c907c 8a8070")
ANHYDRITES = palette("dfe4ea c8d2de eceef0 b8c6d6 d4d6dc a8b4c4 e6e4e0 c4c8d0")
MARLS = palette("a8ac98 98a08e b4b8a8 8c9688 a0a49c b8b49c 8a9490 9ea890 c0c2b4 a29a86")
CRUSTS = palette("6e4432 80553c 563a2e 94664a 664434 8a6a4c 4a342c a07850 6c4a3c 7c5a48")


def dolomite(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Tan, sugary, mottled, with vugs lined by crystals; sometimes brecciated or faintly laminated."""
    colour = pick(rng, DOLOMITES)
    planes = mottled(rng, hw, colour, uniform(rng, 0.03, 0.08), uniform(rng, 25, 90))
    if chance(rng, 0.4):
        wavy = depth(rng, hw, uniform(rng, -0.2, 0.2), 3.0) + smooth(rng, hw, (14, 18)) * 3
        shade(planes, 1 + laminae(rng, wavy, (grain, 5 * grain), 0.7) * uniform(rng, 0.02, 0.07))
    if chance(rng, 0.45):
        blotch = ramp(fractal(rng, hw, (22 * grain, 26 * grain), 4, 0.6), -0.1, 0.25)
        tint(planes, mixed(colour, pick(rng, DOLOMITES), 0.8), blotch * uniform(rng, 0.4, 0.9))
    sugar = smooth(rng, hw, (1.3, 1.3)) * 0.75 + white(rng, hw) * 0.4
    shade(planes, 1 + sugar * uniform(rng, 0.02, 0.05))
    tint(planes, (0.95, 0.92, 0.86), ramp(sugar, 1.5, 2.2) * uniform(rng, 0.2, 0.5))
    relief = sugar * 0.18
    vugs(rng, planes, relief, grain, amount=uniform(rng, 0.35, 1.0), lining=uniform(rng, 0.5, 1.0))
    if chance(rng, 0.3):
        veins(rng, planes, hw, (0.93, 0.9, 0.86), count=int(rng.integers(1, 5)), wiggle=14)
    return Surface(planes, relief)


def limestone(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Pale and dense: shells and crinoids, stylolites, white veins; now and then holes where shells were."""
    planes = mottled(rng, hw, pick(rng, LIMESTONES), uniform(rng, 0.02, 0.06), uniform(rng, 40, 140))
    shade(planes, 1 + white(rng, hw) * uniform(rng, 0.004, 0.018))
    relief = smooth(rng, hw, (4, 4)) * 0.15
    if chance(rng, 0.3):
        position = depth(rng, hw, uniform(rng, -0.15, 0.15), 2.0)
        shade(planes, 1 + laminae(rng, position, (2 * grain, 14 * grain), 0.8) * uniform(rng, 0.02, 0.05))
    if chance(rng, 0.75):
        fossils(rng, planes, relief, grain, density=uniform(rng, 0.15, 1.0))
    if chance(rng, 0.65):
        stylolites(rng, planes, hw, grain, spacing=uniform(rng, 90, 320))
    if chance(rng, 0.55):
        veins(rng, planes, hw, (0.96, 0.95, 0.93), count=int(rng.integers(1, 7)), wiggle=5)
    if chance(rng, 0.45):
        vugs(rng, planes, relief, grain, amount=uniform(rng, 0.15, 0.8), lining=uniform(rng, 0.0, 0.3))
    return Surface(planes, relief)


def anhydrite(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """White to pale blue nodules in a dark net (chicken wire), or crumpled layers of them."""
    y, x = rows_columns(hw)
    size = uniform(rng, 6, 26) * grain
    warp = size * uniform(rng, 0.15, 0.4)
    bent_y = y + smooth(rng, hw, (size * 0.7,) * 2) * warp + smooth(rng, hw, (4, 4)) * 0.8
    bent_x = x + smooth(rng, hw, (size * 0.7,) * 2) * warp + smooth(rng, hw, (4, 4)) * 0.8
    tiling = cells(rng, bent_y, bent_x, (size, size * uniform(rng, 1.0, 2.2)))
    planes = mottled(rng, hw, pick(rng, ANHYDRITES), 0.03, 40)
    tone = np.take(rng.random(tiling.total, dtype=np.float32) - 0.5, tiling.owner)
    shade(planes, 1 + tone * uniform(rng, 0.04, 0.14))
    felt = fractal(rng, hw, (3, 7), 3, 0.7)
    shade(planes, 1 + felt * uniform(rng, 0.015, 0.04))
    present = ramp(fractal(rng, hw, (80, 110), 2), uniform(rng, -2.4, 0.2), uniform(rng, 0.4, 1.2))
    net = ramp(tiling.border, uniform(rng, 0.8, 2.2) * grain, 0.2) * present
    tint(planes, pick(rng, palette("6a6258 4e4c4a 8a7c68 5a646c 7c6c5c")), net * uniform(rng, 0.5, 0.9))
    if chance(rng, 0.35):
        folded = depth(rng, hw, 0.0, 2.0) + smooth(rng, hw, (28, 22)) * uniform(rng, 6, 14)
        bands = ramp(laminae(rng, folded, (3 * grain, 14 * grain), 0.6), 0.2, 0.9)
        tint(planes, pick(rng, palette("8c8478 9aa0a8 7a746c")), bands * uniform(rng, 0.2, 0.6))
    relief = blur(ramp(tiling.border, 0, size * 0.3), 2) * 1.6 + felt * 0.1
    return Surface(planes, relief)


def marl_rock(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Greenish grey, dull and mottled: soft bands of more and less clay, small dark burrows, shell crumbs."""
    colour = pick(rng, MARLS)
    planes = mottled(rng, hw, colour, uniform(rng, 0.03, 0.06), uniform(rng, 25, 70))
    position = depth(rng, hw, uniform(rng, -0.12, 0.12), 2.5)
    shade(planes, 1 + laminae(rng, position, (12 * grain, 50 * grain), 1.0) * uniform(rng, 0.03, 0.1))
    clay = ramp(fractal(rng, hw, (9 * grain, 14 * grain), 3, 0.6), uniform(rng, -0.4, 0.2), uniform(rng, 0.6, 1.2))
    tint(planes, scaled(mixed(colour, (0.36, 0.42, 0.36), 0.6), 0.85), clay * uniform(rng, 0.25, 0.6))
    shade(planes, 1 + smooth(rng, hw, (2.5, 2.5)) * 0.012 + white(rng, hw) * 0.012)
    relief = fractal(rng, hw, (14, 22), 3) * 0.5
    dark, pale = scaled(mixed(colour, (0.3, 0.34, 0.3), 0.5), 0.75), mixed(colour, (0.9, 0.9, 0.82), 0.6)
    count = int(hw[0] * hw[1] / (uniform(rng, 90, 500) * grain * grain))
    for stamp in scatter(rng, hw, count, (0.5 * grain, 1.7 * grain), (1, 5), 0.25, margin=1.2):
        inside = ramp(stamp.distance(), 1.1, 0.7)
        tint(planes[:, *stamp.window], dark if stamp.number % 4 else pale, inside * 0.55)
    return Surface(planes, relief)


def crust(rng: Rng, hw: tuple[int, int], grain: float) -> Surface:
    """Weathered and iron-rich: rust, ochre and black in rings around pores, earthy and rough."""
    colour = pick(rng, CRUSTS)
    planes = mottled(rng, hw, colour, uniform(rng, 0.08, 0.16), uniform(rng, 20, 60))
    height = fractal(rng, hw, (uniform(rng, 14, 34) * grain, uniform(rng, 16, 44) * grain), 5, 0.6)
    ochre = ramp(fractal(rng, hw, (16 * grain, 20 * grain), 4, 0.6), 0.2, 1.0)
    tint(planes, pick(rng, palette("b08a54 a87c50 c4a068 9c7048")), ochre * uniform(rng, 0.4, 0.9))
    rings = sine(height * uniform(rng, 0.8, 2.4) + smooth(rng, hw, (40, 40)) * 0.15)
    shade(planes, 1 + rings * uniform(rng, 0.06, 0.22))
    black = ramp(fractal(rng, hw, (8 * grain, 9 * grain), 4, 0.65), 0.9, 1.5)
    tint(planes, pick(rng, palette("2a2220 38302c 241c1c")), black * uniform(rng, 0.4, 0.9))
    rough = fractal(rng, hw, (4, 4), 3, 0.8)
    shade(planes, 1 + rough * uniform(rng, 0.04, 0.09))
    relief = height * 2.0 + rough * 0.5
    if chance(rng, 0.7):
        vugs(rng, planes, relief, grain, amount=uniform(rng, 0.4, 1.0), lining=0.0)
    if chance(rng, 0.3):
        pale = ramp(fractal(rng, hw, (12 * grain, 14 * grain), 3), 0.9, 1.4)
        tint(planes, pick(rng, palette("d8c8a8 c8b090 b8b0a0")), pale * 0.7)
    return Surface(planes, relief)
