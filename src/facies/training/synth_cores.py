"""Photos of drill cores, drawn: every pixel's rock type is known, because it was decided before it was painted.

A core is laid out as beds of rock types, broken into pieces, painted, lit, laid into a box with the things that lie in
core boxes, and photographed. The same seed gives the same photo on any machine (given the same Pillow, whose JPEG
coder has the last word). Nothing is fitted to anybody's rock: the textures are what geologists describe.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.training.drawing import boxes, camera, faces, pieces, things
from facies.training.drawing.noise import F32, Rng, blur, chance, generator, uniform
from facies.training.drawing.paint import sunlit
from facies.training.drawing.rocks import COLOURS, ROCK_TYPES
from facies.training.drawing.writing import Drawn, write_drawn

Photo = npt.NDArray[np.uint8]
LabelMap = npt.NDArray[np.uint8]

_CORE, _TEXTURE, _BEDS = 1, 2, 3
_TRIES = 4
_SPARE = 30  # columns of rock on either side of the photo, for pieces that are shifted


@dataclass(frozen=True, eq=False)
class SynthCore:
    """A drawn photo and its truth.

    Attributes:
        photo: uint8 (H, W, 3), RGB.
        label_map: uint8 (H, W), 0 background, 1 to 11 the rock types of `facies.training.drawing.rocks.NAMES`.
    """

    photo: Photo
    label_map: LabelMap


def draw(seed: int, *, height: int = 2500, width: int = 384, rock_types: Sequence[int] | None = None) -> SynthCore:
    """Draw the photo of one core, top of the hole up.

    Args:
        seed: which photo; not negative.
        height: rows, at least 64.
        width: columns, at least 64.
        rock_types: numbers of the types to draw, each of which is seen at least once; None for a few at random.

    Returns:
        The photo and its label map.

    Raises:
        TrainingError: an unknown type, none at all, or too small a photo.
    """
    if min(height, width) < 64:
        raise TrainingError(f"A drawn core needs at least 64 x 64 pixels, not {height} x {width}.")
    rng = generator(seed, _CORE)
    kinds = _check(rock_types) if rock_types is not None else _some_types(rng, height)
    hw = (height, width)
    labels, shape = _lay_out(rng, hw, kinds)
    surface = faces.paint_beds(rng, labels, _grain(rng, width))
    surface, labels = faces.shift_pieces(rng, surface, labels, shape)
    light_yx = (uniform(rng, -0.9, 0.3), uniform(rng, -0.9, 0.9))
    core = faces.light_core(rng, surface, shape, light_yx)
    if chance(rng, 0.3):
        faces.mark_core(rng, core, shape)
    planes = boxes.box(rng, hw)
    faces.cast_shadow(rng, planes, shape.inside, light_yx)
    canvas = things.Canvas(planes)
    _fill_gaps(rng, canvas, shape)
    faces.lay_on(canvas.planes, core, shape.inside)
    canvas.covered &= shape.inside <= 0
    _lay_on_top(rng, canvas)
    camera.expose(rng, canvas.planes)
    photo = camera.develop(rng, canvas.planes)
    return SynthCore(photo, np.where((shape.inside > 0) & ~canvas.covered, labels, 0).astype(np.uint8))


def textured(seed: int, label_map: LabelMap, photo: Photo | None = None) -> Photo:
    """Paint drawn rock into the shape of a real core.

    Args:
        seed: which rock.
        label_map: uint8 (H, W), 0 background, 1 to 11 rock types (`lay_beds` makes one from a shape).
        photo: uint8 (H, W, 3), the photo that the shape comes from. Its background is kept, and the light and the
            breaks of its core are laid over the drawn rock. None draws a box instead.

    Returns:
        uint8 (H, W, 3).

    Raises:
        TrainingError: a value above 11, or a photo of another size.
    """
    if int(label_map.max(initial=0)) > max(ROCK_TYPES):
        raise TrainingError(f"A label map to be painted has values of 0 to {max(ROCK_TYPES)}, not {label_map.max()}.")
    if photo is not None and photo.shape[:2] != label_map.shape:
        raise TrainingError(f"The photo is {photo.shape[:2]}, its label map is {label_map.shape}.")
    rng = generator(seed, _TEXTURE)
    hw = (label_map.shape[0], label_map.shape[1])
    surface = faces.paint_beds(rng, label_map, _grain(rng, hw[1]))
    core: F32 = surface.colour * sunlit(surface.relief, (-0.7, uniform(rng, -0.7, 0.7)), uniform(rng, 0.1, 0.3))
    camera.expose(rng, core)
    if photo is None:
        planes = boxes.box(rng, hw)
        camera.expose(rng, planes)
    else:
        planes = photo.astype(np.float32).transpose(2, 0, 1) * (1 / 255)
        light = faces.relight(photo, label_map > 0)
        core *= 1 + (light - 1) * uniform(rng, 0.5, 1.0)
    inside = blur((label_map > 0).astype(np.float32), 1) * 2 - 1
    faces.lay_on(planes, core, inside)
    return camera.develop(rng, planes)


def lay_beds(seed: int, shape: npt.NDArray[np.bool_], rock_types: Sequence[int] | None = None) -> LabelMap:
    """Give the core in `shape` (bool (H, W)) beds of rock types: uint8 (H, W), 0 where `shape` is False."""
    rng = generator(seed, _BEDS)
    kinds = _check(rock_types) if rock_types is not None else _some_types(rng, shape.shape[0])
    labels = pieces.lay_beds(rng, (shape.shape[0], shape.shape[1]), kinds)
    return np.where(shape, labels, 0).astype(np.uint8)


def write(
    folder: Path, count: int, seed: int, *, height: int = 2500, width: int = 384,
    on_written: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:  # fmt: skip
    """Write photos and their masks: `images/core-<seed>.jpg` and `masks/core-<seed>.png` (palette PNG, index = type).

    Args:
        folder: made where it is missing; files of the same name are replaced.
        count: how many.
        seed: of the first; the others follow by one.
        height: rows of each.
        width: columns of each.
        on_written: told (done, total) after each.
    """

    def draw_one(seed: int) -> Drawn:
        drawn = draw(seed, height=height, width=width)
        return drawn.photo, drawn.label_map

    jpeg = {"quality": 95, "subsampling": 0}
    write_drawn(folder, range(seed, seed + count), "core", draw_one, COLOURS, jpeg, on_written)


def _check(rock_types: Sequence[int]) -> list[int]:
    kinds = sorted(set(rock_types))
    if not kinds or any(kind not in ROCK_TYPES for kind in kinds):
        raise TrainingError(
            f"Rock types to draw are numbers of 1 to {max(ROCK_TYPES)}, at least one, not {list(rock_types)}."
        )
    return kinds


def _some_types(rng: Rng, height: int) -> list[int]:
    most = min(7, 2 + height // 350)
    return [int(kind) for kind in rng.permutation(np.array(list(ROCK_TYPES)))[: int(rng.integers(1, most))]]


def _grain(rng: Rng, width: int) -> float:
    """Size of a millimetre, pixels: cores are 5 to 15 cm wide."""
    return width / uniform(rng, 70, 150)


def _lay_out(rng: Rng, hw: tuple[int, int], kinds: Sequence[int]) -> tuple[LabelMap, pieces.Shape]:
    """Lay beds, wider than the photo, and break the core so that something is left of each type."""
    labels = pieces.lay_beds(rng, (hw[0], hw[1] + 2 * _SPARE), kinds)
    fragility = float(rng.random())
    for attempt in range(_TRIES):
        last = attempt == _TRIES - 1
        rows = (0, hw[0]) if last else _core_rows(rng, hw[0])
        share = uniform(rng, 0.62, 0.8) if chance(rng, 0.5) else uniform(rng, 0.8, 1.02)
        shape = pieces.break_core(rng, hw, rows, share, 0.0 if last else fragility)
        if chance(rng, 0.1) and hw[0] > 800 and not last:
            pieces.plug_holes(rng, shape, hw[1] / 2)
        if all(_left(labels[:, _SPARE:-_SPARE] == kind, shape) > 0.4 for kind in kinds):
            break
        fragility *= 0.5
    return labels, shape


def _core_rows(rng: Rng, height: int) -> tuple[int, int]:
    top = int(uniform(rng, 0.01, 0.12) * height) if chance(rng, 0.5) else -20
    bottom = int(uniform(rng, 0.85, 0.99) * height) if chance(rng, 0.5) else height + 20
    return top, bottom


def _left(bed: npt.NDArray[np.bool_], shape: pieces.Shape) -> float:
    """What share of a bed lies in the core."""
    return int(np.count_nonzero(bed & (shape.inside > 0))) / max(1, int(np.count_nonzero(bed)))


def _fill_gaps(rng: Rng, canvas: things.Canvas, shape: pieces.Shape) -> None:
    """Put plugs, blocks, bits and wrap into the gaps of the core."""
    width = canvas.hw[1]
    columns = (int(width * 0.08), int(width * 0.92))
    for gap in shape.gaps:
        if gap.rubble or chance(rng, 0.3):
            continue
        room = gap.rows[1] - gap.rows[0]
        kind = float(rng.random())
        if kind < 0.3 and room > 90:
            things.foam_plug(rng, canvas, gap.rows, columns)
        elif kind < 0.6:
            things.depth_block(rng, canvas, gap.rows, columns)
        elif kind < 0.75:
            things.paper_label(rng, canvas, gap.rows[0] + 4, columns[0], min(columns[1] - columns[0], max(40, room)))
        elif kind < 0.85 and room > 90:
            things.drill_bit(rng, canvas, gap.rows, columns)
        elif kind < 0.95:
            things.bubble_wrap(rng, canvas, gap.rows, columns)


def _lay_on_top(rng: Rng, canvas: things.Canvas) -> None:
    """Put stickers, slips of paper and a scale over the core's edge."""
    height, width = canvas.hw
    if chance(rng, 0.2):
        things.stickers(rng, canvas, (0, height), width * (uniform(rng, 0.72, 0.86) if chance(rng, 0.7) else 0.12))
    if chance(rng, 0.2) and height > 800:
        size = int(width * uniform(rng, 0.22, 0.5))
        left = int(uniform(rng, -0.3 * size, width - 0.6 * size))
        things.paper_label(rng, canvas, int(uniform(rng, 0, height - size)), left, size)
    if chance(rng, 0.1):
        bar = int(width * uniform(rng, 0.06, 0.1))
        things.scale_bar(rng, canvas, 0 if chance(rng, 0.5) else width - bar, bar)
