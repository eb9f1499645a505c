"""Whether the iteration's probabilities can be taken at their word, as a diagram and in a sentence."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cvcore import evaluation
from cvcore.metrics.calibration import BINS, Calibration, Reliability
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from pages.parts.shell.text import refusals

# Of ten bins one would often stray from its own 95 % interval by chance; this stretches each to 99.5 % (Bonferroni).
AT_ONCE = 2.807 / 1.960


def show(store: Store, project: Project, iteration: Iteration) -> None:
    """What was said against what was so, before and after temperature scaling."""
    st.subheader("Can its probabilities be believed?", anchor=False)
    with refusals():
        made = evaluation.overview(store, iteration).calibration
        if np.isnan(made.before.error):
            st.info("No image was judged, so there is nothing to compare.")
            return
        st.markdown(f"**{sentence(made.before)}** {verdict(made)}")
        is_after = st.toggle("Show it with temperature scaling", key=f"calibrated-{project.id}")
        shown = made.after if is_after else made.before
        st.plotly_chart(chart(shown), config={"displayModeBar": False}, key=f"calibration-chart-{iteration.id}")
        whose = (
            "every tag's probability" if iteration.classification_type == MULTILABEL else "the top tag's probability"
        )
        st.caption(
            f"Expected calibration error {100 * made.before.error:.1f} points as it is, {100 * made.after.error:.1f} "
            f"with temperature {made.temperature:.2f}, fitted without the fold that it is tried on. It counts {whose} "
            f"in {BINS} bins of equal width; with few answers in a bin it is a rough number. The temperature is shown "
            "here only: it changes nothing that this iteration says."
        )


def sentence(told: Reliability) -> str:
    """The highest bin with answers, in plain words."""
    place = int(np.flatnonzero(told.counts)[-1])
    answers = round(told.counts[place])
    right = round(told.right[place] * answers)
    share = f" ({100 * told.right[place]:.0f} of 100)" if answers != 100 else ""
    return f"When it says {10 * place} to {10 * place + 10} %, it is right {right:,} times of {answers:,}{share}."


def verdict(made: Calibration) -> str:
    """Whether what is said on average lies within what was so, in all bins at once."""
    told = made.before
    below, above = AT_ONCE * (told.right - told.low), AT_ONCE * (told.high - told.right)
    outside = (told.counts > 0) & ((told.said < told.right - below) | (told.said > told.right + above))
    if not outside.any():
        return "As far as these images can tell, its probabilities mean what they say."
    if made.temperature > 1:
        return "It is too sure of itself: what it says is further from 50:50 than what comes true."
    return "It is more often right than it says: it could be surer of itself."


def chart(told: Reliability) -> go.Figure:
    """The share that was right against what was said, with 95 % whiskers and counts; on the diagonal both agree."""
    there = told.counts > 0
    said, right, low, high = (100 * each[there] for each in (told.said, told.right, told.low, told.high))
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"dash": "dot", "width": 1, "color": "gray"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=said,
        y=right,
        error_y={"array": high - right, "arrayminus": right - low, "thickness": 2, "width": 4},
        mode="lines+markers",
        marker={"size": 9},
        customdata=told.counts[there],
        hovertemplate="said %{x:.1f} %, right %{y:.1f} %<br>%{customdata:,} answers<extra></extra>",
    )
    # The counts stand in a row of their own, as whiskers would cross them.
    figure.add_scatter(
        x=said,
        y=np.full(len(said), -8),
        mode="text",
        text=[f"{round(each):,}" for each in told.counts[there]],
        hoverinfo="skip",
    )
    axis = {"ticksuffix": " %", "zeroline": False, "dtick": 20, "fixedrange": True}
    figure.update_xaxes(title="What it says (below the points: how many answers)", range=[-2, 104], **axis)
    figure.update_yaxes(title="How often it is right", range=[-14, 106], tickvals=[0, 20, 40, 60, 80, 100], **axis)
    figure.update_layout(height=420, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False, showlegend=False)
    return figure
