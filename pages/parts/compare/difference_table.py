"""The differences of two iterations tag by tag, as a table with a bar for each interval."""

from __future__ import annotations

import html
import math

import numpy as np

from cvcore.array_types import Float64s
from cvcore.evaluation.comparisons import Comparison
from cvcore.languages import t, tn
from cvcore.wording import percent, points
from pages.parts.shell.text import short

LEAST_REACH = 0.05
NAME_LETTERS = 24

STYLE = """<style>
.tagwise-differences {overflow-x: auto}
.tagwise-differences table {border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.3}
.tagwise-differences :is(th, td) {padding: .3rem .5rem; text-align: end; font-weight: 400;
  border-bottom: 1px solid rgb(128 128 128 / 25%); font-variant-numeric: tabular-nums}
.tagwise-differences thead th {vertical-align: bottom; overflow-wrap: anywhere; max-width: 8rem}
.tagwise-differences th:first-child {text-align: start; padding-inline-start: 0; overflow-wrap: anywhere;
  min-width: 5rem}
.tagwise-differences tbody tr:first-child > * {font-weight: 600}
.tagwise-differences td {white-space: nowrap}
.tagwise-differences small {display: block; font-size: .75rem; font-weight: 400; white-space: nowrap; opacity: .85}
.tagwise-differences thead small {white-space: normal}
.tagwise-differences .bar {width: 30%; min-width: 5rem; padding-inline-end: 0}
.tagwise-differences .scale {display: block; position: relative; height: 14px; direction: ltr}
.tagwise-differences .scale > * {position: absolute; top: 0; bottom: 0}
.tagwise-differences .zero {left: 50%; width: 1px; background: rgb(128 128 128 / 70%)}
.tagwise-differences .reach {top: 5px; bottom: 5px; background: var(--hue); opacity: .55}
.tagwise-differences .at {width: 3px; margin-left: -1px; background: var(--hue)}
.tagwise-differences .ahead {--hue: #0d9488} .tagwise-differences .behind {--hue: #c2410c}
.tagwise-differences .unsure {--hue: #78838a}
@media (max-width: 640px) {.tagwise-differences .bar {display: none}}
@media (forced-colors: active) {.tagwise-differences .scale {forced-color-adjust: none}}
</style>"""


def of(comparison: Comparison, row: int, *, with_mean_interval: bool) -> str:
    """The table as escaped HTML: the mean of all tags first. `row` is the rate's, 0 to 2.

    The mean's interval is left out where nothing explains that it is another test than the verdict's.
    """
    differences = comparison.differences
    reach = _reach(differences.low[row], differences.high[row])
    tags = len(comparison.tags)
    lines = [_line(comparison, row, tags, reach, is_likely=with_mean_interval)]
    lines += [_line(comparison, row, place, reach, is_likely=True) for place in range(tags)]
    older, newer = (
        f"<bdi>{html.escape(short(each.name, NAME_LETTERS))}</bdi>" for each in (comparison.older, comparison.newer)
    )
    minus = t("{newer} minus {older}", newer=newer, older=older)
    return (
        f'{STYLE}<div class="tagwise-differences" tabindex="0" role="region" aria-label="{_label(row)}"><table>'
        f'<thead><tr><th scope="col">{t("Tag")}</th><th scope="col">{older}</th><th scope="col">{newer}</th>'
        f'<th scope="col">{minus}<small>{t("likely from … to …")}</small></th><td class="bar"></td></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _label(row: int) -> str:
    return (t("Precision tag by tag"), t("Recall tag by tag"), t("F1 tag by tag"))[row]


def _line(comparison: Comparison, row: int, place: int, reach: float, *, is_likely: bool) -> str:
    """A tag's row, or after the last tag's place that of the mean; its interval only if `is_likely`."""
    differences = comparison.differences
    is_mean = place == len(comparison.tags)
    tag = t("All tags (mean)") if is_mean else comparison.tags[place]
    images = comparison.images if is_mean else int(comparison.counts[place])
    value, low, high = (float(each[row, place]) for each in (differences.value, differences.low, differences.high))
    is_likely &= not math.isnan(value)
    likely = f"<small>{t('{low} to {high}', low=points(low), high=points(high))}</small>" if is_likely else ""
    difference = points(value) if math.isnan(value) else t("{n} points", n=points(value))
    return (
        f'<tr><th scope="row"><bdi>{html.escape(tag)}</bdi><small>{tn(images, "{n} image", "{n} images")}</small></th>'
        f"<td>{percent(float(differences.second[row, place]))}</td>"
        f"<td>{percent(float(differences.first[row, place]))}</td>"
        f"<td>{difference}{likely}</td>"
        f'<td class="bar">{_bar(value, low, high, reach, is_likely=is_likely)}</td></tr>'
    )


def _reach(low: Float64s, high: Float64s) -> float:
    """How far the bars reach to both sides: to the end of the longest, at least 5 points."""
    return max(LEAST_REACH, *(float(np.nan_to_num(np.abs(each)).max(initial=0)) for each in (low, high)))


def _bar(value: float, low: float, high: float, reach: float, *, is_likely: bool) -> str:
    """A mark at the difference, its interval as a bar, and a line at 0."""
    parts = ['<i class="zero"></i>']
    left, right, place = (50 + 50 * each / reach for each in (low, high, value))
    if is_likely:
        parts.append(f'<i class="reach" style="left: {left:.1f}%; width: {right - left:.1f}%"></i>')
    if not math.isnan(value):
        parts.append(f'<i class="at" style="left: {place:.1f}%"></i>')
    kind = "ahead" if is_likely and low > 0 else "behind" if is_likely and high < 0 else "unsure"
    return f'<span class="scale {kind}" aria-hidden="true">{"".join(parts)}</span>'
