"""Corals that are one body: domes, tables and plates; and the stones that corals stand on.

A colony is drawn in a window of its own, lit from above and in front, and ready to be laid on the reef.
"""

import numpy as np

from facies.training.drawing.colony import BROWNS, GREENS, PURPLES, WARM, Colony, bleach, lambert
from facies.training.drawing.noise import (
    F32,
    Rng,
    blur,
    cells,
    fractal,
    lookup,
    ramp,
    rows_columns,
    seamless,
    shift,
    sine,
    smooth,
    uniform,
)
from facies.training.drawing.paint import flat, mixed, palette, pick, scaled, shade, tint


def boulder(rng: Rng, radius: float, lean: float, bleaching: float) -> Colony:
    """A massive dome, with the winding ridges of brain coral, the honeycomb of star coral, or nearly smooth.

    Args:
        rng: which one.
        radius: pixels.
        lean: 1 seen from above, 0.4 from the side.
        bleaching: 0 healthy, 1 all white, in between in patches.

    Returns:
        The colony.
    """
    v, u, distance, cover = _dome(rng, radius, lean, lobes=0.07)
    hw = distance.shape
    bulge = 1 + 0.16 * distance * distance + 0.22 * distance * distance * distance * distance
    along_v, along_u = v * bulge * radius, u * bulge * radius
    pitch = max(3.5, radius * uniform(rng, 0.05, 0.09))
    kind = int(rng.integers(3))
    if kind == 0:
        relief = _meanders(rng, along_v, along_u, pitch)
    elif kind == 1:
        tiling = cells(rng, along_v, along_u, (pitch * 1.3, pitch * 1.3), jitter=0.7)
        relief = 1 - ramp(tiling.border, 0, pitch * 0.45)
    else:
        skin = cells(rng, along_v, along_u, (pitch * 0.5, pitch * 0.5), jitter=0.8)
        relief = ramp(skin.border, 0, pitch * 0.2) * 0.7 + fractal(rng, hw, (pitch, pitch), 2) * 0.15
    lumps = fractal(rng, hw, (radius * 0.35, radius * 0.35), 3)
    base = pick(rng, BROWNS + BROWNS + GREENS + WARM[4:])
    albedo = flat(base, hw)
    tint(albedo, mixed(scaled(base, 1.5), (0.75, 0.72, 0.5), 0.25), relief * 0.55)
    tint(albedo, scaled(mixed(base, (0.2, 0.3, 0.12), 0.4), 0.55), (1 - relief) * (0.6 if kind < 2 else 0.35))
    shade(albedo, 1 + lumps * 0.08)
    bleached = bleach(rng, albedo, bleaching, -v, relief)
    light = lambert(v, u, relief * (pitch * (0.28 if kind < 2 else 0.1)) + lumps * (radius * 0.035))
    return _finish(rng, albedo, light, cover, bleached, distance, v, radius, lean)


