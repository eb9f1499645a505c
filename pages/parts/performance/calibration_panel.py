"""Shows how well an iteration's probabilities are calibrated: a sentence and a reliability diagram."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cvcore import evaluation
from cvcore.metrics.calibration import BINS, Reliability
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import refusals

# One of ten bins would often be outside its own 95 % interval by chance; this widens each to 99.5 % (Bonferroni).
AT_ONCE = 2.807 / 1.960


def show(store: Store, project: Project, iteration: Iteration) -> None:
    """Show predicted probabilities against the shares that were right, before or after temperature scaling."""
    with refusals():
        calibration = evaluation.overview(store, iteration).calibration
        st.header("Do its probabilities mean what they say?", anchor=False, help=HELP["calibration"])
        if np.isnan(calibration.before.error):
            st.info("No image was evaluated, so there is nothing to compare.")
            return
        before, after = calibration.before, calibration.after
        is_multilabel = iteration.classification_type == MULTILABEL
        st.markdown(
            f"{sentence(before)} {verdict(before, multilabel=is_multilabel)}", help=HELP["expected calibration error"]
        )
        is_after = st.toggle(
            f"Show it with temperature scaling: {_off(after)}",
            key=f"calibrated-{project.id}",
            help=HELP["temperature scaling"],
        )
        st.plotly_chart(
            chart(after if is_after else before),
            config={"displayModeBar": False},
            key=f"calibration-chart-{iteration.id}",
        )
        whose = "every tag's probability" if is_multilabel else "the top tag's probability"
        st.caption(
            f"Compared is {whose} with the share that is right, in {BINS} ranges; with few answers in a range the "
            f"share is rough. Temperature {calibration.temperature:.2f}, fitted on the other folds, is only shown "
            "here: it changes no answer."
        )


def sentence(reliability: Reliability) -> str:
    """How far the probabilities of all answers are off on average, and in which range most, as Markdown."""
    answers = reliability.counts
    # Few answers are often far off by chance, so the range is the one that contributes most to the average.
    place = int(np.nanargmax(answers * np.abs(reliability.said - reliability.right)))
    right = round(reliability.right[place] * answers[place])
    return (
        f"**On average its probabilities are off by {_off(reliability)}**, most where it says {10 * place} to "
        f"{10 * place + 10} %: {right:,} of {answers[place]:,.0f} are right ({percent(reliability.right[place])}), it "
        f"says {percent(reliability.said[place])}."
    )


def verdict(reliability: Reliability, *, multilabel: bool) -> str:
    """Whether chance explains that probabilities and shares differ: each range's mean is within its interval."""
    below, above = AT_ONCE * (reliability.right - reliability.low), AT_ONCE * (reliability.high - reliability.right)
    is_above, is_below = reliability.said > reliability.right + above, reliability.said < reliability.right - below
    if not (is_above | is_below).any():
        return "In no range is that more than chance explains."
    # A tag's probability of 5 % is too sure, too, if the tag is there more often than that.
    low = multilabel & (reliability.said < 0.5)
    is_too_sure, is_unsure = (np.where(low, *each).any() for each in ((is_below, is_above), (is_above, is_below)))
    if is_too_sure and is_unsure:
        return "That is more than chance explains: it is too sure in some ranges, not sure enough in others."
    return f"That is more than chance explains: it is {'too sure' if is_too_sure else 'not sure enough'}."


def _off(reliability: Reliability) -> str:
    return f"{100 * reliability.error:.1f} points"


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
