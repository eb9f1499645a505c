"""The probability-threshold slider, with numbers, sentences, charts and a table of tags that change with it.

The browser gets the counts and intervals at all 101 thresholds once and redraws by itself. It sends a new threshold to
Python when the slider has stopped, and every click on a count.
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
from cvcore.metrics.precision_recall_curves import Curve
from cvcore.metrics.threshold_sweeps import Sweep
from cvcore.records import TagKind
from pages.parts.widgets import component

Count = Literal["tp", "fp", "fn"]
COUNTS: tuple[Count, ...] = ("tp", "fp", "fn")

_HTML = """
<section class="explorer">
  <div class="figures"></div>
  <div class="control">
    <div class="setting">
      <label for="threshold">Probability threshold</label><output for="threshold" aria-live="off"></output>
      <span class="rule"></span>
    </div>
    <input id="threshold" type="range" min="0" max="100" step="1">
  </div>
  <div class="chart">
    <div class="legend">
      <label for="choice">Show</label><select id="choice"></select>
      <span class="views" role="group" aria-label="Chart">
        <button type="button" value="threshold">against threshold</button
        ><button type="button" value="curve">precision against recall</button>
      </span>
      <span class="key"><i class="line"></i>precision</span><span class="key"><i class="line dashed"></i>recall</span>
    </div>
    <div class="plot">
      <p class="wait">Drawing the chart …</p>
      <div class="canvas"></div>
      <svg aria-hidden="true">
        <line class="needle"/><line class="whisker"/><line class="whisker"/>
        <circle class="dot" r="5"/><circle class="dot" r="5"/>
      </svg>
    </div>
    <p class="about"></p>
  </div>
  <ul class="sentences"></ul>
  <div class="scroll"><table><thead><tr></tr></thead><tbody></tbody></table></div>
</section>
"""
_WIDGET = component.register(Path(__file__).parent, _HTML)


@dataclass(frozen=True)
class TagRow:
    """The name and kind of a tag."""

    name: str
    kind: TagKind


@dataclass(frozen=True)
class CountClicked:
    """A clicked count: the tag (a column of the sweep) and which of its counts."""

    tag: int
    count: Count


@dataclass(frozen=True)
class Explored:
    """The threshold (0..1) at which the slider last stopped; the count only in the one rerun after its click."""

    threshold: float
    count: CountClicked | None


def show(
    *,
    tags: Sequence[TagRow],
    sweep: Sweep,
    curves: Sequence[Curve],
    threshold: float,
    multilabel: bool,
    signature: str,
    key: str,
) -> Explored:
    """Draw the explorer of an evaluation, whose columns are `tags`; it also writes the threshold into the address.

    threshold: the slider's first position; afterwards it stays where the user put it, also for another evaluation.
    signature: identifies these tags and numbers; while it is the same, a rerun does not change the slider.
    """
    committed = st.session_state.get(key, {}).get("threshold")
    start = threshold if committed is None else committed
    data = {
        "signature": signature,
        "multilabel": multilabel,
        "threshold": round(100 * start),
        "tags": [asdict(tag) for tag in tags],
        "tables": _tables_json(signature, sweep, curves),
        "plotly": urls.PLOTLY,
    }
    result = _WIDGET(key=key, data=data, on_threshold_change=lambda: None, on_count_change=lambda: None)
    moved = start if result.threshold is None else float(result.threshold)
    return explored(moved, result.count, signature=signature, tags=len(tags))


def explored(threshold: float, click: dict[str, Any] | None, *, signature: str, tags: int) -> Explored:
    """The threshold and click that the browser sent; a click on an evaluation that is no longer shown is ignored.

    >>> click = {"signature": "a", "tag": 1, "count": "fp", "threshold": 0.4}
    >>> explored(0.5, click, signature="a", tags=2)
    Explored(threshold=0.4, count=CountClicked(tag=1, count='fp'))
    >>> explored(0.5, click, signature="b", tags=2)
    Explored(threshold=0.5, count=None)
    """
    if not click or click["signature"] != signature or click["tag"] not in range(tags) or click["count"] not in COUNTS:
        return Explored(threshold, None)
    # The click brings its own threshold, because the slider's message can arrive later.
    return Explored(float(click["threshold"]), CountClicked(click["tag"], click["count"]))


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