def table(rng: Rng, radius: float, lean: float, bleaching: float) -> Colony:
    """A flat top of tiny branchlets on a hidden stalk, its rim pale. Arguments as for `boulder`."""
    flatness = 0.25 + 0.75 * lean * lean
    margin = 6
    height, width = int(2 * radius * flatness * 1.15) + int(radius * 0.2) + 2 * margin, int(2.3 * radius) + 2 * margin
    y, x = rows_columns((height, width))
    v = (y - (radius * flatness * 1.15 + margin)) / (radius * flatness)
    u = (x - (width / 2)) / radius
    lobes = smooth(rng, (height, width), (radius * 0.5 * flatness, radius * 0.5)) * 0.07
    fringe = smooth(rng, (height, width), (max(2.0, radius * 0.05 * flatness), max(2.0, radius * 0.05))) * 0.02
    distance = np.sqrt(v * v + u * u) + lobes + fringe
    cover = ramp(distance, 1.0, 1.0 - 2.5 / radius)
    thickness = 0.09 * radius * (1.2 - flatness)
    below = ramp(shift(distance, round(thickness), 0), 1.0, 0.98)
    pitch = max(3.0, radius * uniform(rng, 0.035, 0.06))
    tiling = cells(rng, v * radius, u * radius, (pitch, pitch))
    knob = np.clip(1 - (tiling.nearest / (pitch * 0.7)) ** 2, 0, 1)
    base = pick(rng, BROWNS + PURPLES + WARM + GREENS[:2])
    albedo = flat(base, (height, width))
    growth = sine(distance * uniform(rng, 2, 5) + smooth(rng, (height, width), (radius * 0.3,) * 2) * 0.15)
    shade(albedo, 0.6 + knob * 0.55 + growth * 0.06)
    rim = ramp(distance, 0.86, 0.97)
    tint(albedo, mixed(scaled(base, 1.5), (0.85, 0.8, 0.85), 0.6), rim * 0.7)
    bleached = bleach(rng, albedo, bleaching, distance, 0.5 + knob * 0.5)
    light = lambert(np.full_like(distance, -0.35), u * 0.12, knob * (pitch * 0.4))
    side = np.clip(below - cover, 0, 1)
    shade(albedo, light * (1 - side * 0.75))
    whole = np.maximum(cover, below)
    return Colony(albedo, whole, bleached * whole, (int(radius * flatness * 1.15 + margin + 0.25 * radius), width // 2))


def plates(rng: Rng, radius: float, lean: float, bleaching: float) -> Colony:
    """Thin plates in tiers, each over the one below, with growth lines and pale rims. Arguments as for `boulder`."""
    height, width = int(radius * (1.7 + 0.9 * lean)) + 12, int(radius * 2.7) + 12
    colour = np.zeros((3, height, width), np.float32)
    cover = np.zeros((height, width), np.float32)
    white = np.zeros((height, width), np.float32)
    base = pick(rng, BROWNS + PURPLES + WARM + GREENS)
    y, x = rows_columns((height, width))
    tiers = int(rng.integers(4, 9))
    for tier in range(tiers):
        rise = tier / max(1, tiers - 1)
        size = radius * (1.0 - 0.62 * rise) * uniform(rng, 0.7, 1.0)
        middle_y = height - 8 - radius * (0.55 + 0.45 * lean) - rise * radius * (0.9 - 0.35 * lean)
        middle_x = width / 2 + uniform(rng, -0.35, 0.35) * radius * (1 - 0.4 * rise)
        flatness = uniform(rng, 0.3, 0.5) + 0.4 * lean
        v, u = (y - middle_y) / (size * flatness), (x - middle_x) / size
        ruffle = smooth(rng, (height, width), (size * 0.22, size * 0.3)) * 0.11
        distance = np.sqrt(v * v + u * u) + ruffle
        here = ramp(distance, 1.0, 1.0 - 3 / size)
        shadow = ramp(distance, 1.25, 0.9)
        shade(colour, 1 - shift(shadow, max(2, int(size * 0.1)), 2) * 0.55)
        albedo = flat(scaled(base, uniform(rng, 0.85, 1.15)), (height, width))
        lines = sine(distance * uniform(rng, 3, 6))
        polyps = fractal(rng, (height, width), (max(2.5, radius * 0.025),) * 2, 2)
        shade(albedo, 1 + lines * 0.08 + polyps * 0.06)
        shade(albedo, 0.55 + ramp(distance, 0.1, 1.0) * 0.5)
        tint(albedo, mixed(scaled(base, 1.6), (0.9, 0.88, 0.85), 0.5), ramp(distance, 0.86, 0.97) * 0.75)
        pale = bleach(rng, albedo, bleaching, distance, 0.75 + lines * 0.1)
        relief = ruffle * size * 0.8 + polyps * max(0.5, radius * 0.004)
        shade(albedo, lambert(v * 0.3 - 0.3, u * 0.3, relief))
        colour += (albedo - colour) * here
        white += (pale - white) * here
        cover = np.maximum(cover, here)
    return Colony(colour, cover, white, (height - 8 - int(radius * (0.25 + 0.2 * lean)), width // 2))


def stone(rng: Rng, radius: float, lean: float) -> Colony:
    """A lump of dead reef rock, crusted with algae: what corals stand on. Never bleached, never alive."""
    v, u, distance, cover = _dome(rng, radius, lean, lobes=0.22)
    hw = distance.shape
    form = np.abs(smooth(rng, hw, (radius * 0.5,) * 2)) + np.abs(smooth(rng, hw, (radius * 0.24,) * 2)) * 0.5
    rough = fractal(rng, hw, (max(2.0, radius * 0.1),) * 2, 5, 0.72)
    height = form + rough * 0.22
    albedo = flat(pick(rng, palette("6c5e54 74685c 5e5448 7c6a68 6a6054")), hw)
    crust = fractal(rng, hw, (radius * 0.3, radius * 0.3), 4, 0.6)
    tint(albedo, pick(rng, palette("9a6a7c a07484 8a5c70")), ramp(crust, 0.3, 1.3) * 0.6)
    tint(albedo, pick(rng, palette("5c6a3a 6c7444 545c34")), ramp(crust, -0.2, -1.2) * 0.55)
    shade(albedo, 0.45 + ramp(height, -0.1, 1.7) * 0.65 + ramp(rough, 0.8, 2.4) * 0.5)
    relief = form * (radius * 0.1) + rough * max(0.8, radius * 0.012)
    light = lambert(v * 0.9, u * 0.9, relief)
    return _finish(rng, albedo, light, cover, np.zeros(hw, np.float32), distance, v, radius, lean)


def _dome(rng: Rng, radius: float, lean: float, lobes: float) -> tuple[F32, F32, F32, F32]:
    """Coordinates on a dome (v down, u right, unit radius), distance from its middle, and its cover."""
    margin = 0.12 + 2.2 * lobes
    low = 0.35 + 0.65 * lean
    up, down = int(radius * (1 + margin)), int(radius * low * (1 + margin))
    y, x = rows_columns((up + down, 2 * up))
    y, x = y - up, x - up
    hw = (up + down, 2 * up)
    bend = smooth(rng, hw, (radius * 0.7, radius * 0.7)) * lobes
    bend += smooth(rng, hw, (radius * 0.16, radius * 0.16)) * (lobes * 0.22)
    v = np.where(y < 0, y / radius, y / (radius * low)) + np.zeros_like(x)
    u = x / radius + np.zeros_like(y)
    distance = np.sqrt(v * v + u * u) + bend
    return v, u, distance, ramp(distance, 1.0, 1.0 - 2.5 / radius)


def _meanders(rng: Rng, v: F32, u: F32, pitch: float) -> F32:
    """The winding ridges of brain coral: 0 in the valleys, 1 on the ridges."""
    plain = seamless(rng, 512, 4)
    plain -= blur(plain, 4)
    middle = 64 * pitch
    return ramp(np.abs(lookup(plain, v + middle, u + middle, pitch / 4)), 0.12, 0.7)


def _finish(
    rng: Rng, albedo: F32, light: F32, cover: F32, bleached: F32, distance: F32, v: F32, radius: float, lean: float
) -> Colony:
    """Light a dome, darken its foot, and say where it stands."""
    foot = ramp(distance, 0.6, 1.05) * ramp(v, -0.2, 0.7)
    shade(albedo, light * (1 - foot * uniform(rng, 0.45, 0.7)))
    up = distance.shape[1] // 2
    return Colony(albedo, cover, bleached * cover, (up + int(radius * (0.35 + 0.65 * lean) * 0.75), up))
