"""Things that lie in a core box and are no rock: plugs, blocks, labels, stickers, scale bars, drill bits."""

import numpy as np

from facies.training.drawing.lettering import depth_text, handwriting
from facies.training.drawing.noise import (
    F32,
    Rng,
    blur,
    chance,
    fractal,
    ramp,
    rows_columns,
    sine,
    smooth,
    uniform,
    white,
)
from facies.training.drawing.paint import Colour, column, flat, mixed, mottled, palette, pick, shade, tint

NEON = palette("b8e83c 3c9ce8 f05a78 f0e040 f4f4f0 40c8b0 f08c3c e8e8f0")
PAPER = palette("f4f2ec e8e4d8 fbfaf6 f0e8c8")
TAGS = palette("f0d040 4a90d8 f07850 a0d870")
INK = palette("181818 1c2a6c 8c1c1c 2c2c2c")


class Canvas:
    """A photo in the making, with a record of what is covered by things.

    Attributes:
        planes: float32 (3, H, W).
        covered: bool (H, W), True where a thing hides what is under it.
    """

    def __init__(self, planes: F32) -> None:
        self.planes = planes
        self.covered = np.zeros(planes.shape[1:], np.bool_)

    @property
    def hw(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.planes.shape[1], self.planes.shape[2])

    def put(self, thing: F32, cover: F32, top: int, left: int, shadow: float = 0.45) -> None:
        """Lay a thing down.

        Args:
            thing: float32 (3, h, w), its colours.
            cover: float32 (h, w), 0 to 1, its shape.
            top: row of its first row; parts outside the photo are cut off.
            left: column of its first column.
            shadow: how dark its shadow is, 0 to 1.
        """
        height, width = self.hw
        rows = slice(max(0, top), min(height, top + cover.shape[0]))
        columns = slice(max(0, left), min(width, left + cover.shape[1]))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        own = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
        window = self.planes[:, rows, columns]
        if shadow > 0:
            padded = np.pad(cover, 8)
            dark = blur(padded, 4)[8:-8, 8:-8][own]
            shade(window, 1 - np.roll(dark, (2, 2), (0, 1)) * shadow)
        window += (thing[:, *own] - window) * cover[own]
        self.covered[rows, columns] |= cover[own] > 0.5


def turned(rng: Rng, hw: tuple[int, int], most: float) -> tuple[F32, F32, tuple[int, int]]:
    """Coordinates of a rectangle lying a little askew.

    Args:
        rng: how askew.
        hw: the rectangle's rows and columns.
        most: largest slope, rows a column.

    Returns:
        Rows and columns in the rectangle's own frame, float32 over a window with a margin, and that margin (rows,
        columns), pixels.
    """
    slope = uniform(rng, -most, most)
    margin = (int(abs(float(slope)) * hw[1] / 2) + 3, int(abs(float(slope)) * hw[0] / 2) + 3)
    y, x = rows_columns((hw[0] + 2 * margin[0], hw[1] + 2 * margin[1]))
    y, x = y - (margin[0] + hw[0] / 2), x - (margin[1] + hw[1] / 2)
    own_y, own_x = y + x * slope + (hw[0] / 2), x - y * slope + (hw[1] / 2)
    return own_y, own_x, margin


