"""The probability-threshold slider, with numbers, charts, sentences and a table of tags that change with it.

The browser gets the counts and intervals at all 101 thresholds once and redraws by itself. Every tag follows the slider
until it is given a threshold of its own. The browser tells Python the thresholds when slider and handles have stopped,
which tag is chosen, and every click on a count and on Save.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cvcore import urls
from cvcore.languages import t
from cvcore.metrics.precision_recall_curves import Curve
from cvcore.metrics.threshold_sweeps import Sweep
from cvcore.records import TagKind, Thresholds
from pages.parts.widgets import component

Count = Literal["tp", "fp", "fn"]
COUNTS: tuple[Count, ...] = ("tp", "fp", "fn")

# One threshold (0..1) per tag; None for a tag that follows the slider.
Own = tuple[float | None, ...]


def _html() -> str:
    return f"""
<section class="explorer">
  <div class="board">
    <div class="control">
      <div class="setting">
        <label for="threshold">{t("Probability threshold")}</label><output for="threshold" aria-live="off"></output>
        <span class="rule"></span>
      </div>
      <input id="threshold" type="range" min="0" max="100" step="1">
    </div>
    <div class="strip-host" hidden></div>
    <div class="means"><p class="mean"></p><dl class="figures"></dl></div>
    <div class="own" role="group" aria-label="{t("Thresholds")}">
      <button type="button" class="suggest" title="{t("Each tag's threshold with the best F1")}">{
        t("Suggest (best F1)")
    }</button>
      <button type="button" class="reset">{t("Use the slider for all")}</button>
      <button type="button" class="keep">{t("Save thresholds")}</button>
      <p class="told" role="status"></p>
    </div>
    <div class="scroll"><table><thead><tr></tr></thead><tbody></tbody></table></div>
    <div class="side">
      <div class="legend">
        <label for="choice">{t("Show")}</label><select id="choice"></select>
        <span class="views" role="group" aria-label="{t("Chart")}">
          <button type="button" value="threshold">{t("by threshold")}</button
          ><button type="button" value="curve">{t("precision–recall")}</button>
        </span>
      </div>
      <div class="plot">
        <p class="wait">{t("Drawing the chart …")}</p>
        <div class="canvas"></div>
        <svg aria-hidden="true">
          <line class="needle"/><line class="whisker"/><line class="whisker"/>
          <circle class="dot" r="5"/><circle class="dot" r="5"/>
        </svg>
        <p class="key">
          <span><i class="line"></i>{t("precision")}</span><span><i class="line dashed"></i>{t("recall")}</span>
        </p>
      </div>
      <p class="about"></p>
      <ul class="sentences" hidden></ul>
    </div>
  </div>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


@dataclass(frozen=True)
class TagRow:
    """The name and kind of a tag."""

    name: str
    kind: TagKind


@dataclass(frozen=True)
class Suggested:
    """Thresholds (0..1) per tag, with the mean F1 on the images they were chosen on, and on others, or None."""

    thresholds: tuple[float, ...]
    chosen: float | None
    fair: float | None


@dataclass(frozen=True)
class CountClicked:
    """A clicked count: the tag (a column of the sweep) and which of its counts."""

    tag: int
    count: Count


@dataclass(frozen=True)
class Explored:
    """The slider's threshold (0..1) and the tags' own where it last stopped.

    count, save: what was clicked and what is to be saved, only in the one rerun after the click.
    """

    threshold: float
    own: Own
    count: CountClicked | None = None
    save: Thresholds | None = None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds that the numbers are computed at: one if all tags are at the slider's, else one per tag."""
        each = tuple(self.threshold if own is None else own for own in self.own)
        return self.threshold if all(value == self.threshold for value in each) else each


