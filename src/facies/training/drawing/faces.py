"""From rock to core: beds painted, pieces shifted, the round or sawn face lit, wetted, dusted and written on."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from facies.training.drawing.clastic import saw_marks
from facies.training.drawing.lettering import depth_text, handwriting
from facies.training.drawing.noise import (
    F32,
    Rng,
    blur,
    chance,
    fractal,
    ramp,
    rows_columns,
    smooth,
    smooth_line,
    uniform,
)
from facies.training.drawing.paint import Surface, column, palette, pick, shade, sunlit, tint
from facies.training.drawing.pieces import Labels, Shape
from facies.training.drawing.rocks import ROCK_TYPES

_OVERLAP = 12
CHALK = palette("e8e040 f4f4f0 d03028 2840a0 181818 e87030")


def paint_beds(rng: Rng, labels: Labels, grain: float) -> Surface:
    """Draw each bed of a label map in its rock, blending sharply or softly into its neighbours.

    Args:
        rng: where the rocks come from.
        labels: uint8 (H, W), 0 to 11; where it is 0 nothing is drawn.
        grain: size of a millimetre, pixels.

    Returns:
        The surface; colour is 0 where there is no rock.
    """
    height, width = labels.shape
    colour = np.zeros((3, height, width), np.float32)
    relief = np.zeros((height, width), np.float32)
    total = np.full((height, width), 1e-6, np.float32)
    for kind, rows in _beds(labels):
        rows = slice(max(0, rows.start - _OVERLAP), min(height, rows.stop + _OVERLAP))
        softness = int(rng.integers(1, 7)) if chance(rng, 0.3) else 0
        here = (labels[rows] == kind).astype(np.float32)
        share = blur(here, softness) if softness else here
        surface = ROCK_TYPES[kind](rng, (rows.stop - rows.start, width), grain * uniform(rng, 0.85, 1.15))
        colour[:, rows] += surface.colour * share
        relief[rows] += surface.relief * share
        total[rows] += share
    colour /= total
    return Surface(colour, relief / total)


def shift_pieces(rng: Rng, surface: Surface, labels: Labels, shape: Shape) -> tuple[Surface, Labels]:
    """Turn and shift the rock of each piece a little, as if it had been put back in the box by hand.

    Args:
        rng: which way.
        surface: the rock, wider than the core by as much as a piece may be shifted.
        labels: uint8, its label map, of the same size.
        shape: the pieces.

    Returns:
        Rock and label map of the shape's size.
    """
    height, width = shape.piece.shape
    spare = (labels.shape[1] - width) // 2
    count = int(shape.piece.max()) + 1
    flipped = rng.random(count) < 0.2
    right = rng.integers(-spare, spare + 1, size=count, dtype=np.int32)
    fragment = np.arange(count) >= shape.first_fragment
    down = np.where(fragment, rng.integers(-25, 26, size=count), rng.integers(-4, 5, size=count)).astype(np.int32)
    right[0] = down[0] = 0
    flipped[0] = False
    rows = np.arange(height, dtype=np.int32)[:, None] + np.take(down, shape.piece)
    columns = np.arange(width, dtype=np.int32)[None, :]
    columns = np.where(np.take(flipped, shape.piece), width - 1 - columns, columns) + np.take(right, shape.piece)
    place = np.clip(rows, 0, height - 1) * labels.shape[1] + columns + spare
    colour = np.stack([np.take(plane.reshape(-1), place) for plane in surface.colour])
    spread = np.where(fragment, np.float32(0.5), np.float32(0.14))
    tone = 1 + (rng.random(count, dtype=np.float32) - 0.5) * spread
    shade(colour, np.take(tone, shape.piece))
    return Surface(colour, np.take(surface.relief.reshape(-1), place)), np.take(labels.reshape(-1), place)


def light_core(rng: Rng, surface: Surface, shape: Shape, light_yx: tuple[float, float]) -> F32:
    """Light the face of the core, whole or slabbed, wet or dry: float32 (3, H, W)."""
    planes = surface.colour.copy()
    whole = chance(rng, 0.5)
    rim = ramp(shape.inside, -0.5, uniform(rng, 2.0, 5.0)) * uniform(rng, 0.5, 2.5)
    shade(planes, sunlit(surface.relief + rim, light_yx, uniform(rng, 0.1, 0.3)))
    worn = fractal(rng, shape.inside.shape, (uniform(rng, 30, 80), uniform(rng, 30, 80)), 4, 0.6)
    shade(planes, 1 + worn * uniform(rng, 0.01, 0.06))
    if chance(rng, 0.3):
        dust = ramp(fractal(rng, shape.inside.shape, (90, 60), 4, 0.6), -1.0, 2.0)
        tint(planes, pick(rng, palette("a8a294 b8b4a8 8c8478")), dust * uniform(rng, 0.1, 0.5))
    wet = chance(rng, 0.3)
    if wet:
        planes *= 0.5 + 0.5 * planes
    if whole:
        _round(rng, planes, shape, light_yx, gloss=uniform(rng, 0.08, 0.28) if wet else uniform(rng, 0.0, 0.06))
    else:
        _sawn(rng, planes, shape)
    edge = ramp(shape.inside, 0.0, uniform(rng, 1.5, 5.0))
    shade(planes, 1 - (1 - edge) * uniform(rng, 0.0, 0.35))
    return planes


def mark_core(rng: Rng, planes: F32, shape: Shape) -> None:
    """Write on the rock, in place: orientation lines, depths, arrows. What is under it stays rock."""
    height, width = shape.inside.shape
    _, x = rows_columns((height, width))
    colour = pick(rng, CHALK)
    on_rock = ramp(shape.inside, 1, 3)
    worn = np.clip(smooth(rng, (height, width), (5, 5)) * 0.4 + 0.7, 0, 1)
    if chance(rng, 0.4):
        for _ in range(int(rng.integers(1, 3))):
            at = width * uniform(rng, 0.25, 0.75) + smooth_line(rng, height, 400)[:, None] * 4
            line = ramp(np.abs(x - at), uniform(rng, 1.5, 3.0), 0.8)
            tint(planes, colour, np.asarray(line, np.float32) * on_rock * worn * 0.8)
            colour = pick(rng, CHALK)
        return
    ink = handwriting(rng, depth_text(rng), int(width * uniform(rng, 0.08, 0.22)), uniform(rng, 0.08, 0.14))
    if chance(rng, 0.6):
        ink = np.ascontiguousarray(np.rot90(ink))
    top = int(uniform(rng, 0, max(1, height - ink.shape[0])))
    left = int(uniform(rng, 0.1, 0.5) * width)
    ink = ink[: height - top, : width - left]
    window = (slice(top, top + ink.shape[0]), slice(left, left + ink.shape[1]))
    tint(planes[:, *window], colour, ink * on_rock[window] * worn[window] * 0.85)


def cast_shadow(rng: Rng, planes: F32, inside: F32, light_yx: tuple[float, float]) -> None:
    """Darken the box beside and under the core, in place."""
    rock = ramp(inside, -1, 1)
    for reach, strength in ((3, uniform(rng, 0.2, 0.6)), (int(uniform(rng, 8, 26)), uniform(rng, 0.2, 0.7))):
        dark = blur(rock, reach)
        down, right = round(-light_yx[0] * reach), round(-light_yx[1] * reach)
        dark = np.roll(dark, (down, right), (0, 1))
        shade(planes, 1 - dark * strength)


def lay_on(planes: F32, core: F32, inside: F32) -> None:
    """Lay the lit core on the box, in place, with soft edges of a pixel."""
    planes += (core - planes) * ramp(inside, -0.8, 0.8)


def relight(photo: npt.NDArray[np.uint8], inside: npt.NDArray[np.bool_]) -> F32:
    """Take the light and shadow of a real core from its photo: float32 (H, W), 1 on average, 0.25 to 1.9."""
    planes = photo.astype(np.float32).transpose(2, 0, 1) * (1 / 255)
    grey = (planes[0] + planes[1] + planes[2]) / 3 + 0.02
    rock = inside.astype(np.float32)
    around: F32 = blur(grey * rock, 60) / (blur(rock, 60) + (1e-3))
    light: F32 = np.clip(blur(grey, 1) / (around + (1e-3)), 0.25, 1.9)
    return light * rock + (1 - rock)


def _round(rng: Rng, planes: F32, shape: Shape, light_yx: tuple[float, float], gloss: float) -> None:
    """Shade a cylinder."""
    u = shape.across * 0.97
    normal = np.sqrt(1 - u * u)
    side = light_yx[1] * uniform(rng, 0.2, 0.8)
    shade(planes, np.clip(0.12 + normal * 0.88 + u * side * 0.6, 0.08, 1.3))
    streak = ramp(np.abs(shape.across - uniform(rng, -0.4, 0.4)), uniform(rng, 0.08, 0.3), 0.0)
    glint = np.clip(fractal(rng, shape.inside.shape, (24, 8), 3, 0.7) * 0.6 + 0.5, 0, 1)
    planes += streak * glint * gloss


def _sawn(rng: Rng, planes: F32, shape: Shape) -> None:
    """Shade a sawn slab: flat, with the saw's scratches and a bright or dark bevel."""
    if chance(rng, 0.5):
        shade(planes, 1 + saw_marks(rng, (planes.shape[1], planes.shape[2])) * uniform(rng, 0.008, 0.03))
    if chance(rng, 0.5):
        bevel = ramp(shape.across, 0.93, 0.97) if chance(rng, 0.5) else ramp(shape.across, -0.93, -0.97)
        planes += (column((0.9, 0.9, 0.86)) * uniform(rng, 0.2, 0.7) - planes) * bevel * 0.45


def _beds(labels: Labels) -> Iterator[tuple[int, slice]]:
    """Yield each type and the rows of each of its beds."""
    for kind in ROCK_TYPES:
        present = np.concatenate(([False], (labels == kind).any(axis=1), [False]))
        edges = np.flatnonzero(present[1:] != present[:-1])
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            yield kind, slice(int(start), int(stop))
