"""The photos that everything is timed on: drawn, the same on any machine."""

from pathlib import Path

import numpy as np
import pyvips
from PIL import Image

from facies.training import synth_cores, synth_reefs

REEF, CORE, LARGE_CORE = "reef-12mp.jpg", "core-1mp.jpg", "core-12mp.jpg"
GIANT_TIFF, GIANT_JPEG = "reef-1100mp.tif", "reef-400mp.jpg"
_SIZES = {REEF: (4000, 3000), CORE: (2400, 400), LARGE_CORE: (8400, 1428)}
_GIANT_SIZES = {GIANT_TIFF: (36000, 30600), GIANT_JPEG: (20000, 20000)}


def draw_photos(folder: Path) -> dict[str, Path]:
    """Draw what is not there yet.

    Returns:
        name to file: a reef photo of 12 MP, a core photo of 2400 × 400, and one of 12 MP.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (width, height) in _SIZES.items():
        if not (folder / name).exists():
            _draw(name, width, height).save(folder / name, quality=92)
    return {name: folder / name for name in _SIZES}


def draw_giants(folder: Path) -> dict[str, Path]:
    """The reef photo side by side with itself, until it is a tiled BigTIFF of 1.1 gigapixels and a JPEG of 400 MP."""
    reef = draw_photos(folder)[REEF]
    for name, (width, height) in _GIANT_SIZES.items():
        if not (folder / name).exists():
            _repeat(reef, width, height, folder / name)
    return {name: folder / name for name in _GIANT_SIZES}


def _repeat(reef: Path, width: int, height: int, path: Path) -> None:
    small = pyvips.Image.jpegload(str(reef)).copy_memory()
    large = small.replicate(-(-width // small.width), -(-height // small.height)).crop(0, 0, width, height)
    unfinished = path.with_name(f"unfinished-{path.name}")
    if path.suffix == ".tif":
        large.tiffsave(str(unfinished), bigtiff=True, tile=True, compression="jpeg", Q=90)
    else:
        large.jpegsave(str(unfinished), Q=92)
    unfinished.replace(path)


def _draw(name: str, width: int, height: int) -> Image.Image:
    if name == REEF:
        return Image.fromarray(synth_reefs.draw(1, width=width, height=height).photo)
    standing = synth_cores.draw(1, height=2400, width=400).photo  # drawn small: only its size matters here
    return Image.fromarray(np.ascontiguousarray(np.rot90(standing))).resize((width, height), Image.Resampling.BICUBIC)
