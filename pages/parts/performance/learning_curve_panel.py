"""Shows an iteration's learning curve: its numbers with fewer images, what more would bring, and a sentence a tag."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cvcore import evaluation, languages, learning_curves
from cvcore.array_types import Float64s
from cvcore.languages import marked, t
from cvcore.learning_curves import Curve, Measurement, Points
from cvcore.metrics.reports import MEASURES
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store
from pages.parts.analyses import progress
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, refusals

TITLES = (marked("Precision"), marked("Recall"), marked("F1"), marked("Average precision"))
NAMES = dict(zip(TITLES, MEASURES, strict=True))


def show(store: Store, iteration: Iteration, thresholds: Thresholds) -> None:
    """Show the curve at the thresholds; the first time it is measured by the worker, which takes seconds."""
    st.header(t("Would more images help?"), anchor=False, help=t(HELP["learning curve"]))
    with refusals():
        measurement = learning_curves.load(store, iteration)
        if measurement is None:
            progress.show(store, iteration, "learning-curve")
            return
        _show(store, iteration, measurement, thresholds)


def _show(store: Store, iteration: Iteration, measurement: Measurement, thresholds: Thresholds) -> None:
    predictions = evaluation.load(store, iteration)
    curve = learning_curves.curve(measurement, predictions.truth, predictions.groups, thresholds)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    st.markdown(f"**{plain(learning_curves.sentence(curve, -1, ''))}**")
    with st.container(horizontal=True, vertical_alignment="bottom", key="curve-controls"):
        tag = st.selectbox(
            t("Tag"),
            [-1, *range(len(names))],
            format_func=lambda column: t("All tags") if column == -1 else names[column],
            key=f"curve-tag-{iteration.id}",
            width=240,
        )
        chosen = st.segmented_control(
            t("Metric"), list(NAMES), format_func=t, default="Recall", required=True, key="curve-measure"
        )
    st.plotly_chart(
        chart(curve, tag, MEASURES.index(NAMES[chosen])),
        config={"displayModeBar": False},
        key=f"curve-{iteration.id}",
        alt=t("{measure} against the number of images of a tag", measure=t(chosen)),
    )
    explained = t(
        "Left: classifiers trained on fewer of these images, evaluated on the same images. Dashed: what to expect if "
        "every tag gets as many images again, like those there are; 19 times of 20 the number then lies in the band."
    )
    is_advanced = store.trainings.options(iteration.id).is_advanced
    st.caption(f"{explained} {t('This is how Quick grows on these images.')}" if is_advanced else explained)
    st.markdown("\n".join(f"- {plain(line)}" for line in _lines(curve, names)))


def _lines(curve: Curve, names: list[str]) -> list[str]:
    """A sentence a tag, those first that gain most."""
    return [learning_curves.sentence(curve, tag, names[tag]) for tag in learning_curves.by_gain(curve)]


def chart(curve: Curve, tag: int, measure: int) -> go.Figure:
    """One measure of a tag's column (-1: the mean) against its images, with bands; dashed beyond today's."""
    figure = go.Figure()
    # The dashed line begins where the measured one ends.
    pairs = zip(_parts(curve.measured), _parts(curve.forecast), strict=True)
    ahead = [np.concatenate([measured[..., -1:, :], expected], axis=-2) for measured, expected in pairs]
    for (images, values, low, high), dash, name in (
        (_parts(curve.measured), "solid", t("measured")),
        (ahead, "dash", t("expected")),
    ):
        x, y = images[:, tag], 100 * values[measure, :, tag]
        band = 100 * np.concatenate([low[measure, :, tag], high[measure, ::-1, tag]])
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=band,
            fill="toself",
            mode="none",
            fillcolor="rgba(127,127,127,0.25)" if dash == "solid" else "rgba(127,127,127,0.13)",
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            name=name,
            line={"dash": dash, "width": 3},
            customdata=np.stack([band[: len(x)], band[len(x) :][::-1]], axis=1),
            hovertemplate=_hover() + "<extra></extra>",
        )
    title = t("Images of the tag") if tag >= 0 else t("Images of a tag, on average")
    figure.update_xaxes(title=title, rangemode="tozero")
    figure.update_yaxes(ticksuffix=languages.percent(""))
    figure.update_layout(
        height=380,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        legend={"orientation": "h", "y": 1.08},
        separators=languages.separators(),
    )
    figure.update_xaxes(fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, zeroline=False)
    return figure


def _hover() -> str:
    return t(
        "{images} images: {rate} ({low} to {high})",
        images="%{x:,.0f}",
        rate=languages.percent("%{y:.1f}"),
        low="%{customdata[0]:.0f}",
        high=languages.percent("%{customdata[1]:.0f}"),
    )


def _parts(points: Points) -> tuple[Float64s, Float64s, Float64s, Float64s]:
    return points.images, points.values, points.low, points.high
