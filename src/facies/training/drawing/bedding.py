"""Layered rock: where each pixel lies in the pile of sediment, and the laminae that follow from it."""

import numpy as np

from facies.training.drawing.noise import (
    F32,
    Rng,
    along,
    chance,
    fractal,
    layers,
    rows_columns,
    smooth,
    smooth_line,
    uniform,
)


def depth(rng: Rng, hw: tuple[int, int], dip: float, waviness: float = 1.0) -> F32:
    """Depth below the top of the pile, pixels: float32 (H, W), bent by gentle waves of a few pixels."""
    y, x = rows_columns(hw)
    waves = smooth(rng, hw, (120, 90)) * (2.5 * waviness) + smooth(rng, hw, (30, 40)) * (0.8 * waviness)
    return y + x * dip + waves


def laminae(rng: Rng, position: F32, thickness: tuple[float, float], softness: float = 0.5) -> F32:
    """Parallel laminae over `position`: float32 (H, W), mean about 0, about -1.5 to 1.5.

    Args:
        rng: where the layers come from.
        position: float32 (H, W), depth in pixels.
        thickness: the thinnest and the thickest lamina, pixels.
        softness: 0 for sharp layers, 1 for slow swings only.
    """
    length = _length(position)
    sharp = layers(rng, length, thickness) * (1.2 * (1 - softness))
    slow = smooth_line(rng, length, max(2.0, (thickness[0] + thickness[1]) * 1.5)) * (0.7 * softness)
    fine = smooth_line(rng, length, max(1.5, thickness[0])) * 0.3
    return along(sharp + slow + fine, position - position.min())


def cross_laminae(rng: Rng, position: F32, set_height: tuple[float, float], thickness: tuple[float, float]) -> F32:
    """Cross-laminae: sets parted by surfaces along `position`, foresets slanting in each, the same way in most."""
    _, x = rows_columns(position.shape)
    length = _length(position)
    start = position - position.min()
    slope, phase = np.empty(length, np.float32), np.empty(length, np.float32)
    direction = 1.0 if chance(rng, 0.5) else -1.0
    at = 0
    while at < length:
        size = max(4, round(uniform(rng, *set_height)))
        slope[at : at + size] = direction * uniform(rng, 0.12, 0.6) * (-1 if chance(rng, 0.15) else 1)
        phase[at : at + size] = uniform(rng, 0, 5000)
        at += size
    level = np.minimum(start.astype(np.int32), length - 1)
    steepness = np.take(slope, level)
    foreset = start + x * steepness + np.take(phase, level) + smooth(rng, position.shape, (50, 50)) * 2
    profile = layers(rng, 4000, thickness) * 0.7 + smooth_line(rng, 4000, thickness[1] * 2) * 0.4
    return along(profile, foreset)


def lenses(rng: Rng, position: F32, scale_yx: tuple[float, float]) -> F32:
    """Noise stretched along the layers, for flaser, lenses and streaks: float32 (H, W), mean 0, deviation about 1."""
    width = position.shape[1]
    rows = position - position.min()
    noise = fractal(rng, (_length(position), width), scale_yx, octaves=3, gain=0.45)
    above = np.floor(rows)
    whole = above.astype(np.int32)
    columns = np.arange(width, dtype=np.int32)[None, :]
    low: F32 = noise[whole, columns]
    high: F32 = noise[whole + 1, columns]
    share: F32 = rows - above
    return low + (high - low) * share


def cracks(rng: Rng, position: F32, spacing: float, width: float = 1.2, wander: float = 3.0) -> F32:
    """Thin partings along the layers, broken here and there: float32 (H, W), 0 to 1."""
    bent = position + smooth(rng, position.shape, (14, 26)) * (wander * 0.35)
    bent += smooth(rng, position.shape, (60, 70)) * (wander * 0.65)
    length = _length(bent)
    marks = np.zeros(length, np.float32)
    at = uniform(rng, 0, spacing)
    while at < length:
        marks[int(at)] = uniform(rng, 0.35, 1.0)
        at += spacing * uniform(rng, 0.15, 2.2)
    thick = marks
    for reach in range(1, max(1, round(width))):
        thick = np.maximum(thick, np.concatenate((np.zeros(reach, np.float32), marks[:-reach])))
    present = np.clip(smooth(rng, position.shape, (25, 60)) * 1.2 + 0.55, 0, 1)
    return along(thick, bent - bent.min()) * np.asarray(present, np.float32)


def _length(position: F32) -> int:
    return int(float(position.max()) - float(position.min())) + 8
