"""Seeded noise, cells and profiles: the raw material of every texture.

The same seed has to give the same bytes on any machine. Transcendental functions and float sums differ in the last
digit between processors, so there are none here: only +, -, x, /, square roots and comparisons, which IEEE 754 fixes,
and a rounded table in place of the sine.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

# float32 always; NumPy's stubs take float32 times a Python number for float64, so the type is told loosely.
F32 = npt.NDArray[np.floating[Any]]
I32 = npt.NDArray[np.int32]
Rng = np.random.Generator

_TURN = 4096
_SINE: F32 = np.round(np.sin(np.arange(_TURN) * (2 * np.pi / _TURN)), 5).astype(np.float32)
_UNIT_GAIN_1D = 2.5
_UNIT_GAIN_2D = 3.6


class Cells(NamedTuple):
    """A Voronoi tessellation, pixel by pixel.

    Attributes:
        nearest: float32 (H, W), distance to the nearest seed point, pixels.
        border: float32 (H, W), how much further the second nearest is, pixels; 0 on the border between two cells.
        owner: int32 (H, W), which cell, 0 ≤ owner < total.
        total: how many cells there may be.
    """

    nearest: F32
    border: F32
    owner: I32
    total: int


def generator(seed: int, *purpose: int) -> Rng:
    """Return the generator of one photo; other `purpose` numbers give independent ones."""
    return np.random.Generator(np.random.PCG64([seed, *purpose]))


def uniform(rng: Rng, low: float, high: float) -> float:
    """Return one number in [low, high)."""
    return low + (high - low) * float(rng.random())


def chance(rng: Rng, probability: float) -> bool:
    """Return True as often as `probability` says."""
    return float(rng.random()) < probability


def sine(turns: F32) -> F32:
    """Return the sine of whole turns (1.0 is a full circle), to five digits."""
    steps = np.floor(turns * _TURN).astype(np.int32) & (_TURN - 1)
    values: F32 = np.take(_SINE, steps)
    return values


def ramp(values: F32, low: float, high: float) -> F32:
    """Rise smoothly from 0 where `values` are at `low` to 1 where they are at `high` (which may be the lower)."""
    t: F32 = np.clip((values - low) * (1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def rows_columns(hw: tuple[int, int]) -> tuple[F32, F32]:
    """Return the row numbers (H, 1) and column numbers (1, W) of a picture as float32."""
    return np.arange(hw[0], dtype=np.float32)[:, None], np.arange(hw[1], dtype=np.float32)[None, :]


def white(rng: Rng, hw: tuple[int, int]) -> F32:
    """Independent noise, one value a pixel: mean 0, standard deviation 1, uniform."""
    return (rng.random(hw, dtype=np.float32) - 0.5) * 3.4641


def smooth_line(rng: Rng, length: int, scale: float) -> F32:
    """Noise along a line: float32 (length,), mean 0, standard deviation about 1, features of about `scale` pixels."""
    knots = rng.random(int(length / scale) + 5, dtype=np.float32) * 2 - 1
    return _spline(knots, length, scale, float(rng.random())) * _UNIT_GAIN_1D


def smooth(rng: Rng, hw: tuple[int, int], scale_yx: tuple[float, float]) -> F32:
    """Noise over a picture: float32 (H, W), mean 0, standard deviation about 1, features of about `scale_yx` pixels."""
    height, width = hw
    grid_hw = (int(height / scale_yx[0]) + 5, int(width / scale_yx[1]) + 5)
    grid = rng.random(grid_hw, dtype=np.float32) * 2 - 1
    wide = _spline(np.ascontiguousarray(grid.T), width, scale_yx[1], float(rng.random())).T
    return _spline(np.ascontiguousarray(wide), height, scale_yx[0], float(rng.random())) * _UNIT_GAIN_2D


def seamless(rng: Rng, size: int, scale: int) -> F32:
    """Square noise whose opposite edges fit: float32 (size, size), deviation about 1; `scale` divides `size`."""
    knots = np.pad(rng.random((size // scale,) * 2, dtype=np.float32) * 2 - 1, (0, 5), "wrap")
    wide = _spline(np.ascontiguousarray(knots.T), size, scale, 0.0).T
    return _spline(np.ascontiguousarray(wide), size, scale, 0.0) * _UNIT_GAIN_2D


def fractal(rng: Rng, hw: tuple[int, int], scale_yx: tuple[float, float], octaves: int = 3, gain: float = 0.5) -> F32:
    """Sum of `octaves` noises, each half as wide and `gain` times as strong as the one before."""
    total = np.zeros(hw, np.float32)
    strength, power = 1.0, 0.0
    for octave in range(octaves):
        scale = (max(scale_yx[0] / 2**octave, 1.0), max(scale_yx[1] / 2**octave, 1.0))
        total += smooth(rng, hw, scale) * strength
        power += strength * strength
        strength *= gain
    total /= np.sqrt(power)
    return total


def layers(rng: Rng, length: int, thickness: tuple[float, float]) -> F32:
    """A profile of layers: float32 (length,), a constant value of -1 to 1 in each, thicknesses between the limits."""
    values = np.empty(length, np.float32)
    at = 0
    while at < length:
        share = float(rng.random())
        size = max(1, round(thickness[0] + (thickness[1] - thickness[0]) * share * share))
        values[at : at + size] = uniform(rng, -1, 1)
        at += size
    return values


def along(profile: F32, position: F32) -> F32:
    """Look a profile up at fractional positions, linear in between, mirrored beyond its ends."""
    last = profile.shape[0] - 1
    wrapped = np.abs((np.abs(position) + last) % (2 * last) - last)
    below = np.minimum(np.floor(wrapped), last - 1)
    index = below.astype(np.int32)
    low: F32 = np.take(profile, index)
    high: F32 = np.take(profile, index + 1)
    share: F32 = wrapped - below
    return low + (high - low) * share


def lookup(plain: F32, v: F32, u: F32, pitch: float) -> F32:
    """Look a square of noise up at any places, linear between its pixels, repeating beyond its edges.

    Args:
        plain: float32 (N, N), N a power of two, such as `seamless` makes.
        v: float32 rows, in pixels.
        u: float32 columns, in pixels; broadcasts against `v`.
        pitch: how many pixels one pixel of `plain` spans.

    Returns:
        float32 of the shape of `v` and `u` together.
    """
    y, x = v / pitch, u / pitch
    whole_y, whole_x = np.floor(y), np.floor(x)
    share_y, share_x = y - whole_y, x - whole_x
    size, flat = plain.shape[0], plain.reshape(-1)
    row, below = ((whole_y.astype(np.int32) + step) & (size - 1) for step in (0, 1))
    left, right = ((whole_x.astype(np.int32) + step) & (size - 1) for step in (0, 1))
    top = np.take(flat, row * size + left) * (1 - share_x) + np.take(flat, row * size + right) * share_x
    low = np.take(flat, below * size + left) * (1 - share_x) + np.take(flat, below * size + right) * share_x
    mixed: F32 = top + (low - top) * share_y
    return mixed


def cells(rng: Rng, y: F32, x: F32, spacing_yx: tuple[float, float], jitter: float = 0.9) -> Cells:
    """Cut the plane into Voronoi cells, one for each square of a jittered grid.

    Args:
        rng: where the jitter comes from.
        y: float32 (H, W) or (H, 1), row coordinates, warped as one likes, pixels.
        x: float32 (H, W) or (1, W), column coordinates.
        spacing_yx: size of a grid square, pixels; unequal sides give elongated cells.
        jitter: 0 for a regular grid, 1 for points anywhere in their squares.

    Returns:
        Cells of (H, W); distances are in pixels of the shorter side.
    """
    v, u = np.broadcast_arrays(y / spacing_yx[0], x / spacing_yx[1])
    v, u = v - np.floor(v.min()), u - np.floor(u.min())
    rows, columns = _grid_side(float(v.max())), _grid_side(float(u.max()))
    point_v, point_u = ((rng.random(rows * columns, dtype=np.float32) - 0.5) * jitter + 0.5 for _ in range(2))
    row, column = np.floor(v), np.floor(u)
    fraction_v, fraction_u = v - row, u - column
    row_at, column_at = row.astype(np.int32), column.astype(np.int32)
    beside = [(column_at + step) & (columns - 1) for step in (-1, 0, 1)]
    first = np.full(v.shape, 9.0, np.float32)
    second = np.full(v.shape, 9.0, np.float32)
    owner = np.zeros(v.shape, np.int32)
    for step_v in (-1, 0, 1):
        above = ((row_at + step_v) & (rows - 1)) * np.int32(columns)
        for step_u in (-1, 0, 1):
            cell = above + beside[step_u + 1]
            away_v = np.take(point_v, cell) + (step_v - fraction_v)
            away_u = np.take(point_u, cell) + (step_u - fraction_u)
            distance = away_v * away_v + away_u * away_u
            closer = distance < first
            np.minimum(second, np.where(closer, first, distance), out=second)
            np.copyto(first, distance, where=closer)
            np.copyto(owner, cell, where=closer)
    unit = min(spacing_yx)
    nearest = np.sqrt(first) * unit
    return Cells(nearest, np.sqrt(second) * unit - nearest, owner, rows * columns)


def blur(picture: F32, radius: int, passes: int = 2) -> F32:
    """Box blur over the last two axes; two passes look like a Gaussian. Edges are repeated."""
    for _ in range(passes if radius > 0 else 0):
        for axis in (-2, -1):
            picture = _box(picture, radius, axis)
    return picture


def shift(picture: F32, down: int, right: int) -> F32:
    """Move a picture by whole pixels; what comes in at the edge repeats the edge."""
    height, width = picture.shape[-2:]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return picture[..., rows[:, None], columns[None, :]]


def _grid_side(span: float) -> int:
    """A power of two with room for `span` cells and their neighbours; 256 at most, then the pattern repeats."""
    side = 4
    while side < min(span + 3, 256):
        side *= 2
    return side


def _spline(knots: F32, length: int, scale: float, phase: float) -> F32:
    """Cubic B-spline through `knots` along the first axis, sampled at `length` pixels."""
    position = (np.arange(length, dtype=np.float32) / scale) + phase
    whole = np.floor(position)
    knot, t = whole.astype(np.int32), position - whole
    shape = (length,) + (1,) * (knots.ndim - 1)
    square, cube = t * t, t * t * t
    weights = (1 - 3 * t + 3 * square - cube, 3 * cube - 6 * square + 4, -3 * cube + 3 * square + 3 * t + 1, cube)
    total = np.zeros((length, *knots.shape[1:]), np.float32)
    for offset, weight in enumerate(weights):
        total += np.take(knots, knot + offset, axis=0) * (weight / 6).reshape(shape)
    return total


def _box(picture: F32, radius: int, axis: int) -> F32:
    size = picture.shape[axis]
    radius = min(radius, size - 1)
    index = np.clip(np.arange(-radius - 1, size + radius), 0, size - 1)
    sums = np.cumsum(np.take(picture, index, axis=axis), axis=axis, dtype=np.float64)
    window = 2 * radius + 1
    high = np.take(sums, np.arange(window, window + size), axis=axis)
    low = np.take(sums, np.arange(size), axis=axis)
    return ((high - low) / window).astype(np.float32)
