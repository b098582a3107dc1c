"""Sea bed and sea: sand, rubble and rock in perspective, caustics, the blue veil, beams of light, specks and fish."""

from typing import NamedTuple

import numpy as np

from facies.training.drawing.noise import (
    F32,
    Rng,
    blur,
    cells,
    chance,
    lookup,
    ramp,
    rows_columns,
    seamless,
    shift,
    sine,
    smooth,
    uniform,
)
from facies.training.drawing.paint import (
    Colour,
    column,
    flat,
    mixed,
    palette,
    pick,
    scatter,
    shade,
    sunlit,
    tint,
    tint_each,
)

SEAS = palette("1c7c9c 2488a4 186c94 2c8c98 1f7fb0 2a9090")
SANDS = palette("cfc4a4 d8d0b8 c4b898 d4c8a8")
ROCKS = palette("6c5c50 74645c 5c5448 7c6468 6a5a62")


class View(NamedTuple):
    """How the sea bed is seen.

    Attributes:
        hw: rows and columns of the photo.
        horizon: row where the bed would vanish; far above the photo when one looks straight down.
    """

    hw: tuple[int, int]
    horizon: float

    def nearness(self, row: float) -> float:
        """Size of things standing at a row, 1 at the bottom of the photo, 0 at the horizon."""
        return max(0.0, (row - self.horizon) / (self.hw[0] - self.horizon))

    def ground(self) -> tuple[F32, F32, F32]:
        """Nearness of each row (H, 1), and the place on the bed of each pixel: rows (H, 1), columns (H, W).

        Places are in pixels of a photo 2000 rows high, as they look at its lower edge.
        """
        y, x = rows_columns(self.hw)
        near = np.maximum((y - self.horizon) / (self.hw[0] - self.horizon), 0.02)
        unit = 2000 / self.hw[0]
        span = (self.hw[0] - self.horizon) * unit
        return near, -span / near, (x - (self.hw[1] / 2)) * unit / near


def sea_bed(rng: Rng, view: View) -> F32:
    """Sand with ripples, strewn with rubble, broken by reef rock: float32 (3, H, W), lit."""
    near, v, u = view.ground()
    hw = view.hw
    sand = flat(pick(rng, SANDS), hw)
    plain = _plain(rng)
    ripple = sine((v + lookup(plain, v, u, 420 / 2) * 60) / uniform(rng, 50, 90))
    fade = ramp(near, 0.08, 0.5)
    shade(sand, 1 + (ripple * 0.07 + _grit(plain, v, u)) * fade)
    rock = _rock(rng, view, plain, v, u, fade)
    patch = (
        lookup(plain, v, u, 900 / 2) * 0.9 + lookup(plain, v, u, 260 / 2) * 0.45 + lookup(plain, v, u, 60 / 2) * 0.15
    )
    where = ramp(patch, uniform(rng, -0.5, 0.4), uniform(rng, 0.45, 0.6))
    sand += (rock - sand) * where
    _rubble(rng, sand, v, u, near, ramp(patch, -0.7, 0.3) * (1 - where * 0.6))
    return sand


def caustics(rng: Rng, view: View) -> F32:
    """The net of light that waves throw: float32 (H, W), 0 to 1."""
    _, v, u = view.ground()
    plain = _plain(rng)
    net = np.zeros(view.hw, np.float32)
    for size, strength in ((150.0, 0.6), (95.0, 0.4)):
        bend = lookup(plain, v, u, size * 0.9 / 2) * (size * 0.22)
        turn = lookup(plain, u, v + np.zeros_like(u), size * 0.9 / 2) * (size * 0.22)
        tiling = cells(rng, v + bend, u + turn, (size, size * 1.2), jitter=0.95)
        line = ramp(tiling.border, size * 0.3, 0)
        net += line * line * strength
    return net * ramp(view.ground()[0], 0.1, 0.6)


def veil(planes: F32, nearness: F32, sea: Colour, murk: float) -> None:
    """Drown everything in water, in place: the farther, the bluer, red first.

    Args:
        planes: float32 (3, H, W).
        nearness: float32 (H, W), 1 near to 0 infinitely far.
        sea: colour of the far water.
        murk: about 0.15 clear to 0.6 turbid.
    """
    distance = 1 / np.maximum(nearness, 0.02)
    for plane, colour, thirst in zip(planes, sea, (1.9, 0.85, 0.8), strict=True):
        way = distance * (murk * thirst)
        through = 1 / (1 + way + way * way * 0.5 + way * way * way * 0.166)
        plane *= through
        plane += (1 - through) * colour


def open_water(rng: Rng, hw: tuple[int, int], sea: Colour) -> F32:
    """The far sea, brighter towards the surface: float32 (3, H, W)."""
    y, x = rows_columns(hw)
    glow = ramp(y + (x - hw[1] * uniform(rng, 0.2, 0.8)) ** 2 / (hw[1] * 2.5), hw[0] * 0.5, -hw[0] * 0.25)
    planes = flat(sea, hw)
    tint(planes, (0.62, 0.88, 0.95), glow * 0.6)
    return planes


