"""What training shows the network: crops of pictures, flipped and mildly recoloured, all drawn from a seed."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from facies.training.fillers import lay_filler
from facies.training.plan import Augmentation

Pixels = npt.NDArray[np.uint8]
Rng = np.random.Generator

WHOLE_SHARE = (0.65, 1.0)
"""A view of the whole picture is a square of this share of its shorter side."""

SOFTENING = (1.2, 2.5)
"""A soft window is scaled down by this factor and up again."""

SERVED_SHARE = (0.82, 1.23)
"""A view at the scale of serving is a square of this many times the tile's size."""


def square(picture: Image.Image, side: float, corner_yx: tuple[float, float], size: int) -> Pixels:
    """Cut a square out of a picture and bring it to the network's size.

    Args:
        picture: RGB.
        side: of the square, pixels of the picture; cut down to the picture's shorter side.
        corner_yx: where it lies, 0 (top, left) … 1 (bottom, right).
        size: side of the result, pixels.

    Returns:
        uint8 (size, size, 3).
    """
    side = min(side, *picture.size)
    left = (picture.width - side) * corner_yx[1]
    top = (picture.height - side) * corner_yx[0]
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR, box))


def draw_tile_views(
    picture: Image.Image, count: int, served_px: int, size: int, augmentation: Augmentation, rng: Rng, *, upright: bool
) -> Pixels:
    """Draw augmented views of a picture with one label: in turn of nearly all of it and at the scale of serving.

    Args:
        picture: RGB.
        count: how many views.
        served_px: side of the tiles that are served, pixels. Pictures less than 1.5 times as large are shown whole.
        size: side of a view, pixels.
        augmentation: how colours vary.
        rng: what is drawn from.
        upright: mirror left and right only, for pictures that have an up.

    Returns:
        uint8 (count, size, size, 3); views at the scale of serving have odd indices.
    """
    shorter = min(picture.size)
    views = []
    for number in range(count):
        if number % 2 and shorter >= 1.5 * served_px:
            side = served_px * rng.uniform(*SERVED_SHARE)
        else:
            side = shorter * rng.uniform(*WHOLE_SHARE)
        view = square(picture, side, (rng.random(), rng.random()), size)
        views.append(recolour(turn(view, int(rng.integers(2 if upright else 8))), augmentation, rng))
    return np.stack(views)


def plain_tile_views(picture: Image.Image, served_px: int, size: int) -> Pixels:
    """The views that scores are computed from: the whole picture, and its four corners at the scale of serving.

    Returns:
        uint8 (5, size, size, 3).
    """
    whole = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
    corners = [(y, x) for y in (0.0, 1.0) for x in (0.0, 1.0)]
    return np.stack([whole, *(square(picture, served_px, corner, size) for corner in corners)])


def turn(view: npt.NDArray[np.uint8], way: int) -> npt.NDArray[np.uint8]:
    """One of the eight ways to lay a square picture down.

    Args:
        view: (s, s, ...).
        way: bit 0 mirrors left and right, bit 1 top and bottom, bit 2 swaps rows and columns.
    """
    if way & 1:
        view = view[:, ::-1]
    if way & 2:
        view = view[::-1]
    if way & 4:
        view = view.swapaxes(0, 1)
    return view


def recolour(view: Pixels, augmentation: Augmentation, rng: Rng) -> Pixels:
    """Vary gamma, brightness, colour cast and contrast, and sometimes take the colour out.

    Returns:
        uint8, the shape of `view`.
    """
    light = (view.astype(np.float32) / 255) ** _spread(augmentation.gamma, rng)
    if rng.random() < augmentation.grey_share:
        light = np.repeat(light.mean(axis=2, keepdims=True), 3, axis=2)
    gains = np.exp(rng.normal(0, augmentation.channel_gain, 3))
    light = light * (gains * _spread(augmentation.brightness, rng)).astype(np.float32)
    mean = light.mean()
    light = (light - mean) * _spread(augmentation.contrast, rng) + mean
    recoloured: Pixels = (light.clip(0, 1) * 255).astype(np.uint8)
    return recoloured


def _spread(deviation: float, rng: Rng) -> np.float32:
    return np.float32(np.exp(rng.normal(0, deviation)))


def draw_window(
    picture: Image.Image, label_map: Image.Image, size: int, augmentation: Augmentation, rng: Rng
) -> tuple[Pixels, npt.NDArray[np.uint8]]:
    """Draw an augmented square window of a picture with a label map.

    Two windows in five are as wide as the picture, as in serving; the others are up to 1.7 times enlarged.

    Returns:
        uint8 (size, size, 3) and its labels, uint8 (size, size).
    """
    shorter = min(picture.size)
    side = shorter * (1.0 if rng.random() < 0.4 else rng.uniform(0.6, 1.0))
    corner = (rng.random(), rng.random())
    left, top = (picture.width - side) * corner[1], (picture.height - side) * corner[0]
    labels = label_map.resize((size, size), Image.Resampling.NEAREST, (left, top, left + side, top + side))
    way = int(rng.integers(4))
    drawn_at = round(size / rng.uniform(*SOFTENING)) if rng.random() < augmentation.soft_share else size
    view, shown = square(picture, side, corner, drawn_at), np.asarray(labels)
    view = np.asarray(Image.fromarray(view).resize((size, size)))
    if augmentation.filler_share and rng.random() < augmentation.filler_share:
        view, shown = lay_filler(view, shown, rng)
    return recolour(turn(view, way), augmentation, rng), np.ascontiguousarray(turn(shown, way))