def show(
    *,
    tags: Sequence[TagRow],
    sweep: Sweep,
    curves: Sequence[Curve],
    threshold: float,
    own: Own | None = None,
    saved: Thresholds | None = None,
    suggested: Suggested | None = None,
    strip: tuple[int, dict[str, Any]] | None = None,
    multilabel: bool,
    signature: str,
    key: str,
) -> Explored:
    """Draw the explorer of an evaluation, whose columns are `tags`; it also writes the threshold into the address.

    threshold: the slider's first position; afterwards it stays where the user put it, also for another evaluation.
    own: the tags' first thresholds of their own. saved: those saved with the iteration. strip: the column of the chosen
    tag, and what `threshold_strip.data` returns for it.
    signature: identifies these tags and numbers; while it is the same, a rerun does not change sliders and handles.
    """
    # Sliders stand at whole percents.
    first = Explored(round(threshold, 2), tuple(each and round(each, 2) for each in own or (None,) * len(tags)))
    start = explored(first, _kept(key, "sliders"), signature=signature)
    data = {
        "signature": signature,
        "multilabel": multilabel,
        "threshold": round(100 * start.threshold),
        "own": [None if each is None else round(100 * each) for each in start.own],
        "saved": saved,
        "unsaved": 0.5,
        "suggested": suggested
        and asdict(suggested) | {"thresholds": [round(100 * each) for each in suggested.thresholds]},
        "strip": strip and {"column": strip[0], "data": strip[1]},
        "tags": [asdict(tag) for tag in tags],
        "tables": _tables_json(signature, sweep, curves),
        "plotly": urls.below(urls.PLOTLY),
    }
    result = _WIDGET(
        key=key,
        data=data,
        on_sliders_change=_heard,
        on_chosen_change=_heard,
        on_count_change=_heard,
        on_save_change=_heard,
    )
    told = result.count or result.save or result.sliders
    return explored(start, told, signature=signature)


def _heard() -> None:
    """Streamlit passes on only what has a callback; the rerun that follows reads it."""


def chosen(key: str, signature: str, first: int | None = None) -> int | None:
    """The column of the tag that is chosen in the explorer with that key; before any choice the first."""
    told = _kept(key, "chosen")
    return told["tag"] if told and told["signature"] == signature else first


def _kept(key: str, name: str) -> dict[str, Any] | None:
    """What the browser last told under a name."""
    told: dict[str, Any] | None = st.session_state.get(key, {}).get(name)
    return told


def explored(start: Explored, told: dict[str, Any] | None, *, signature: str) -> Explored:
    """What the browser told, on top of `start`; of an evaluation that is no longer shown only the slider counts.

    A click brings its own thresholds, because the sliders' message can arrive later.

    >>> click = {"signature": "a", "tag": 1, "count": "fp", "threshold": 0.4, "own": [None, 70]}
    >>> explored(Explored(0.5, (None, None)), click, signature="a")
    Explored(threshold=0.4, own=(None, 0.7), count=CountClicked(tag=1, count='fp'), save=None)
    >>> explored(Explored(0.5, (None, None)), click, signature="b")
    Explored(threshold=0.4, own=(None, None), count=None, save=None)
    """
    if not told:
        return start
    threshold = float(told["threshold"])
    if told["signature"] != signature:
        return Explored(threshold, start.own)
    own = tuple(None if each is None else each / 100 for each in told["own"])
    if len(own) != len(start.own):
        return Explored(threshold, start.own)
    count = None
    if told.get("tag") in range(len(own)) and told.get("count") in COUNTS:
        count = CountClicked(told["tag"], told["count"])
    save = told.get("thresholds")
    return Explored(threshold, own, count, tuple(save) if isinstance(save, list) else save)


def tables(sweep: Sweep, curves: Sequence[Curve]) -> dict[str, Any]:
    """The numbers for the browser: lists, None if undefined, intervals in hundredths of a percent."""
    measures = {name: getattr(sweep, name) for name in ("precision", "recall", "f1", "average_precision")}
    return {
        "images": int(sweep.counts[0, 0].sum()),
        "counts": sweep.counts[..., :3].tolist(),
        "average_precision": _nullable(sweep.average_precision.values[0]),
        "intervals": {name: _interval(measure.low, measure.high) for name, measure in measures.items()},
        "mean_intervals": {name: _interval(measure.mean_low, measure.mean_high) for name, measure in measures.items()},
        "curves": [
            {
                "thresholds": curve.thresholds.round(6).tolist(),
                "tp": curve.tp.tolist(),
                "fp": curve.fp.tolist(),
                "positives": curve.positives,
            }
            for curve in curves
        ],
    }


# The signature identifies the numbers, so they need no hashing.
@st.cache_data(max_entries=32, show_spinner=False)
def _tables_json(signature: str, _sweep: Sweep, _curves: Sequence[Curve]) -> str:
    return json.dumps(tables(_sweep, _curves), separators=(",", ":"), allow_nan=False)


def _interval(low: NDArray[np.float64], high: NDArray[np.float64]) -> dict[str, Any]:
    """Both ends at every position, as lists (t, k), or (t, 1) for a mean."""
    return {
        name: [_nullable(row, 10_000) for row in end.reshape(len(end), -1)]
        for name, end in (("low", low), ("high", high))
    }


def _nullable(values: NDArray[np.float64], scale: int | None = None) -> list[Any]:
    scaled = values if scale is None else np.rint(values * scale)
    return [None if value != value else value if scale is None else int(value) for value in scaled.tolist()]
