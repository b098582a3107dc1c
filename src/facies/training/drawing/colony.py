"""What all corals share: their colours, how they bleach, and the light they stand in."""

from typing import NamedTuple

import numpy as np

from facies.training.drawing.noise import F32, Rng, fractal, ramp, shift
from facies.training.drawing.paint import column, palette, pick

BROWNS = palette("7a5630 8c6a3c 6a4c2c 9a7a48 5c4a30 a88850 84603c 74643c")
GREENS = palette("6c7444 5e6840 7c8454 58644c 747c5c")
PURPLES = palette("6c5474 7c6488 5a4a6c 8c6c84 74607c")
WARM = palette("b07858 a86450 c08c68 9c5c48 b88c50")
PALE = palette("f2f0ea f6f4f2 eeeae0 eef2f4 f4ece8 f0eed8")
LIGHT: tuple[float, float, float] = (-0.72, -0.28, 0.63)


class Colony(NamedTuple):
    """A lit colony.

    Attributes:
        colour: float32 (3, h, w).
        cover: float32 (h, w), 0 to 1, its shape.
        bleached: float32 (h, w), 0 healthy to 1 white.
        foot_yx: where it stands on the ground, in its window.
    """

    colour: F32
    cover: F32
    bleached: F32
    foot_yx: tuple[int, int]


def bleach(rng: Rng, albedo: F32, bleaching: float, first: F32, detail: F32) -> F32:
    """Whiten `albedo` in place, where `first` is high before elsewhere; returns how white each pixel is."""
    hw = (albedo.shape[1], albedo.shape[2])
    if bleaching <= 0:
        return np.zeros(hw, np.float32)
    if bleaching >= 1:
        amount = np.ones(hw, np.float32)
    else:
        patch = fractal(rng, hw, (hw[0] * 0.14, hw[1] * 0.14), 3) * 0.4 + first
        edge = 1.1 - 1.6 * bleaching
        amount = ramp(patch, edge - 0.06, edge + 0.06)
    pale = column(pick(rng, PALE, 0.015)) * (0.62 + detail * 0.36)
    albedo += (pale - albedo) * (amount * 0.94)
    return amount


def lambert(normal_y: F32, normal_x: F32, relief: F32) -> F32:
    """How bright a surface is, from its large form (normals) and its small one (relief, pixels)."""
    slope_y = 0.5 * (shift(relief, -1, 0) - shift(relief, 1, 0))
    slope_x = 0.5 * (shift(relief, 0, -1) - shift(relief, 0, 1))
    y, x = normal_y - slope_y, normal_x - slope_x
    z = np.sqrt(np.clip(1 - normal_y * normal_y - normal_x * normal_x, 0.03, 1))
    size = np.sqrt(y * y + x * x + z * z)
    facing = (y * LIGHT[0] + x * LIGHT[1] + z * LIGHT[2]) / size
    lit: F32 = np.clip(facing, 0, 1)
    return 0.3 + 0.95 * lit
