"""Shows how well an iteration's probabilities are calibrated: a sentence and a reliability diagram."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cvcore import evaluation
from cvcore.metrics.calibration import BINS, Calibration, Reliability
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from pages.parts.shell.text import refusals

# One of ten bins would often be outside its own 95 % interval by chance; this widens each to 99.5 % (Bonferroni).
AT_ONCE = 2.807 / 1.960


def show(store: Store, project: Project, iteration: Iteration) -> None:
    """Show predicted probabilities against the shares that were right, before or after temperature scaling."""
    st.subheader("Can its probabilities be trusted?", anchor=False)
    with refusals():
        calibration = evaluation.overview(store, iteration).calibration
        if np.isnan(calibration.before.error):
            st.info("No image was evaluated, so there is nothing to compare.")
            return
        st.markdown(f"**{sentence(calibration.before)}** {verdict(calibration)}")
        is_after = st.toggle("Show it with temperature scaling", key=f"calibrated-{project.id}")
        shown = calibration.after if is_after else calibration.before
        st.plotly_chart(chart(shown), config={"displayModeBar": False}, key=f"calibration-chart-{iteration.id}")
        whose = (
            "every tag's probability" if iteration.classification_type == MULTILABEL else "the top tag's probability"
        )
        before, after = (100 * reliability.error for reliability in (calibration.before, calibration.after))
        st.caption(
            f"Expected calibration error: {before:.1f} points as it is, {after:.1f} with temperature "
            f"{calibration.temperature:.2f}, which is fitted on the other folds. It compares {whose} with the "
            f"share of right answers in {BINS} bins of equal width; with few answers in a bin it is a rough number. "
            "The temperature is shown here only: it does not change this iteration's answers."
        )


def sentence(reliability: Reliability) -> str:
    """How often the answers of the highest bin were right, in a sentence."""
    place = int(np.flatnonzero(reliability.counts)[-1])
    answers = round(reliability.counts[place])
    right = round(reliability.right[place] * answers)
    share = f" ({100 * reliability.right[place]:.0f} of 100)" if answers != 100 else ""
    return f"When it says {10 * place} to {10 * place + 10} %, it is right {right:,} times of {answers:,}{share}."


def verdict(calibration: Calibration) -> str:
    """Whether the mean probability of every bin lies within the interval of the share that was right, in a sentence."""
    reliability = calibration.before
    below, above = AT_ONCE * (reliability.right - reliability.low), AT_ONCE * (reliability.high - reliability.right)
    outside = (reliability.counts > 0) & (
        (reliability.said < reliability.right - below) | (reliability.said > reliability.right + above)
    )
    if not outside.any():
        return "On these images its probabilities are well calibrated: they match the share of right answers."
    if calibration.temperature > 1:
        return "It is overconfident: its probabilities are further from 50 % than the share of right answers."
    return "It is underconfident: it is right more often than its probabilities say."


def chart(reliability: Reliability) -> go.Figure:
    """The share right against each bin's mean probability, with 95 % whiskers and counts; the diagonal is ideal."""
    has_answers = reliability.counts > 0
    said, right, low, high = (
        100 * values[has_answers] for values in (reliability.said, reliability.right, reliability.low, reliability.high)
    )
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
        customdata=reliability.counts[has_answers],
        hovertemplate="probability %{x:.1f} %, right %{y:.1f} %<br>%{customdata:,} answers<extra></extra>",
    )
    # Counts are in a row of their own, because whiskers would cross them.
    figure.add_scatter(
        x=said,
        y=np.full(len(said), -8),
        mode="text",
        text=[f"{round(answers):,}" for answers in reliability.counts[has_answers]],
        hoverinfo="skip",
    )
    axis = {"ticksuffix": " %", "zeroline": False, "dtick": 20, "fixedrange": True}
    figure.update_xaxes(title="Predicted probability (below the points: how many answers)", range=[-2, 104], **axis)
    figure.update_yaxes(title="How often it is right", range=[-14, 106], tickvals=[0, 20, 40, 60, 80, 100], **axis)
    figure.update_layout(height=420, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False, showlegend=False)
    return figure
