"""Things inside carbonate rock: holes, fossils, pressure seams and veins."""

import numpy as np

from facies.training.drawing.noise import (
    F32,
    Rng,
    along,
    chance,
    fractal,
    ramp,
    rows_columns,
    smooth,
    smooth_line,
    uniform,
)
from facies.training.drawing.paint import Colour, scatter, shade, tint


def vugs(rng: Rng, planes: F32, relief: F32, grain: float, amount: float, lining: float) -> None:
    """Cut ragged holes, in place: clustered, dark inside, rimmed with crystals as far as `lining` says (0 to 1)."""
    hw = relief.shape
    ragged = smooth(rng, hw, (2.5, 2.5)) * 0.1 + smooth(rng, hw, (7, 7)) * 0.18
    clusters = fractal(rng, hw, (70, 70), 2)
    depth = np.zeros(hw, np.float32)
    count = int(hw[0] * hw[1] * amount / (uniform(rng, 170, 420) * grain))
    for stamp in scatter(rng, hw, count, (0.3 * grain, uniform(rng, 1.2, 4.5) * grain), (0.8, 2.2), margin=1.5):
        if clusters[stamp.window].flat[0] > 0:
            hole = ramp(stamp.distance() + ragged[stamp.window], 1.25, 0.3)
            depth[stamp.window] = np.maximum(depth[stamp.window], hole)
    rim = ramp(depth, 0.02, 0.2) * ramp(depth, 0.45, 0.2)
    tint(planes, (0.92, 0.89, 0.82), rim * (lining * 0.6))
    shade(planes, 1 - ramp(depth, 0.15, 0.85) * uniform(rng, 0.35, 0.75))
    relief -= ramp(depth, 0.1, 0.9) * 3.5


def fossils(rng: Rng, planes: F32, relief: F32, grain: float, density: float) -> None:
    """Strew shells (arcs), crinoid discs (rings with a dot) and crumbs, in place; pale ones and dark ones."""
    hw = relief.shape
    pale = (0.94, 0.93, 0.88) if chance(rng, 0.75) else (0.3, 0.3, 0.3)
    count = int(hw[0] * hw[1] * density / (uniform(rng, 120, 700) * grain))
    largest = uniform(rng, 1.5, 7) * grain
    for stamp in scatter(rng, hw, count, (0.4 * grain, largest), (1, 2.2), 0.6, margin=1.1):
        distance = stamp.distance()
        kind = stamp.number % 5
        form: F32
        if kind < 2:
            form = ramp(np.abs(distance - 0.8), 0.22, 0.08) * ramp(stamp.y, 0.1, -0.15)
        elif kind == 2:
            form = np.maximum(ramp(distance, 1.0, 0.85) * 0.75, ramp(distance, 0.35, 0.2))
            form *= 1 - ramp(np.abs(distance - 0.55), 0.14, 0.05) * 0.6
        else:
            form = ramp(distance, 1.0, 0.7)
        strength = uniform(rng, 0.25, 0.7)
        tint(planes[:, *stamp.window], pale, form * strength)
        relief[stamp.window] += form * 0.4


def stylolites(rng: Rng, planes: F32, hw: tuple[int, int], grain: float, spacing: float) -> None:
    """Draw dark saw-toothed pressure seams across the core, in place."""
    y, x = rows_columns(hw)
    at = uniform(rng, 0, spacing)
    while at < hw[0]:
        teeth = smooth_line(rng, hw[1], 2.0 * grain) * (uniform(rng, 0.4, 1.6) * grain)
        teeth += smooth_line(rng, hw[1], 12 * grain) * (1.5 * grain)
        line = at + x[0] * uniform(rng, -0.08, 0.08) + teeth
        steep = np.abs(np.diff(line, append=line[-1:]))
        rows = slice(max(0, int(line.min()) - 4), max(0, min(hw[0], int(line.max()) + 5)))
        seam = ramp(np.abs(y[rows] - line[None, :]), 1.0 + steep.max() * 0.25, 0.3)
        shade(planes[:, rows], 1 - seam * uniform(rng, 0.35, 0.75))
        at += spacing * uniform(rng, 0.2, 2.0)


def veins(rng: Rng, planes: F32, hw: tuple[int, int], colour: Colour, count: int, wiggle: float) -> None:
    """Draw veins of a mineral at any angle, pinching and swelling, in place."""
    y, x = rows_columns(hw)
    for _ in range(count):
        wander = smooth_line(rng, max(hw), 50) * wiggle + smooth_line(rng, max(hw), 7) * (wiggle * 0.15)
        steep = chance(rng, 0.5)
        if steep:
            line = (uniform(rng, -0.2, 1.2) * hw[1]) + (y - hw[0] / 2) * uniform(rng, -0.7, 0.7)
            away = np.abs(x - line - wander[: hw[0], None])
        else:
            line = (uniform(rng, 0, 1) * hw[0]) + (x - hw[1] / 2) * uniform(rng, -0.9, 0.9)
            away = np.abs(y - line - wander[None, : hw[1]])
        swell = np.abs(smooth_line(rng, 512, 40)) * uniform(rng, 0.4, 1.8) + 0.5
        width = along(swell, np.broadcast_to(x if not steep else y, hw))
        tint(planes, colour, np.clip(width + 0.6 - away, 0, 1) * uniform(rng, 0.5, 0.95))
