"""The photos that everything is timed on: drawn, the same on any machine."""

from pathlib import Path

import numpy as np
from PIL import Image

from facies.training import synth_cores, synth_reefs

REEF, CORE, LARGE_CORE = "reef-12mp.jpg", "core-1mp.jpg", "core-12mp.jpg"


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


def _draw(name: str, width: int, height: int) -> Image.Image:
    if name == REEF:
        return Image.fromarray(synth_reefs.draw(1, width=width, height=height).photo)
    standing = synth_cores.draw(1, height=2400, width=400).photo  # drawn small: only its size matters here
    return Image.fromarray(np.ascontiguousarray(np.rot90(standing))).resize((width, height), Image.Resampling.BICUBIC)
