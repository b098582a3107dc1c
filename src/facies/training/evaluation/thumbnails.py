"""Small pictures inside the page."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def thumbnail(pixels: npt.NDArray[np.uint8], side: int, file_format: str = "JPEG") -> str:
    """A small picture as a data URL.

    Args:
        pixels: uint8 (H, W, 3).
        side: of the longer side as shown, pixels; there are twice as many for sharp screens.
        file_format: "JPEG" or "PNG".
    """
    picture, file = Image.fromarray(pixels), io.BytesIO()
    filter_ = Image.Resampling.LANCZOS if file_format == "JPEG" else Image.Resampling.NEAREST
    picture.thumbnail((side * 2, side * 2), filter_)
    picture.save(file, file_format, quality=80, optimize=True)
    return f"data:image/{file_format.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
