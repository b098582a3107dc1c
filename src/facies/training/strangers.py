"""Pictures that a package is not for, to measure whether it can tell: other people's photos, and noise from a seed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facies.errors import TrainingError
from facies.training.drawing.noise import fractal
from facies.training.pictures import is_picture, read_picture

Picture = npt.NDArray[np.uint8]
Rng = np.random.Generator

NOISE = "generated noise"

_MOST_PICTURES = 200
_NOISE_PICTURES = 60
_NOISE_SIZES_TILES = ((2, 2), (3, 1), (2, 3))


def find_strangers(folder: Path) -> list[Callable[[], Picture]]:
    """The pictures in a folder and the folders in it; evenly over all of them where there are very many.

    Returns:
        a reader of each: uint8 (H, W, 3), or TrainingError where it cannot be read.

    Raises:
        TrainingError: there are none.
    """
    files = sorted(path for path in folder.rglob("*") if is_picture(path))
    if not files:
        raise TrainingError(f"There are no pictures in {folder}.")
    chosen = np.linspace(0, len(files) - 1, min(len(files), _MOST_PICTURES)).round().astype(int).tolist()
    return [partial(read_picture, files[number]) for number in chosen]


def draw_noise(seed: int, tile: int) -> list[Callable[[], Picture]]:
    """Pictures of nothing: grain, flat colours, gradients, blocks and clouds, in turn.

    Args:
        seed: of the drawing.
        tile: side of a tile, pixels; the pictures are some tiles large.

    Returns:
        what draws each: uint8 (H, W, 3).
    """
    return [partial(_draw, seed, number, tile) for number in range(_NOISE_PICTURES)]


def _draw(seed: int, number: int, tile: int) -> Picture:
    kinds = (_grain, _flat, _gradient, _blocks, _clouds)
    rng = np.random.default_rng([seed, number])
    height, width = _NOISE_SIZES_TILES[number % len(_NOISE_SIZES_TILES)]
    drawn = kinds[number % len(kinds)](rng, (height * tile, width * tile))
    return np.ascontiguousarray(drawn.clip(0, 255).astype(np.uint8))


def _grain(rng: Rng, hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    return rng.normal(rng.uniform(60, 200), rng.uniform(10, 80), (*hw, 3))


def _flat(rng: Rng, hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    return np.broadcast_to(rng.uniform(0, 255, 3), (*hw, 3))


def _gradient(rng: Rng, hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    share = np.linspace(0, 1, hw[1])[None, :, None].repeat(hw[0], axis=0)
    return share * rng.uniform(0, 255, 3) + (1 - share) * rng.uniform(0, 255, 3)


def _blocks(rng: Rng, hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    side = int(2 ** rng.integers(2, 7))
    colours = rng.uniform(0, 255, (hw[0] // side + 1, hw[1] // side + 1, 3))
    return colours.repeat(side, axis=0).repeat(side, axis=1)[: hw[0], : hw[1]]


def _clouds(rng: Rng, hw: tuple[int, int]) -> npt.NDArray[np.float64]:
    scale = float(rng.uniform(20, 200))
    planes = np.stack([fractal(rng, hw, (scale, scale), octaves=5) for _ in range(3)], axis=2)
    return planes * rng.uniform(20, 60, 3) + rng.uniform(60, 190, 3)
