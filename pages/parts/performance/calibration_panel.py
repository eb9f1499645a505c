"""Shows how well an iteration's probabilities are calibrated: a sentence and a reliability diagram."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cvcore import evaluation, languages
from cvcore.languages import t, tn
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
        st.header(t("Do its probabilities mean what they say?"), anchor=False, help=t(HELP["calibration"]))
        if np.isnan(calibration.before.error):
            st.info(t("No image was evaluated, so there is nothing to compare."))
            return
        before, after = calibration.before, calibration.after
        is_multilabel = iteration.classification_type == MULTILABEL
        st.markdown(
            f"{sentence(before)} {verdict(before, multilabel=is_multilabel)}",
            help=t(HELP["expected calibration error"]),
        )
        is_after = st.toggle(
            t("Show it with temperature scaling: {error}", error=_off(after)),
            key=f"calibrated-{project.id}",
            help=t(HELP["temperature scaling"]),
        )
        st.plotly_chart(
            chart(after if is_after else before),
            config={"displayModeBar": False},
            key=f"calibration-chart-{iteration.id}",
        )
        st.caption(_caption(calibration.temperature, multilabel=is_multilabel))


def _caption(temperature: float, *, multilabel: bool) -> str:
    """What is compared, in Markdown."""
    shown = languages.decimal(temperature, 2)
    if multilabel:
        return t(
            "Compared is every tag's probability with the share that is right, in {bins} ranges; with few answers in a "
            "range the share is rough. Temperature {temperature}, fitted on the other folds, is only shown here: it "
            "changes no answer.",
            bins=BINS,
            temperature=shown,
        )
    return t(
        "Compared is the top tag's probability with the share that is right, in {bins} ranges; with few answers in a "
        "range the share is rough. Temperature {temperature}, fitted on the other folds, is only shown here: it "
        "changes no answer.",
        bins=BINS,
        temperature=shown,
    )


def sentence(reliability: Reliability) -> str:
    """How far the probabilities of all answers are off on average, and in which range most, as Markdown."""
    answers = reliability.counts
    # Few answers are often far off by chance, so the range is the one that contributes most to the average.
    place = int(np.nanargmax(answers * np.abs(reliability.said - reliability.right)))
    right = round(reliability.right[place] * answers[place])
    return t(
        "**On average its probabilities are off by {error}**, most where it says {low} to {high}: {right} of {answers} "
        "are right ({share}), it says {said}.",
        error=_off(reliability),
        low=10 * place,
        high=languages.percent(str(10 * place + 10)),
        right=languages.number(right),
        answers=languages.number(round(answers[place])),
        share=percent(reliability.right[place]),
        said=percent(reliability.said[place]),
    )


def verdict(reliability: Reliability, *, multilabel: bool) -> str:
    """Whether chance explains that probabilities and shares differ: each range's mean is within its interval."""
    below, above = AT_ONCE * (reliability.right - reliability.low), AT_ONCE * (reliability.high - reliability.right)
    is_above, is_below = reliability.said > reliability.right + above, reliability.said < reliability.right - below
    if not (is_above | is_below).any():
        return t("In no range is that more than chance explains.")
    # A tag's probability of 5 % is too sure, too, if the tag is there more often than that.
    low = multilabel & (reliability.said < 0.5)
    is_too_sure, is_unsure = (np.where(low, *each).any() for each in ((is_below, is_above), (is_above, is_below)))
    if is_too_sure and is_unsure:
        return t("That is more than chance explains: it is too sure in some ranges, not sure enough in others.")
    if is_too_sure:
        return t("That is more than chance explains: it is too sure.")
    return t("That is more than chance explains: it is not sure enough.")


def _off(reliability: Reliability) -> str:
    return t("{n} points", n=languages.decimal(100 * reliability.error))


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
        customdata=[tn(round(answers), "{n} answer", "{n} answers") for answers in reliability.counts[has_answers]],
        hovertemplate=t(
            "probability {probability}, right {right}",
            probability=languages.percent("%{x:.1f}"),
            right=languages.percent("%{y:.1f}"),
        )
        + "<br>%{customdata}<extra></extra>",
    )
    # Counts are in a row of their own, because whiskers would cross them.
    figure.add_scatter(
        x=said,
        y=np.full(len(said), -8),
        mode="text",
        text=[languages.number(round(answers)) for answers in reliability.counts[has_answers]],
        hoverinfo="skip",
    )
    axis = {"ticksuffix": languages.percent(""), "zeroline": False, "dtick": 20, "fixedrange": True}
    figure.update_xaxes(title=t("Predicted probability (below the points: how many answers)"), range=[-2, 104], **axis)
    figure.update_yaxes(title=t("How often it is right"), range=[-14, 106], tickvals=[0, 20, 40, 60, 80, 100], **axis)
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        showlegend=False,
        separators=languages.separators(),
    )
    return figure
