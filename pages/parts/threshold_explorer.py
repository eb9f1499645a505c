"""The probability-threshold slider with everything that follows it: numbers, chart and table of tags.

The browser is given the counts at all 101 thresholds once and redraws by itself; Python hears of a new
threshold when the slider has come to rest.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from cvcore import addresses, metrics
from cvcore.records import TagKind
from pages.parts.text import short

MARGIN_PX = {"l": 52, "r": 20, "t": 8, "b": 28}
NAME_LETTERS = 40

_HERE = Path(__file__).parent
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
      <span class="key"><i class="line"></i>precision</span><span class="key"><i class="line dashed"></i>recall</span>
    </div>
    <div class="plot">
      <p class="wait">Drawing the chart …</p>
      <div class="canvas"></div>
      <svg aria-hidden="true"><line class="needle"/><circle class="dot" r="5"/><circle class="dot" r="5"/></svg>
    </div>
  </div>
  <div class="scroll"><table><thead><tr></tr></thead><tbody></tbody></table></div>
</section>
"""
_WIDGET = st.components.v2.component(
    "tagwise_threshold_explorer",
    html=_HTML,
    css=(_HERE / "threshold_explorer.css").read_text("utf-8"),
    js=(_HERE / "threshold_explorer.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class TagRow:
    """What the table says of a tag at any threshold; `average_precision` is 0..1, None where undefined."""

    name: str
    kind: TagKind
    images: int
    average_precision: float | None


def show(
    *,
    tags: Sequence[TagRow],
    counts: metrics.Integers,
    average_precision: float | None,
    threshold: float,
    multilabel: bool,
    signature: str,
    key: str,
) -> float:
    """Draw the explorer and return the threshold (0..1) at which its slider last rested; the address says it too.

    counts: int (101, tags, 4), true and false positives, false and true negatives at thresholds 0.00 to 1.00.
    threshold: where the slider stands at first; afterwards it stays where the user put it, also when other
    counts come. signature: names these tags and counts; while it is the same, a rerun leaves the slider alone.
    """
    committed = st.session_state.get(key, {}).get("threshold")
    start = threshold if committed is None else committed
    data = {
        "signature": signature,
        "multilabel": multilabel,
        "threshold": round(100 * start),
        "average_precision": average_precision,
        "tags": [asdict(tag) for tag in tags],
        "counts": counts[..., :3].tolist(),
        "figure": _figure_json(signature, [tag.name for tag in tags], counts),
        "plotly": addresses.PLOTLY,
    }
    result = _WIDGET(key=key, data=data, on_threshold_change=lambda: None)
    return start if result.threshold is None else float(result.threshold)


def figure(names: Sequence[str], counts: metrics.Integers) -> go.Figure:
    """Precision (solid) and recall (dashed) against the threshold, both in percent: a pair of lines per tag.

    The last pair is the mean over the tags for which they are defined; where a line is undefined it has a gap.
    `meta` says a line's measure and its tag as a column of `counts`, None for the mean. Colours are left to the
    browser, which knows the theme.

    >>> import numpy as np
    >>> drawn = figure(["cat"], np.array([[[1, 1, 0, 0]]] * 50 + [[[0, 0, 1, 1]]] * 51))
    >>> [line.meta for line in drawn.data][:2]
    [{'tag': 0, 'measure': 'precision'}, {'tag': 0, 'measure': 'recall'}]
    >>> [(float(line.y[49]), float(line.y[50])) for line in drawn.data][:2]
    [(50.0, nan), (100.0, 0.0)]
    """
    precision, recall = metrics.precision(counts), metrics.recall(counts)
    lines = []
    for tag, name in enumerate(names):
        lines += _pair(name, tag, precision[:, tag], recall[:, tag])
    lines += _pair("All tags", None, metrics.macro(precision), metrics.macro(recall))
    return go.Figure(lines, _layout())


# The signature stands for the counts, which then need no hashing.
@st.cache_data(max_entries=64, show_spinner=False)
def _figure_json(signature: str, names: list[str], _counts: metrics.Integers) -> str:
    return str(figure(names, _counts).to_json())


def _pair(name: str, tag: int | None, precision: metrics.Floats, recall: metrics.Floats) -> list[go.Scatter]:
    return [_line(name, tag, "precision", precision, dash="solid"), _line(name, tag, "recall", recall, dash="5px,4px")]


def _line(name: str, tag: int | None, measure: str, rates: metrics.Floats, *, dash: str) -> go.Scatter:
    return go.Scatter(
        # plotly reads a name as HTML of its own kind
        name=html.escape(short(name, NAME_LETTERS), quote=False),
        x0=0,
        dx=1,
        y=100 * rates,
        mode="lines",
        line={"dash": dash},
        connectgaps=False,
        cliponaxis=False,
        meta={"tag": tag, "measure": measure},
        hovertemplate=f"%{{fullData.name}}<br>{measure} %{{y:.1f}} % at %{{x}}<extra></extra>",
    )


def _layout() -> go.Layout:
    axis = {"ticksuffix": " %", "fixedrange": True, "zeroline": False, "dtick": 20}
    return go.Layout(
        template={},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        margin=MARGIN_PX,
        xaxis=axis | {"range": [0, 100], "showgrid": False, "ticks": "outside"},
        yaxis=axis | {"range": [0, 102]},
    )
