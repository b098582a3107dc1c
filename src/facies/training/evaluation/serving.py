"""A labelled picture through the analysis that is served."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.analysis import analyse
from facies.findings import Analysis
from facies.models.runtime import Runtime


def serve(file: Path | None, pixels: npt.NDArray[np.uint8], scratch: Path, runtime: Runtime) -> Analysis:
    """Analyse a picture as it would be served.

    Args:
        file: the picture's; None for a part of one, or a drawn one, which is written into a file first.
        pixels: uint8 (H, W, 3), what is in the file.
        scratch: a folder for the file.
        runtime: runs the package.
    """
    if file is None:
        file = scratch / "picture.png"
        Image.fromarray(pixels).save(file, compress_level=1)
    return analyse(file, runtime)
