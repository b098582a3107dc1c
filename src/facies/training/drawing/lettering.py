"""Writing by hand: a small alphabet of strokes, drawn with a wobble."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageDraw

from facies.training.drawing.noise import F32, Rng, uniform

Stroke = tuple[tuple[int, int], ...]

# Each glyph stands in a box of 4 x 6: (column, row), row 0 on top.
_GLYPHS: Mapping[str, str] = MappingProxyType(
    {
        "0": "10 30 41 45 36 16 05 01 10", "1": "11 20 26", "2": "01 10 30 41 42 06 46", "3": "00 40 23 34 45 36 16 05",
        "4": "36 30 04 44", "5": "40 10 02 32 43 45 36 06", "6": "40 12 04 06 36 45 43 13", "7": "00 40 16",
        "8": "13 01 10 30 41 33 13 05 16 36 45 33", "9": "43 13 01 10 30 41 43 36 16", "A": "06 20 46/14 34",
        "B": "06 00 30 41 33 03/33 45 36 06", "C": "41 30 10 01 05 16 36 45", "D": "00 06 26 44 42 20 00",
        "E": "40 00 06 46/03 33", "G": "41 30 10 01 05 16 36 45 43 23", "H": "00 06/40 46/03 43", "K": "00 06/40 03 46",
        "L": "00 06 46", "M": "06 00 23 40 46", "N": "06 00 46 40", "P": "06 00 30 41 32 03",
        "R": "06 00 30 41 33 03/23 46",
        "S": "41 30 10 01 12 33 45 36 16 05", "T": "00 40/20 26", "U": "00 05 16 36 45 40", "W": "00 16 23 36 40",
        "X": "00 46/40 06", "Y": "00 23 40/23 26", "Z": "00 40 06 46", "-": "13 33", ".": "25 26", ":": "21 22/24 25",
        "/": "40 06", " ": "",
    }
)  # fmt: skip
_SHARPER = 3


def handwriting(rng: Rng, text: str, height: int, weight: float = 0.12) -> F32:
    """Write one line.

    Args:
        rng: gives the hand its wobble.
        text: capitals, digits and - . : / only; anything else becomes a blank.
        height: of the capitals, pixels.
        weight: of the pen, as a share of the height.

    Returns:
        float32 (H, W), 0 to 1, how much ink lies on each pixel; H is a little more than `height`.
    """
    unit = height * _SHARPER / 6
    advance = unit * 5.6
    size = (int(advance * max(1, len(text)) + 2 * unit), int(height * _SHARPER + 3 * unit))
    page = Image.new("L", size)
    pen = ImageDraw.Draw(page)
    width = max(1, round(height * _SHARPER * weight))
    slant = uniform(rng, -0.15, 0.25)
    for place, letter in enumerate(text):
        lift = uniform(rng, -0.3, 0.3) * unit
        for stroke in _strokes(letter):
            points = [
                (
                    int(unit + place * advance + (column + slant * (6 - row) + uniform(rng, -0.22, 0.22)) * unit),
                    int(1.5 * unit + lift + (row + uniform(rng, -0.22, 0.22)) * unit),
                )
                for column, row in stroke
            ]
            pen.line(points, fill=255, width=width, joint="curve")
    small = page.resize((max(1, size[0] // _SHARPER), max(1, size[1] // _SHARPER)), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def depth_text(rng: Rng) -> str:
    """A depth as it is written on blocks: 1234.5, or a box or core number."""
    kind = int(rng.integers(4))
    if kind == 0:
        return f"{int(rng.integers(10, 4000))}.{int(rng.integers(0, 100)):02d}"
    if kind == 1:
        return str(int(rng.integers(100, 9999)))
    letters = "ABCDGHKLMNPRSTUXYZ"
    if kind == 2:
        code = "".join(letters[int(rng.integers(len(letters)))] for _ in range(int(rng.integers(2, 5))))
        return f"{code}-{int(rng.integers(1, 300))}"
    return f"{int(rng.integers(1, 400))}.{int(rng.integers(10))} M"


def _strokes(letter: str) -> list[Stroke]:
    return [
        tuple((int(point[0]), int(point[1])) for point in stroke.split())
        for stroke in _GLYPHS.get(letter, "").split("/")
        if stroke
    ]
