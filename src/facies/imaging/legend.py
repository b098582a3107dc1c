"""A panel that names the colours of an overlay, drawn to its right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

_PAPER = (30, 30, 30)
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


def with_legend(overlay: npt.NDArray[np.uint8], entries: Sequence[LegendEntry]) -> npt.NDArray[np.uint8]:
    """Add a panel with a swatch and the name of each entry on the right.

    Args:
        overlay: uint8 (H, W, 3). A short one is continued downwards in the panel's colour until all names fit.
        entries: what to name, in order.

    Returns:
        uint8 (max(H, panel), W + panel, 3).
    """
    panel = _panel(overlay.shape[0], entries)
    height = max(overlay.shape[0], panel.shape[0])
    joined = np.empty((height, overlay.shape[1] + panel.shape[1], 3), dtype=np.uint8)
    joined[:] = _PAPER
    joined[: overlay.shape[0], : overlay.shape[1]] = overlay
    joined[: panel.shape[0], overlay.shape[1] :] = panel
    return joined


def _panel(height: int, entries: Sequence[LegendEntry]) -> npt.NDArray[np.uint8]:
    font = ImageFont.load_default(size=_FONT_SIZE)
    texts = [_wrap(entry.name) for entry in entries]
    text_left = _MARGIN + _SWATCH_WH[0] + _GAP
    widest = max((font.getlength(line) for text in texts for line in text), default=0)
    heights = [_ROW_PITCH + _LINE_HEIGHT * (len(text) - 1) for text in texts]
    panel_wh = (text_left + int(np.ceil(widest)) + _MARGIN, max(height, sum(heights) + 2 * _MARGIN))
    panel = Image.new("RGB", panel_wh, _PAPER)
    draw = ImageDraw.Draw(panel)
    top = _MARGIN
    for entry, text, row_height in zip(entries, texts, heights, strict=True):
        middle = top + row_height / 2
        swatch_top = round(middle - _SWATCH_WH[1] / 2)
        draw.rectangle((_MARGIN, swatch_top, _MARGIN + _SWATCH_WH[0] - 1, swatch_top + _SWATCH_WH[1] - 1), entry.rgb)
        draw.multiline_text((text_left, middle), "\n".join(text), _INK, font, anchor="lm", spacing=4)
        top += row_height
    return np.asarray(panel)


def _wrap(name: str) -> list[str]:
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= _LONGEST_LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
