"""Charts as inline SVG. Colours come from the page's style sheet, so they follow light, dark and print."""

from collections.abc import Sequence
from html import escape
from typing import Any

_WIDTH, _HEIGHT = 360, 336
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 348, 12, 290
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_STRIP_HEIGHT = 54
_KEY_LINE = 16
_LETTER = 6
_LONGEST_NAME = 28

KINDS = {"before": "before", "served": "as served", "refitted": "refitted here"}
"""Series of a reliability diagram, in the order in which they are drawn."""


def curve_chart(curves: Sequence[dict[str, Any]], kind: str) -> str:
    """ROC or precision-recall curves.

    Args:
        curves: each with `name`, `share` of positives, the points under `kind` and their area under `<kind>_area`.
        kind: "roc" or "pr".
    """
    labels = ("false positive rate", "true positive rate") if kind == "roc" else ("recall", "precision")
    parts = [_frame(*labels, _HEIGHT)]
    if kind == "roc":
        parts.append(_line([(0, 0), (1, 1)], "chance"))
    elif len(curves) == 1:
        parts.append(_line([(0, curves[0]["share"]), (1, curves[0]["share"])], "chance"))
    for number, curve in enumerate(curves):
        parts.append(_line(list(zip(*curve[kind], strict=True)), f"series s{number}"))
    entries = [
        (f"s{number}", f"{_short(curve['name'])} {_number(curve[f'{kind}_area'])}")
        for number, curve in enumerate(curves)
    ]
    title, corner = ("ROC curve", "lower right") if kind == "roc" else ("Precision-recall curve", "lower left")
    return _svg("".join(parts) + _key(entries, corner), title, _HEIGHT)


def coverage_chart(coverage: dict[str, Any]) -> str:
    """Accuracy of the surest answers against how many of them are kept; from `curves.coverage`."""
    points = list(zip(coverage["coverage"], coverage["accuracy"], strict=True))
    parts = [_frame("share of answers kept, the surest first", "accuracy", _HEIGHT), _line(points, "series s0")]
    return _svg("".join(parts), "Coverage against accuracy", _HEIGHT)


def reliability_chart(bins: dict[str, list[dict[str, Any]]], of: str) -> str:
    """Share that came true against probability, with how many there are of each below.

    Args:
        bins: from a name in `KINDS` to the bins of `curves.reliability`.
        of: what the probability is of.
    """
    height = _HEIGHT + _STRIP_HEIGHT
    parts = [_frame(of, "share that came true", height), _line([(0, 0), (1, 1)], "chance")]
    entries = []
    for kind in KINDS:
        if kind not in bins:
            continue
        points = [(entry["probability"], entry["share"]) for entry in bins[kind]]
        parts.append(_line(points, f"series {kind}"))
        if kind == "served":
            parts += [_error_bar(entry) for entry in bins[kind]]
        parts += [f'<circle class="dot {kind}" cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="3"/>' for x, y in points]
        entries.append((kind, KINDS[kind]))
    parts.append(_strip(bins["served"], height))
    return _svg("".join(parts) + _key(entries, "upper left"), "Reliability diagram", height)


def interval_bar(value: float | None, low: float | None, high: float | None) -> str:
    """A score and its interval on a scale from 0 to 1."""
    if value is None:
        return ""
    parts = ['<line class="scale" x1="4" x2="164" y1="8" y2="8"/>']
    parts += [f'<line class="scale" x1="{place}" x2="{place}" y1="4" y2="12"/>' for place in (4, 84, 164)]
    if low is not None and high is not None:
        parts.append(f'<line class="reach" x1="{low * 160 + 4:.1f}" x2="{high * 160 + 4:.1f}" y1="8" y2="8"/>')
    parts.append(f'<circle class="value" cx="{value * 160 + 4:.1f}" cy="8" r="2.8"/>')
    return f'<svg class="bar" viewBox="0 0 168 16" role="img" aria-label="{value:.3f}">{"".join(parts)}</svg>'


def _svg(content: str, title: str, height: int) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )


def _frame(x_label: str, y_label: str, height: int) -> str:
    parts = []
    for tick in _TICKS:
        parts += [
            f'<line class="grid" x1="{_x(tick):.1f}" x2="{_x(tick):.1f}" y1="{_TOP}" y2="{_BOTTOM}"/>',
            f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{_y(tick):.1f}" y2="{_y(tick):.1f}"/>',
            f'<text class="tick" x="{_x(tick):.1f}" y="{_BOTTOM + 15}" text-anchor="middle">{tick:g}</text>',
            f'<text class="tick" x="{_LEFT - 7}" y="{_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>',
        ]
    middle_x, middle_y = (_LEFT + _RIGHT) / 2, (_TOP + _BOTTOM) / 2
    parts += [
        f'<text class="label" x="{middle_x}" y="{height - 10}" text-anchor="middle">{escape(x_label)}</text>',
        f'<text class="label" transform="translate(12 {middle_y}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_label)}</text>",
    ]
    return "".join(parts)


def _line(points: Sequence[tuple[float, float]], style: str) -> str:
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline class="{style}" points="{path}"/>'


def _error_bar(entry: dict[str, Any]) -> str:
    x, low, high = _x(entry["probability"]), _y(entry["share_low"]), _y(entry["share_high"])
    return f'<line class="reach" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'


def _strip(bins: Sequence[dict[str, Any]], height: int) -> str:
    """How many there are a bin, as bars under the diagram."""
    floor, most = height - 30, max(entry["count"] for entry in bins)
    bars = []
    for entry in bins:
        tall = max(1.0, entry["count"] / most * (_STRIP_HEIGHT - 16))
        left, wide = _x(entry["low"]) + 1, _x(entry["high"]) - _x(entry["low"]) - 2
        bars.append(
            f'<rect class="count" x="{left:.1f}" y="{floor - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}">'
            f"<title>{entry['count']}</title></rect>"
        )
    return "".join(bars)


def _key(entries: Sequence[tuple[str, str]], corner: str) -> str:
    """Names of the series, in the corner that such curves leave free."""
    longest = max((len(name) for _, name in entries), default=0)
    x = _RIGHT - 30 - _LETTER * longest if corner.endswith("right") else _LEFT + 10
    first = _TOP + 14 if corner.startswith("upper") else _BOTTOM - _KEY_LINE * len(entries) + 4
    parts = []
    for number, (style, name) in enumerate(entries):
        y = first + _KEY_LINE * number
        parts.append(
            f'<line class="series {style}" x1="{x}" x2="{x + 18}" y1="{y}" y2="{y}"/>'
            f'<text class="key" x="{x + 24}" y="{y + 4}">{escape(name)}</text>'
        )
    return "".join(parts)


def _x(value: float) -> float:
    return _LEFT + value * (_RIGHT - _LEFT)


def _y(value: float) -> float:
    return _BOTTOM - value * (_BOTTOM - _TOP)


def _short(name: str) -> str:
    """A name that leaves room for the curves."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip(' ,')}…"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
