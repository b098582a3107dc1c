"""Putting colour on planes: palettes, tinting, light on relief, and stamps for small things."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from facies.training.drawing.noise import F32, I32, Rng, shift, sine, smooth, uniform

Colour = tuple[float, float, float]


class Surface(NamedTuple):
    """What a rock or a box looks like before light falls on it.

    Attributes:
        colour: float32 (3, H, W), display values, about 0 to 1.
        relief: float32 (H, W), height, pixels.
    """

    colour: F32
    relief: F32


class Stamp(NamedTuple):
    """The window of a picture that a small thing covers.

    Attributes:
        window: rows and columns of the picture.
        y: float32 (h, w), rows from the centre, along the thing's own axes, in units of its radius.
        x: float32 (h, w), columns from the centre, likewise.
        number: which thing it is, from 0.
    """

    window: tuple[slice, slice]
    y: F32
    x: F32
    number: int

    def distance(self) -> F32:
        """Distance from the centre, in radii: float32 (h, w)."""
        away: F32 = np.sqrt(self.y * self.y + self.x * self.x)
        return away


def hex_colour(text: str) -> Colour:
    """Read `rrggbb`."""
    return (int(text[0:2], 16) / 255, int(text[2:4], 16) / 255, int(text[4:6], 16) / 255)


def palette(text: str) -> list[Colour]:
    """Read several `rrggbb`, parted by spaces."""
    return [hex_colour(word) for word in text.split()]


def pick(rng: Rng, colours: Sequence[Colour], spread: float = 0.03) -> Colour:
    """Choose a colour near one of `colours`: brightness varies by `spread` x 2, each channel by `spread` / 2."""
    chosen = colours[int(rng.integers(len(colours)))]
    light = uniform(rng, -2, 2) * spread
    red, green, blue = (channel + light + uniform(rng, -0.5, 0.5) * spread for channel in chosen)
    return (red, green, blue)


def scaled(colour: Colour, factor: float) -> Colour:
    """Make a colour darker or lighter."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Mix `share` of `other` into `one`."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def column(colour: Colour) -> F32:
    """Return a colour as float32 (3, 1, 1), ready to broadcast over planes."""
    return np.array(colour, np.float32)[:, None, None]


def flat(colour: Colour, hw: tuple[int, int]) -> F32:
    """Return planes of one colour: float32 (3, H, W)."""
    return np.broadcast_to(column(colour), (3, *hw)).copy()


def tint(planes: F32, colour: Colour, amount: F32) -> None:
    """Mix `amount` (0 to 1, (H, W)) of a colour into `planes`, in place."""
    planes += (column(colour) - planes) * amount


def tint_each(planes: F32, colours: Sequence[Colour], index: I32, amount: F32) -> None:
    """Mix in a colour that differs from place to place, in place.

    Args:
        planes: float32 (3, H, W), changed.
        colours: the colours in turn.
        index: integers (H, W), 0 ≤ index < len(colours).
        amount: float32 (H, W), 0 to 1.
    """
    table = np.array(colours, np.float32).T
    for plane, values in zip(planes, table, strict=True):
        plane += (np.take(values, index) - plane) * amount


def shade(planes: F32, factor: F32) -> None:
    """Multiply all channels by `factor` (H, W), in place."""
    planes *= factor


def sunlit(relief: F32, light_yx: tuple[float, float], strength: float) -> F32:
    """How much brighter than level ground each pixel is under slanting light.

    Args:
        relief: float32 (H, W), height, pixels.
        light_yx: where the light comes from, rows and columns, about unit length.
        strength: brightness gained a pixel of slope.

    Returns:
        float32 (H, W), 1 on level ground, 0.35 to 1.8.
    """
    down = (shift(relief, -1, 0) - shift(relief, 1, 0)) * (0.5 * light_yx[0])
    right = (shift(relief, 0, -1) - shift(relief, 0, 1)) * (0.5 * light_yx[1])
    return np.clip(1 - (down + right) * strength, 0.35, 1.8)


def mottled(rng: Rng, hw: tuple[int, int], colour: Colour, amount: float, scale: float) -> F32:
    """Planes of one colour whose brightness wanders by about `amount` over patches of `scale` pixels."""
    planes = flat(colour, hw)
    warm = smooth(rng, hw, (scale * 1.7, scale * 1.7)) * (amount * 0.4)
    fine = max(4.0, scale / 5)
    light = 1 + (smooth(rng, hw, (scale, scale)) + smooth(rng, hw, (fine, fine)) * 0.5) * amount
    planes *= light
    planes[0] += warm * colour[0]
    planes[2] -= warm * colour[2]
    return planes


def scatter(
    rng: Rng,
    hw: tuple[int, int],
    count: int,
    radius: tuple[float, float],
    flatness: tuple[float, float] = (1, 1),
    tilt: float = 0.5,
    margin: float = 1.0,
) -> Iterator[Stamp]:
    """Strew small things over a picture.

    Args:
        rng: where they fall.
        hw: the picture's rows and columns.
        count: how many.
        radius: the smallest and the largest; small ones are the more common.
        flatness: limits of width to height; 2 is twice as wide as high.
        tilt: how far the long axis turns from the horizontal, in half turns (0.5: any way).
        margin: how many radii around the centre are wanted.

    Yields:
        One stamp for each thing that touches the picture.
    """
    height, width = hw
    for number in range(count):
        centre_y, centre_x, share = float(rng.random()) * height, float(rng.random()) * width, float(rng.random())
        size = radius[0] + (radius[1] - radius[0]) * share * share
        wide, turn = uniform(rng, *flatness), uniform(rng, -tilt, tilt) / 2
        reach = size * margin * max(wide, 1.0) + 1
        rows = slice(max(0, int(centre_y - reach)), min(height, int(centre_y + reach) + 2))
        columns = slice(max(0, int(centre_x - reach)), min(width, int(centre_x + reach) + 2))
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - centre_y
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - centre_x
        sin, cos = sine(np.array([turn, turn + 0.25], np.float32)) / size
        yield Stamp((rows, columns), y * cos - x * sin, (y * sin + x * cos) / wide, number)