def foam_plug(rng: Rng, canvas: Canvas, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """A soft coloured cylinder that holds the place of missing core, with writing on it."""
    hw = (
        max(24, int((rows[1] - rows[0]) * uniform(rng, 0.6, 0.95))),
        max(24, int((columns[1] - columns[0]) * uniform(rng, 0.85, 1))),
    )
    y, x, margin = turned(rng, hw, 0.04)
    cover = ramp(_to_edge(y, x, hw), 0, 2.5)
    thing = mottled(rng, cover.shape, pick(rng, NEON), 0.03, 40)
    shade(thing, 1 + smooth(rng, cover.shape, (3, 3)) * 0.03 + white(rng, cover.shape) * 0.02)
    u = (x / hw[1] * 2 - 1) * 0.97
    shade(thing, 0.45 + 0.6 * np.sqrt(np.clip(1 - u * u, 0, 1)))
    for line in range(int(rng.integers(1, 4))):
        ink = handwriting(rng, depth_text(rng), max(8, int(hw[1] * uniform(rng, 0.1, 0.18))))
        ink = ink if chance(rng, 0.4) else np.ascontiguousarray(np.rot90(ink))
        _write(thing, ink, pick(rng, INK), (int(hw[0] * (0.1 + 0.3 * line)), int(hw[1] * uniform(rng, 0.1, 0.3))))
    canvas.put(thing, cover, rows[0] - margin[0] + (rows[1] - rows[0] - hw[0]) // 2, columns[0] - margin[1])


def depth_block(rng: Rng, canvas: Canvas, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """A block of wood with a depth stencilled or written on it."""
    wide = max(30, int((columns[1] - columns[0]) * uniform(rng, 0.55, 1.0)))
    hw = (max(22, min(rows[1] - rows[0], int(wide * uniform(rng, 0.28, 0.6)))), wide)
    y, x, margin = turned(rng, hw, 0.12)
    cover = ramp(_to_edge(y, x, hw), 0, 1.5)
    thing = mottled(rng, cover.shape, pick(rng, palette("b48a54 9a6c3c c8a878 d8c4a0 8a4a2c")), 0.05, 60)
    grain = sine((y + smooth(rng, cover.shape, (40, 120)) * 8) / uniform(rng, 4, 9))
    shade(thing, 1 + grain * 0.05 + smooth(rng, cover.shape, (1.3, 14)) * 0.05)
    ink = handwriting(rng, depth_text(rng), max(8, int(hw[0] * uniform(rng, 0.4, 0.6))), uniform(rng, 0.1, 0.2))
    _write(thing, ink, pick(rng, INK), (margin[0] + int(hw[0] * 0.12), margin[1] + int(hw[1] * 0.06)))
    left = columns[0] + int((columns[1] - columns[0] - wide) * float(rng.random()))
    canvas.put(thing, cover, rows[0] + int(max(0, rows[1] - rows[0] - hw[0]) * float(rng.random())), left - margin[1])


def paper_label(rng: Rng, canvas: Canvas, top: int, left: int, width: int) -> None:
    """A slip of paper: lines of writing, a bar code, perhaps a coloured tag."""
    hw = (max(16, int(width * uniform(rng, 0.4, 1.1))), width)
    y, x, margin = turned(rng, hw, 0.3)
    cover = ramp(_to_edge(y, x, hw), 0, 1.2)
    paper = pick(rng, PAPER if chance(rng, 0.75) else TAGS)
    thing = mottled(rng, cover.shape, paper, 0.02, 30)
    height = max(6, int(hw[0] * uniform(rng, 0.13, 0.24)))
    ink_colour = pick(rng, INK)
    for line in range(int(hw[0] / (height * 1.9))):
        ink = handwriting(rng, depth_text(rng), height, 0.11)
        _write(thing, ink, ink_colour, (margin[0] + 2 + int(line * height * 1.8), margin[1] + int(width * 0.06)))
    if chance(rng, 0.4):
        bars = np.round(rng.random((1, thing.shape[2]), dtype=np.float32))
        high = ramp(np.abs(y - hw[0] * 0.86), hw[0] * 0.1, hw[0] * 0.08)
        wide = ramp(np.abs(x - hw[1] / 2), hw[1] * 0.4, hw[1] * 0.39)
        tint(thing, (0.1, 0.1, 0.1), high * wide * bars)
    canvas.put(thing, cover, top - margin[0], left - margin[1], shadow=0.35)


def stickers(rng: Rng, canvas: Canvas, rows: tuple[int, int], at: float) -> None:
    """A row of small numbered stickers down the core, as laboratories put them."""
    side = int(uniform(rng, 12, 22))
    hw = (side, int(side * uniform(rng, 1.2, 1.8)))
    step, number = int(uniform(rng, 90, 260)), int(rng.integers(1, 90))
    paper = pick(rng, palette("f4f4f0 fafafa f0e8a0"))
    for top in range(rows[0] + int(step * float(rng.random())), rows[1] - side, step):
        y, x, margin = turned(rng, hw, 0.08)
        cover = ramp(_to_edge(y, x, hw), 0, 1.2)
        thing = flat(paper, cover.shape)
        ink = handwriting(rng, str(number), max(5, side // 2), 0.14)
        _write(thing, ink, (0.15, 0.15, 0.18), (margin[0] + 1, margin[1] + 1))
        canvas.put(thing, cover, top - margin[0], int(at) - margin[1] + int(uniform(rng, -3, 3)), shadow=0.2)
        number += 1 if step > 150 else 2


def scale_bar(rng: Rng, canvas: Canvas, left: int, width: int) -> None:
    """A ruler along the core, centimetres in turn black and white, or ticks and numbers on wood or paper."""
    height = canvas.hw[0]
    length = int(height * uniform(rng, 0.3, 1.0))
    y, x = rows_columns((length, width))
    step = uniform(rng, 26, 44)
    if chance(rng, 0.5):
        turn = np.floor(y / step).astype(np.int32) % 2
        thing = column((0.93, 0.93, 0.9)) * np.broadcast_to(1 - turn * np.float32(0.9), (length, width))
    else:
        thing = mottled(rng, (length, width), pick(rng, palette("e8d890 d8b478 f0f0ec")), 0.03, 60)
        mark = ramp(np.abs(y % step - step / 2), 1.6, 0.8) * ramp(x, width * 0.6, width * 0.55)
        tint(thing, (0.1, 0.1, 0.1), np.asarray(mark, np.float32))
        for number in range(0, int(length / step), 5):
            ink = np.ascontiguousarray(np.rot90(handwriting(rng, str(number), max(6, width // 2))))
            _write(thing, ink, (0.12, 0.1, 0.1), (int(number * step), width // 3))
    top = int((height - length) * float(rng.random()))
    canvas.put(np.asarray(thing, np.float32), np.ones((length, width), np.float32), top, left)


def drill_bit(rng: Rng, canvas: Canvas, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """A core bit: a steel tube with a toothed crown."""
    hw = (
        max(30, int((rows[1] - rows[0]) * uniform(rng, 0.5, 0.95))),
        max(24, int((columns[1] - columns[0]) * uniform(rng, 0.7, 1))),
    )
    y, x, margin = turned(rng, hw, 0.06)
    crown = hw[0] * uniform(rng, 0.2, 0.4)
    teeth = ramp(sine(x / (hw[1] / 5)), -0.2, 0.0)
    edge = np.minimum(np.minimum(y, hw[0] - y - (1 - teeth) * min(12, crown / 2)), np.minimum(x, hw[1] - x))
    cover = ramp(edge, 0, 1.5)
    steel = pick(rng, palette("8c9096 74787e a4a4a0 b89c50"))
    thing = mottled(rng, cover.shape, steel, 0.04, 30)
    tint(thing, mixed(steel, (0.5, 0.36, 0.14), 0.7), ramp(y, hw[0] - crown, hw[0] - crown + 3) * 0.8)
    u = x / hw[1]
    shade(thing, 0.35 + 0.75 * ramp(np.abs(u - 0.4), 0.5, 0.0) + 0.7 * ramp(np.abs(u - 0.3), 0.07, 0.0))
    shade(thing, 1 - ramp(np.abs(y % (hw[0] / 3) - 4), 3, 0) * 0.4)
    shade(thing, 1 + fractal(rng, cover.shape, (30, 8), 3) * 0.06)
    canvas.put(thing, cover, rows[0] - margin[0], columns[0] - margin[1] + (columns[1] - columns[0] - hw[1]) // 2)


def bubble_wrap(rng: Rng, canvas: Canvas, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """Shining plastic wrap with rows of bubbles, some of the box seen through it."""
    hw = (max(10, rows[1] - rows[0]), max(10, columns[1] - columns[0]))
    y, x = rows_columns(hw)
    pitch = uniform(rng, 11, 20)
    bend = smooth(rng, hw, (30, 30)) * 4
    bump = sine((y + bend) / pitch) * sine((x + bend) / pitch)
    edge = ramp(np.minimum(np.minimum(y, hw[0] - 1 - y), np.minimum(x, hw[1] - 1 - x)) + bend, 0, 4)
    tone = pick(rng, palette("8a7458 a89880 6c5c48 b8b4ac"))
    thing = mottled(rng, hw, tone, 0.12, 25)
    shade(thing, 1 + bump * 0.3)
    tint(thing, (1, 1, 0.98), ramp(bump + fractal(rng, hw, (40, 14), 3) * 0.35, 0.75, 1.0))
    canvas.put(thing, edge, rows[0], columns[0])


def _to_edge(y: F32, x: F32, hw: tuple[int, int]) -> F32:
    """Distance to the nearest edge of a rectangle, positive inside, from rows and columns in its own frame."""
    nearest: F32 = np.minimum(np.minimum(y, hw[0] - y), np.minimum(x, hw[1] - x))
    return nearest


def _write(thing: F32, ink: F32, colour: Colour, at_yx: tuple[int, int]) -> None:
    height = min(ink.shape[0], thing.shape[1] - at_yx[0])
    width = min(ink.shape[1], thing.shape[2] - at_yx[1])
    if height > 0 and width > 0:
        window = thing[:, at_yx[0] : at_yx[0] + height, at_yx[1] : at_yx[1] + width]
        tint(window, colour, ink[:height, :width] * 0.85)
