"""Lays foam, card, wood and plugs over windows of core photos, where a stretch of core might be missing.

Core boxes are filled up with such things, and the labelled photos show each kind in one box or two only. A network that
has seen white foam in one box alone takes that of the next one for limestone.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from facies.training.drawing import boxes, things
from facies.training.drawing.noise import F32, blur, chance, ramp, rows_columns, smooth, uniform
from facies.training.drawing.paint import shade

Pixels = npt.NDArray[np.uint8]
Rng = np.random.Generator

_HEIGHTS = (0.12, 2.0)  # of the window; more than one fills it up
_SIDE_MARGIN = 0.12
_PLUG_SHARE = 0.4
_POLYSTYRENE_SHARE = 0.6  # of what is no plug
_FOAM_SHARE = 0.4  # of what is neither


def lay_filler(window: Pixels, labels: Pixels, rng: Rng) -> tuple[Pixels, Pixels]:
    """Lay one thing over a window, as wide as its core or nearly so.

    Args:
        window: uint8 (s, s, 3), the core running down.
        labels: uint8 (s, s); 0 is background.
        rng: what is drawn from.

    Returns:
        The window and its labels with the thing on it, which is background.
    """
    size = len(window)
    columns = _core_columns(labels)
    height = int(size * uniform(rng, *_HEIGHTS))
    top = int(uniform(rng, -0.5 * height, size - 0.5 * height))
    canvas = things.Canvas(np.ascontiguousarray(window.transpose(2, 0, 1), np.float32) / 255)
    if chance(rng, _PLUG_SHARE) and height > 40 and columns[1] - columns[0] > 40:
        things.foam_plug(rng, canvas, (top, top + height), columns)
    else:
        _lay_block(rng, canvas, (top, top + height), columns)
    laid: Pixels = (canvas.planes.clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return laid, np.where(canvas.covered, 0, labels).astype(np.uint8)


def _core_columns(labels: Pixels) -> tuple[int, int]:
    """The columns between which the core lies; all of them where there is none."""
    inside = np.flatnonzero((labels > 0).any(axis=0))
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, labels.shape[1])


def _lay_block(rng: Rng, canvas: things.Canvas, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """A block of foam, card or wood, lit from one side, its ends a little uneven."""
    spare = int(canvas.hw[1] * uniform(rng, 0, _SIDE_MARGIN))
    left, right = columns[0] - spare, columns[1] + spare
    hw = (max(8, rows[1] - rows[0]), max(8, right - left))
    thing = _material(rng)(rng, hw)
    y, x = rows_columns(hw)
    shade(thing, uniform(rng, 0.7, 1.0) * (1 + uniform(rng, -0.12, 0.12) * (x / hw[1] - 0.5)))
    if chance(rng, 0.3):  # a cylinder rather than a slab
        u = x / hw[1] * 2 - 1
        shade(thing, 0.6 + 0.4 * np.sqrt(np.clip(1 - 0.95 * u * u, 0, 1)))
    edge: F32 = np.minimum(y, hw[0] - y) + smooth(rng, hw, (2, 40)) * 3
    canvas.put(thing, blur(ramp(edge, 0, 2), 1), rows[0], left)


def _material(rng: Rng) -> Callable[[Rng, tuple[int, int]], F32]:
    if chance(rng, _POLYSTYRENE_SHARE):
        return boxes.polystyrene
    if chance(rng, _FOAM_SHARE):
        return boxes.foam
    return boxes.cardboard if chance(rng, 0.5) else boxes.wood
