"""What light and camera add: gradients, casts, haze of a lens, noise and compression."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.training.drawing.noise import F32, Rng, blur, chance, rows_columns, smooth, uniform
from facies.training.drawing.paint import shade

Photo = npt.NDArray[np.uint8]


def expose(rng: Rng, planes: F32) -> None:
    """Uneven light, exposure, contrast, saturation and colour cast, in place."""
    hw = (planes.shape[1], planes.shape[2])
    y, x = rows_columns(hw)
    slope = (y / hw[0] - 0.5) * uniform(rng, -0.25, 0.25) + (x / hw[1] - 0.5) * uniform(rng, -0.2, 0.2)
    shade(planes, 1 + slope + smooth(rng, hw, (700, 300)) * 0.04)
    if chance(rng, 0.15):
        edge = uniform(rng, 0.1, 0.9) * hw[0] + (x - hw[1] / 2) * uniform(rng, -2, 2)
        soft = uniform(rng, 10, 90)
        side = np.clip((y - edge) / soft + 0.5, 0, 1)
        shade(planes, 1 - side * uniform(rng, 0.15, 0.45))
    saturation = uniform(rng, 0.45, 1.0)
    grey = (planes[0] + planes[1] + planes[2]) / 3
    planes -= grey
    planes *= saturation
    planes += grey
    warmth, tint = uniform(rng, -0.08, 0.13), uniform(rng, -0.03, 0.03)
    exposure = uniform(rng, 0.55, 1.12)
    for plane, gain in zip(planes, (1 + warmth, 1 + tint, 1 - warmth), strict=True):
        plane *= exposure * gain
    curve = uniform(rng, -0.25, 0.45)
    np.clip(planes, 0, 1, out=planes)
    planes += curve * (planes - planes * planes) * (planes - 0.42) * 2


def develop(rng: Rng, planes: F32) -> Photo:
    """Turn planes into a photo: blur of the lens, noise of the sensor, loss of JPEG."""
    sharpness = float(rng.random())
    if sharpness < 0.7:
        soft = blur(planes, 1, passes=1)
        planes += (soft - planes) * uniform(rng, 0.4, 1.0)
    elif sharpness > 0.9:
        planes += (planes - blur(planes, 2)) * uniform(rng, 0.2, 0.6)
    noise = uniform(rng, 0.0, 0.014)
    planes += (rng.random(planes.shape, dtype=np.float32) - 0.5) * (noise * 3.46)
    photo = to_photo(planes)
    return jpeg(photo, int(rng.integers(60, 96))) if chance(rng, 0.8) else photo


def enlarged(planes: F32, hw: tuple[int, int]) -> F32:
    """Enlarge planes to `hw`, smoothly, by way of 8-bit colours: Pillow's sums of those are the same everywhere."""
    large = Image.fromarray(to_photo(planes)).resize((hw[1], hw[0]), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32).transpose(2, 0, 1) * (1 / 255)


def to_photo(planes: F32) -> Photo:
    """Round planes to uint8 (H, W, 3)."""
    return np.ascontiguousarray((np.clip(planes, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))


def jpeg(photo: Photo, quality: int) -> Photo:
    """Compress a photo and read it back."""
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))
