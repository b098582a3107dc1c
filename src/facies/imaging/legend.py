"""A panel that names the colours of an overlay, drawn to its right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from facies.imaging.png import Stripe

PAPER_RGB = (30, 30, 30)
_INK = (235, 235, 235)
_MARGIN = 10
_SWATCH_WH = (26, 21)
_GAP = 9
_ROW_PITCH = 34
_LINE_HEIGHT = 25
_FONT_SIZE = 17
_LONGEST_LINE = 24


@dataclass(frozen=True)
class LegendEntry:
    """A class of the overlay: its name and colour."""

    name: str
    rgb: tuple[int, int, int]


def draw_legend(least_height: int, entries: Sequence[LegendEntry]) -> npt.NDArray[np.uint8]:
    """Draw a panel with a swatch and the name of each entry.

    Args:
        least_height: of the overlay that it stands beside, pixels.
        entries: what to name, in order.

    Returns:
        uint8 (H, W, 3), H as large as all names need and at least `least_height`.
    """
    font = ImageFont.load_default(size=_FONT_SIZE)
    texts = [_wrap(entry.name) for entry in entries]
    text_left = _MARGIN + _SWATCH_WH[0] + _GAP
    widest = max((font.getlength(line) for text in texts for line in text), default=0)
    heights = [_ROW_PITCH + _LINE_HEIGHT * (len(text) - 1) for text in texts]
    panel_wh = (text_left + int(np.ceil(widest)) + _MARGIN, max(least_height, sum(heights) + 2 * _MARGIN))
    panel = Image.new("RGB", panel_wh, PAPER_RGB)
    draw = ImageDraw.Draw(panel)
    top = _MARGIN
    for entry, text, row_height in zip(entries, texts, heights, strict=True):
        middle = top + row_height / 2
        swatch_top = round(middle - _SWATCH_WH[1] / 2)
        draw.rectangle((_MARGIN, swatch_top, _MARGIN + _SWATCH_WH[0] - 1, swatch_top + _SWATCH_WH[1] - 1), entry.rgb)
        draw.multiline_text((text_left, middle), "\n".join(text), _INK, font, anchor="lm", spacing=4)
        top += row_height
    return np.asarray(panel)


def beside(
    stripes: Iterable[Stripe], tops: Iterable[int], panel: npt.NDArray[np.uint8], image_hw: tuple[int, int]
) -> Iterator[Stripe]:
    """Put a panel to the right of a picture.

    Args:
        stripes: make the picture from the top down, uint8 (rows, W, 3) each.
        tops: the first row of each.
        panel: uint8 (H', W', 3), from `draw_legend`.
        image_hw: the picture's size, pixels.

    Yields:
        stripes of both; where the panel is the higher one, it goes on beside its own paper.
    """
    for top, stripe in zip(tops, stripes, strict=True):
        yield partial(_join, stripe, panel, top)
    below = panel[image_hw[0] :]
    if len(below):
        paper = np.full((len(below), image_hw[1], 3), PAPER_RGB, dtype=np.uint8)
        yield lambda: np.hstack([paper, below])


def _join(stripe: Stripe, panel: npt.NDArray[np.uint8], top: int) -> npt.NDArray[np.uint8]:
    left = stripe()
    return np.hstack([left, panel[top : top + len(left)]])


def _wrap(name: str) -> list[str]:
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= _LONGEST_LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
