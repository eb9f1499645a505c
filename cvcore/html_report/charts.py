"""Draws small charts as SVG text, without scripts, fonts or anything to download.

Colours are CSS classes of the page. Rates are 0..1, nan where undefined: there a line has a gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from cvcore.array_types import Float64s
from cvcore.languages import number, t
from cvcore.wording import whole_percent

WIDTH, HEIGHT = 300, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 16, 10, 34
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def threshold_chart(thresholds: Float64s, precision: Float64s, recall: Float64s, *, chosen: float | None) -> str:
    """Precision (solid) and recall (dashed) against the threshold, with a vertical line at the chosen one.

    >>> drawn = threshold_chart(np.array([0.0, 1.0]), np.array([0.5, np.nan]), np.array([1.0, 0.0]), chosen=0.5)
    >>> drawn.count("<path"), "nan" in drawn
    (2, False)
    """
    marks = [_path("precision", thresholds, precision), _path("recall", thresholds, recall)]
    if chosen is not None:
        marks.insert(0, f'<line class="chosen" x1="{_x(chosen)}" x2="{_x(chosen)}" y1="{_y(1)}" y2="{_y(0)}"/>')
    return _frame(
        marks, across=t("probability threshold"), down="", label=t("Precision and recall against the threshold")
    )


def precision_recall_chart(recall: Float64s, precision: Float64s, *, at: tuple[float, float]) -> str:
    """Precision against recall as steps, in the order given, with a dot at the chosen (recall, precision)."""
    defined = ~np.isnan(precision)
    across, up = recall[defined], precision[defined]
    # Steps, because straight lines between the points would show results that no threshold gives.
    stepped = np.repeat(across, 2)[1:], np.repeat(up, 2)[:-1]
    marks = [_path("precision", *stepped)]
    if not any(map(math.isnan, at)):
        marks.append(f'<circle class="dot" cx="{_x(at[0])}" cy="{_y(at[1])}" r="4"/>')
    return _frame(marks, across=t("recall"), down=t("precision"), label=t("Precision against recall"))


def band_chart(
    across: Float64s,
    values: Float64s,
    low: Float64s,
    high: Float64s,
    *,
    solid: int,
    across_title: str,
    label: str,
) -> str:
    """Rates against a number from 0 on, such as images, with a band of their intervals; all are (n,), ascending.

    The line is dashed from the `solid`-th point on.
    """
    most = float(across.max(initial=0.0)) or 1.0
    places = across / most
    known = ~np.isnan(low) & ~np.isnan(high)
    edge = [*zip(places[known], low[known], strict=True), *reversed([*zip(places[known], high[known], strict=True)])]
    outline = " ".join(f"{_x(x)},{_y(y)}" for x, y in edge)
    marks = [f'<polygon class="band" points="{outline}"/>'] if edge else []
    marks.append(_path("precision", places[:solid], values[:solid]))
    start = max(solid - 1, 0)
    marks.append(_path("expected", places[start:], values[start:]))
    ticks = [(share, number(round(share * most))) for share in _TICKS]
    return _frame(marks, across=across_title, down="", label=label, ticks=ticks)


def interval_bar(value: float, low: float, high: float) -> str:
    """A rate as a mark on a line from 0 to 1, with its interval as a bar; empty if undefined."""
    if math.isnan(value):
        return ""
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ground" x="0" y="4" width="100" height="2"/>'
        f'<rect class="reach" x="{_n(100 * low)}" y="2" width="{_n(100 * (high - low))}" height="6"/>'
        f'<rect class="value" x="{_n(100 * value - 0.75)}" y="0" width="1.5" height="10"/></svg>'
    )


def _frame(
    marks: Sequence[str],
    *,
    across: str,
    down: str,
    label: str,
    ticks: Sequence[tuple[float, str]] = (),
) -> str:
    """The chart with these marks, an axis up from 0 to 100 % and one across with places (0..1) and texts, or alike."""
    rates = [(tick, whole_percent(tick)) for tick in _TICKS]
    grid = []
    for tick, rate in rates:
        grid.append(f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(tick)}" y2="{_y(tick)}"/>')
        grid.append(f'<text x="{LEFT - 5}" y="{_y(tick)}" text-anchor="end" dy="3">{rate}</text>')
    for place, text in ticks or rates:
        grid.append(f'<text x="{_x(place)}" y="{HEIGHT - BOTTOM + 13}" text-anchor="middle">{escape(text)}</text>')
    middle = _n((TOP + HEIGHT - BOTTOM) / 2)
    titles = f'<text x="{_x(0.5)}" y="{HEIGHT - 5}" text-anchor="middle">{escape(across)}</text>' + (
        f'<text transform="translate(9 {middle}) rotate(-90)" text-anchor="middle">{escape(down)}</text>'
        if down
        else ""
    )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(grid)}{titles}{''.join(marks)}</svg>"
    )


def _path(kind: str, across: Float64s, up: Float64s) -> str:
    pieces, pen = [], "M"
    for x, y in zip(across, up, strict=True):
        if math.isnan(y):
            pen = "M"
            continue
        pieces.append(f"{pen}{_x(x)} {_y(y)}")
        pen = "L"
    return f'<path class="{kind}" d="{"".join(pieces)}"/>'


def _x(share: float) -> str:
    return _n(LEFT + share * (WIDTH - LEFT - RIGHT))


def _y(share: float) -> str:
    return _n(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))


def _n(value: float) -> str:
    return f"{value:.1f}"