def beams(rng: Rng, planes: F32, strength: float) -> None:
    """Let shafts of sunlight fall through the water, in place."""
    hw = (planes.shape[1], planes.shape[2])
    y, x = rows_columns(hw)
    source = uniform(rng, 0.1, 0.9) * hw[1]
    spread = (x - source) / (y + (hw[0] * 0.6))
    profile = smooth(rng, (1, 2048), (1, 34))[0] * 0.7 + smooth(rng, (1, 2048), (1, 11))[0] * 0.4
    place = np.clip(spread * 500 + 1024, 0, 2047).astype(np.int32)
    shaft = blur(np.clip(np.take(profile, place), 0, 3), 4)
    planes += column((0.6, 0.85, 0.9)) * (shaft * ramp(y, hw[0] * 0.85, 0) * strength)


def specks(rng: Rng, planes: F32, count: int) -> None:
    """Backscatter: specks of plankton that the light catches, most out of focus, in place."""
    hw = (planes.shape[1], planes.shape[2])
    for stamp in scatter(rng, hw, count, (0.8, hw[0] / 220), (1, 1.2), margin=1.2):
        soft = ramp(stamp.distance(), 1.1, uniform(rng, 0.0, 0.8))
        planes[:, *stamp.window] += column((0.75, 0.9, 0.9)) * (soft * uniform(rng, 0.04, 0.3))


def school(rng: Rng, planes: F32, rows: tuple[int, int], count: int, length: float, sea: Colour) -> None:
    """A school of small fish, half lost in the colour of the sea, in place."""
    hw = (planes.shape[1], planes.shape[2])
    colour = pick(rng, palette("6c84a0 8496a8 7c8c90 e8a840 5c7ca4"))
    colour = mixed(colour, sea, 0.5)
    facing = 1 if chance(rng, 0.5) else -1
    band = planes[:, rows[0] : rows[1]]
    for stamp in scatter(rng, (rows[1] - rows[0], hw[1]), count, (length * 0.5, length), (1, 1), 0.12, margin=1.6):
        x = stamp.x * facing
        slim = 0.34
        body = ramp((stamp.y / slim) * (stamp.y / slim) * (1 + x * 0.4) + x * x, 1.0, 0.85)
        tail = ramp(np.abs(stamp.y) - (-0.75 - x) * 0.75, 0.05, -0.05) * ramp(x, -1.45, -1.4) * ramp(x, -0.7, -0.8)
        light = 0.75 - stamp.y * 0.8
        window = band[:, *stamp.window]
        window += (column(colour) * light - window) * (np.maximum(body, tail) * uniform(rng, 0.5, 0.9))


def _grit(plain: F32, v: F32, u: F32) -> F32:
    """Unevenness of sand: float32 (H, W), about -0.2 to 0.2."""
    uneven = lookup(plain, v, u, 45) * 0.05 + lookup(plain, v, u, 14) * 0.05
    uneven += lookup(plain, v, u, 2.2) * 0.09
    return uneven


def _plain(rng: Rng) -> F32:
    """A square of noise to look up at any place."""
    return seamless(rng, 512, 2)


def _rock(rng: Rng, view: View, plain: F32, v: F32, u: F32, fade: F32) -> F32:
    """Reef rock: knobby, dark, crusted with pink and green."""
    height = np.zeros(view.hw, np.float32)
    for scale, strength in ((220, 1.0), (90, 0.55), (38, 0.4), (16, 0.25), (7, 0.15)):
        height += np.abs(lookup(plain, v, u, scale / 2)) * strength
    planes = flat(pick(rng, ROCKS), view.hw)
    tint(planes, pick(rng, palette("9c7080 a47888 8c6470")), ramp(lookup(plain, u, v, 130 / 2), 0.2, 1.4) * 0.6)
    tint(planes, pick(rng, palette("5c6c3c 6c7848 4c5c38")), ramp(lookup(plain, u, v, 75 / 2), 0.4, 1.5) * 0.55)
    shade(planes, sunlit(height * 5, (-0.85, -0.4), 0.32))
    shade(planes, 0.5 + ramp(height, 0.2, 1.6) * 0.6 * fade + (1 - fade) * 0.25)
    return planes


def _rubble(rng: Rng, planes: F32, v: F32, u: F32, near: F32, where: F32) -> None:
    """Broken coral, in place."""
    family = [pick(rng, palette("b0a48c 9c8c78 c4b8a0 8a7868 a89890 746858")) for _ in range(6)]
    for size in (uniform(rng, 14, 24), uniform(rng, 28, 44)):
        turn = uniform(rng, -0.8, 0.8)
        tiling = cells(rng, v + u * turn, u - v * turn, (size, size * 2.0), jitter=1.0)
        kept = np.take(rng.random(tiling.total, dtype=np.float32), tiling.owner)
        piece = (
            ramp(tiling.border, 3, 7) * ramp(tiling.nearest, size * 0.5, size * 0.34) * ramp(where - kept, 0.0, 0.05)
        )
        piece *= ramp(near, 0.12, 0.3)
        shade(planes, 1 - np.clip(shift(piece, 4, 3) - piece, 0, 1) * 0.45)
        tint_each(planes, family, (tiling.owner % 6).astype(np.int32), piece * 0.9)
        shade(planes, 1 + piece * (sunlit(blur(piece, 2), (-0.8, -0.4), 1.2) - 1))
