"""Drawn photos as files: `images/` beside `masks/`, the layout that evaluation recognises."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Drawn = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]
"""A photo, uint8 (H, W, 3), and the class of every pixel, uint8 (H, W)."""


def write_drawn(
    folder: Path,
    seeds: range,
    name: str,
    draw: Callable[[int], Drawn],
    colours: Sequence[tuple[int, int, int]],
    jpeg: Mapping[str, Any],
    on_written: Callable[[int, int], None],
) -> None:
    """Write photos and their masks: `images/<name>-<seed>.jpg` and `masks/<name>-<seed>.png` (palette PNG).

    Args:
        folder: made where it is missing; files of the same name are replaced.
        seeds: one a photo.
        name: what the files' names begin with.
        draw: from a seed to a photo and its mask.
        colours: of the classes, RGB, in order.
        jpeg: how the photos are packed.
        on_written: told (done, total) after each.
    """
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for done, seed in enumerate(seeds, start=1):
        photo, label_map = draw(seed)
        Image.fromarray(photo).save(folder / "images" / f"{name}-{seed:06d}.jpg", **jpeg)
        mask = Image.fromarray(label_map)
        mask.putpalette([channel for colour in colours for channel in colour])
        mask.save(folder / "masks" / f"{name}-{seed:06d}.png")
        on_written(done, len(seeds))
