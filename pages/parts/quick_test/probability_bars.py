"""Probabilities as bars with the threshold as a line, and the answer by the decision rule."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from cvcore.languages import decimal, percent, t
from cvcore.records import Prediction
from pages.parts.shell.text import isolated, plain

_STYLE = """<style>
.tagwise-bars {display: grid; grid-template-columns: minmax(4rem, max-content) 1fr 4.5rem; gap: .5rem .75rem;
    align-items: center; font-variant-numeric: tabular-nums}
.tagwise-bars .name {overflow-wrap: anywhere; max-width: 16rem}
.tagwise-bars .track {position: relative; height: 1.25rem; border-radius: 4px; background: rgba(128, 128, 128, .16)}
.tagwise-bars .bar {height: 100%; border-radius: 4px; background: rgba(128, 128, 128, .55)}
.tagwise-bars .answer .bar {background: #0d9488}
.tagwise-bars .line {position: absolute; top: -4px; bottom: -4px; width: 2px; background: currentColor; opacity: .7}
.tagwise-bars .value {text-align: end}
</style>"""


def show(predictions: Sequence[Prediction], answer: Sequence[str], threshold: float | Mapping[str, float]) -> None:
    """Show the answer, then every tag's bar and threshold, the most probable first.

    `threshold` is one number for all tags, or one per tag, by its name.
    """
    st.header(", ".join(plain(isolated(name)) for name in answer) or t("No answer"), anchor=False)
    if not answer:
        st.markdown(_why_no_answer(predictions, threshold))
    st.html(bars(predictions, answer, threshold))


def _why_no_answer(predictions: Sequence[Prediction], threshold: float | Mapping[str, float]) -> str:
    if not isinstance(threshold, Mapping):
        return t("No probability reaches the threshold of {threshold}.", threshold=percent(decimal(100 * threshold, 0)))
    top = predictions[0].tag
    return t(
        "The most probable tag, {tag}, does not reach its threshold of {threshold}.",
        tag=plain(isolated(top)),
        threshold=percent(decimal(100 * threshold[top], 0)),
    )


def bars(predictions: Sequence[Prediction], answer: Sequence[str], threshold: float | Mapping[str, float]) -> str:
    """The bars as HTML; names are escaped."""
    rows = []
    for prediction in predictions:
        own = threshold[prediction.tag] if isinstance(threshold, Mapping) else threshold
        kind = " answer" if prediction.tag in answer else ""
        rows.append(
            f'<div class="name"><bdi>{html.escape(prediction.tag)}</bdi></div><div class="track{kind}">'
            f'<div class="bar" style="width: {100 * prediction.probability:.2f}%"></div>'
            f'<div class="line" style="inset-inline-start: calc({100 * own:.2f}% - 1px)"></div></div>'
            f'<div class="value">{percent(decimal(100 * prediction.probability))}</div>'
        )
    return f'{_STYLE}<div class="tagwise-bars">{"".join(rows)}</div>'
