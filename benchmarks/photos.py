"""The photos that everything is timed on: drawn, the same on any machine."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image

from facies.training import synth_cores, synth_reefs

REEF, CORE, LARGE_CORE = "reef-12mp.jpg", "core-1mp.jpg", "core-12mp.jpg"
GIANT_REEF, LARGE_REEF = "reef-1100mp.tif", "reef-400mp.jpg"

_GIANT_WH, _LARGE_WH = (36_864, 30_000), (20_000, 20_000)


def draw_photos(folder: Path) -> dict[str, Path]:
    """Draw what is not there yet.

    Returns:
        name to file: a reef photo of 12 MP, a core photo of 2400 × 400, and one of 12 MP.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {REEF: (4000, 3000), CORE: (2400, 400), LARGE_CORE: (8400, 1428)}
    for name, (width, height) in sizes.items():
        if not (folder / name).exists():
            _draw(name, width, height).save(folder / name, quality=92)
    return {name: folder / name for name in sizes}


def draw_giants(folder: Path) -> dict[str, Path]:
    """Draw what is not there yet of the photos larger than memory, in bands, in some seconds each.

    The 12-MP reef is laid side by side. Its size is no multiple of a tile's, so no two of its copies are cut alike.

    Returns:
        name to file: a tiled BigTIFF of 1.1 gigapixels and a baseline JPEG of 400 MP.
    """
    reef = draw_photos(folder)[REEF]
    giants = {GIANT_REEF: folder / GIANT_REEF, LARGE_REEF: folder / LARGE_REEF}
    if not giants[GIANT_REEF].exists():
        tiles = {"tile": True, "tile_width": 512, "tile_height": 512, "bigtiff": True}
        _complete(
            giants[GIANT_REEF], lambda out: _lay(reef, _GIANT_WH).tiffsave(out, compression="jpeg", Q=90, **tiles)
        )
    if not giants[LARGE_REEF].exists():
        _complete(giants[LARGE_REEF], lambda out: _lay(reef, _LARGE_WH).jpegsave(out, Q=90))
    return giants


def _lay(reef: Path, size_wh: tuple[int, int]) -> pyvips.Image:
    """Copies of a photo side by side, cropped to a size; nothing is decoded yet."""
    photo = pyvips.Image.new_from_file(str(reef)).copy_memory()
    across, down = (-(-wanted // size) for wanted, size in zip(size_wh, (photo.width, photo.height), strict=True))
    return photo.replicate(across, down).crop(0, 0, *size_wh)


def _complete(file: Path, save: Callable[[str], object]) -> None:
    """Have a file appear when it is complete."""
    unfinished = file.with_name(f"unfinished-{file.name}")
    save(str(unfinished))
    unfinished.replace(file)


def _draw(name: str, width: int, height: int) -> Image.Image:
    if name == REEF:
        return Image.fromarray(synth_reefs.draw(1, width=width, height=height).photo)
    standing = synth_cores.draw(1, height=2400, width=400).photo  # drawn small: only its size matters here
    return Image.fromarray(np.ascontiguousarray(np.rot90(standing))).resize((width, height), Image.Resampling.BICUBIC)
