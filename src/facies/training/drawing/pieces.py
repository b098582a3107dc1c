"""The shape of a core: beds down the hole, and the pieces it broke into."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facies.training.drawing.noise import F32, Rng, cells, chance, ramp, rows_columns, smooth, smooth_line, uniform

Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Gap:
    """A stretch of the box without whole core.

    Attributes:
        rows: where it begins and ends, pixels.
        rubble: whether broken rock lies in it.
    """

    rows: tuple[int, int]
    rubble: bool


@dataclass(frozen=True)
class Shape:
    """Where rock lies.

    Attributes:
        inside: float32 (H, W), distance to the rock's edge, pixels; positive inside, clipped to ±60.
        across: float32 (H, W), place across the core, -1 at the left edge to 1 at the right edge.
        piece: int32 (H, W), number of the piece or fragment; 0 where there is none.
        first_fragment: pieces numbered so or higher are fragments of rubble.
        gaps: the stretches without whole core that are long enough to hold something.
    """

    inside: F32
    across: F32
    piece: npt.NDArray[np.int32]
    first_fragment: int
    gaps: tuple[Gap, ...]


def lay_beds(rng: Rng, hw: tuple[int, int], rock_types: Sequence[int]) -> Labels:
    """Stack beds on each other, each of the types at least once, and return uint8 (H, W) without background."""
    height, width = hw
    order = [int(kind) for kind in rng.permutation(np.array(rock_types, np.int64))]
    repeats = int(rng.integers(0, 1 + max(1, height // 700)))
    while repeats > 0 and len(set(order)) > 1 and height // (len(order) + 1) > 120:
        kind = int(rng.choice(np.array(rock_types, np.int64)))
        place = int(rng.integers(len(order) + 1))
        if kind not in order[max(0, place - 1) : place + 1]:
            order.insert(place, kind)
        repeats -= 1
    sums = np.cumsum(rng.random(len(order)) * 0.8 + 0.35)
    bases = sums / sums[-1] * height
    y, x = rows_columns(hw)
    labels = np.full(hw, order[0], np.uint8)
    dip = uniform(rng, -0.2, 0.2)
    for base, kind in zip(bases[:-1], order[1:], strict=True):
        rough = uniform(rng, 0.5, 7)
        line = np.float32(base) + (x[0] - width / 2) * np.float32(dip + uniform(rng, -0.08, 0.08))
        line = line + smooth_line(rng, width, 70) * rough + smooth_line(rng, width, 11) * (rough * 0.15)
        labels[y >= line[None, :]] = kind
    return labels


def break_core(rng: Rng, hw: tuple[int, int], rows: tuple[int, int], width_share: float, fragility: float) -> Shape:
    """Break a core into pieces that lie a little apart.

    Args:
        rng: where the breaks fall.
        hw: the picture's rows and columns.
        rows: where the core begins and ends.
        width_share: how much of the picture's width the core takes.
        fragility: 0 for long sound pieces without gaps, 1 for short ones and much rubble.

    Returns:
        The shape; outside `rows` nothing is rock.
    """
    inside = np.full(hw, -60, np.float32)
    across = np.zeros(hw, np.float32)
    piece = np.zeros(hw, np.int32)
    gaps: list[Gap] = [Gap((0, rows[0]), rubble=False)] if rows[0] > 60 else []
    centre = hw[1] * uniform(rng, 0.5 - 0.35 * (1 - width_share), 0.5 + 0.35 * (1 - width_share))
    half = hw[1] * width_share / 2
    drift = smooth_line(rng, hw[0], 900) * (half * 0.03)
    top, number = float(rows[0]), 1
    top_break = _break_line(rng, hw[1])
    while top < rows[1] - 20:
        bottom = min(top + _length(rng, hw[1], fragility), float(rows[1]))
        bottom_break = _break_line(rng, hw[1])
        _add_piece(rng, (inside, across, piece), number, (top, bottom), (top_break, bottom_break), centre + drift, half)
        space = _space(rng, fragility)
        if space > 60:
            gaps.append(
                Gap((int(bottom), int(min(bottom + space, rows[1]))), rubble=chance(rng, 0.3 + 0.5 * fragility))
            )
        fitting = chance(rng, 0.7) and space < 30
        top_break = bottom_break + smooth_line(rng, hw[1], 9) * 0.7 if fitting else _break_line(rng, hw[1])
        top = bottom + space
        number += 1
    if hw[0] - rows[1] > 60:
        gaps.append(Gap((rows[1], hw[0]), rubble=False))
    first_fragment = number
    for gap in gaps:
        if gap.rubble:
            number = _add_rubble(rng, inside, piece, number, gap.rows, (centre - half, centre + half))
    _chip_edges(rng, inside)
    u = (rows_columns(hw)[1] - centre - drift[:, None]) / half
    return Shape(
        inside,
        np.where((piece > 0) & (piece < first_fragment), across, np.clip(u, -1, 1)),
        piece,
        first_fragment,
        tuple(gaps),
    )


def plug_holes(rng: Rng, shape: Shape, half_width: float) -> None:
    """Drill one or two round holes for sample plugs through the core, in place."""
    y, x = rows_columns(shape.inside.shape)
    radius = half_width * uniform(rng, 0.16, 0.3)
    at_y, at_x = uniform(rng, 0.05, 0.9) * shape.inside.shape[0], uniform(rng, 0.35, 0.65) * shape.inside.shape[1]
    for number in range(int(rng.integers(1, 3))):
        rows = slice(*(np.clip([at_y - 90, at_y + 90], 0, shape.inside.shape[0]).astype(int)))
        away = (y[rows] - at_y) ** 2 + (x - at_x) ** 2
        np.minimum(shape.inside[rows], np.sqrt(away) - radius, out=shape.inside[rows])
        at_y += radius * uniform(rng, 2.3, 3.2) * (number + 1)


def _length(rng: Rng, width: int, fragility: float) -> float:
    share = float(rng.random())
    return width * (0.15 + (2.6 - 2.2 * fragility) * share * share + 0.5 * (1 - fragility) * share)


def _space(rng: Rng, fragility: float) -> float:
    kind = float(rng.random())
    if kind < 0.25 * fragility:
        return uniform(rng, 70, 330)
    return uniform(rng, 1, 4) if kind < 0.7 else uniform(rng, 4, 22)


def _break_line(rng: Rng, width: int) -> F32:
    """How far a break strays from a straight cut, pixels: float32 (W,)."""
    x = np.arange(width, dtype=np.float32) - width / 2
    if chance(rng, 0.25):
        return (x * uniform(rng, -0.05, 0.05)).astype(np.float32)
    rough = uniform(rng, 0.3, 1.0)
    slope = uniform(rng, -0.6, 0.6) if chance(rng, 0.2) else uniform(rng, -0.12, 0.12)
    line = smooth_line(rng, width, 90) * 9 * rough + smooth_line(rng, width, 25) * 3 * rough
    return np.asarray(line + smooth_line(rng, width, 6) * rough + x * slope, np.float32)


def _add_piece(
    rng: Rng, maps: tuple[F32, F32, npt.NDArray[np.int32]], number: int, rows: tuple[float, float],
    breaks: tuple[F32, F32], centre: F32, half: float,
) -> None:  # fmt: skip
    inside, across, piece = maps
    first = max(0, int(rows[0] + breaks[0].min()) - 2)
    last = min(inside.shape[0], int(rows[1] + breaks[1].max()) + 3)
    if last <= first:
        return
    y = np.arange(first, last, dtype=np.float32)[:, None]
    x = np.arange(inside.shape[1], dtype=np.float32)[None, :]
    lean = uniform(rng, -0.02, 0.02)
    middle = centre[first:last, None] + (uniform(rng, -0.035, 0.035) * half) + (y - rows[0]) * lean
    wide = half * uniform(rng, 0.94, 1.0)
    ragged = smooth_line(rng, last - first, 40) * 1.2 + smooth_line(rng, last - first, 5) * 0.5
    side = wide - np.abs(x - middle) + ragged[:, None]
    end = np.minimum(y - rows[0] - breaks[0][None, :], rows[1] + breaks[1][None, :] - y)
    corner = min(uniform(rng, 2, 16), (rows[1] - rows[0]) * 0.4)
    over_side, over_end = np.maximum(corner - side, 0), np.maximum(corner - end, 0)
    distance = np.minimum(np.minimum(side, end), corner - np.sqrt(over_side * over_side + over_end * over_end))
    deeper = np.where((side > corner) & (end > corner), np.minimum(side, end), distance)
    deeper = np.clip(deeper, -60, 60)
    mine = deeper > inside[first:last]
    np.copyto(inside[first:last], deeper, where=mine)
    np.copyto(across[first:last], np.clip((x - middle) / wide, -1, 1), where=mine)
    np.copyto(piece[first:last], np.int32(number), where=mine)


def _add_rubble(
    rng: Rng,
    inside: F32,
    piece: npt.NDArray[np.int32],
    number: int,
    rows: tuple[int, int],
    columns: tuple[float, float],
) -> int:
    """Fill a gap with angular fragments, numbered from `number`; returns the next free number."""
    part, numbers = inside[rows[0] : rows[1]], piece[rows[0] : rows[1]]
    if part.shape[0] < 8:
        return number
    y, x = rows_columns((part.shape[0], part.shape[1]))
    bend = smooth(rng, part.shape, (18, 18)) * 2
    within = np.minimum(x - columns[0], columns[1] - x) + bend
    largest = uniform(rng, 40, 130)
    for size, kept in ((largest * 0.3, 0.9), (largest * 0.55, 0.6), (largest, uniform(rng, 0.3, 0.7))):
        skew = uniform(rng, -0.5, 0.5)
        tiling = cells(rng, y + x * skew + bend, x - bend, (size, size * uniform(rng, 0.9, 1.6)), jitter=1.0)
        loss = rng.random(tiling.total, dtype=np.float32) * (size * 0.08) + 1.0
        loss[rng.random(tiling.total, dtype=np.float32) > kept] = 1e3
        fragment = np.minimum(tiling.border * 0.55 - np.take(loss, tiling.owner), within)
        above = fragment > 0
        np.copyto(part, np.clip(fragment, -60, 60), where=above | (part < fragment))
        np.copyto(numbers, tiling.owner + np.int32(number), where=above)
        number += tiling.total
    return number


def _chip_edges(rng: Rng, inside: F32) -> None:
    """Break small bits off the edges, of some cores more than of others."""
    rough = uniform(rng, 0.0, 1.0)
    chips = ramp(smooth(rng, inside.shape, (14, 14)), 1.5, 2.6) * 9
    inside -= chips * ramp(inside, 24, 4) + np.abs(smooth(rng, inside.shape, (4, 4))) * ramp(inside, 10, 0) * rough
