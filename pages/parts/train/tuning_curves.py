"""Curves of an Advanced training by epoch: loss, accuracy and learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from cvcore.finetuning.outcome_text import duration
from cvcore.languages import percent, separators, t, tn
from cvcore.records import TuningEpoch

HEIGHT_PX = 240
WIDTH_LEAST_PX = 220


def show(epochs: Sequence[TuningEpoch], *, key: str, quick_right: float | None = None) -> None:
    """Show three charts, side by side if there is room; `quick_right` is Quick's share of right answers, if known."""
    with st.grid(3, min_column_width=WIDTH_LEAST_PX, key=key):
        _chart(t("Loss (how wrong)"), loss_chart(epochs), f"{key}-loss")
        _chart(t("Accuracy (how often right)"), right_chart(epochs, quick_right), f"{key}-right")
        _chart(t("Learning rate (how large the steps are)"), rate_chart(epochs), f"{key}-rate")


def pace(epochs: Sequence[TuningEpoch], budget_minutes: float) -> str:
    """A running training's epoch, speed, and most time left, in words; empty before the first epoch.

    >>> pace([TuningEpoch(1, 7, 1e-4, 0.4, 0.5, 0.8, 41.3, 240.0)], 10)
    'epoch 7 · 41 images per second · at most 6 min left'
    """
    if not epochs:
        return ""
    last = epochs[-1]
    parts = [
        t("epoch {number}", number=last.number),
        tn(round(last.images_per_s), "{n} image per second", "{n} images per second"),
    ]
    if (left_s := 60 * budget_minutes - sum(epoch.seconds for epoch in epochs)) > 0:
        parts.append(t("at most {duration} left", duration=duration(left_s)))
    return " · ".join(parts)


def loss_chart(epochs: Sequence[TuningEpoch]) -> go.Figure:
    """The loss on the training images and on the validation images."""
    figure = _figure(epochs)
    _add(figure, epochs, t("training images"), lambda epoch: epoch.loss)
    _add(figure, epochs, t("validation images"), lambda epoch: epoch.validation_loss)
    figure.update_yaxes(rangemode="tozero")
    return figure


def right_chart(epochs: Sequence[TuningEpoch], quick_right: float | None = None) -> go.Figure:
    """The share of evaluated images with every tag right, with a dashed line at Quick's."""
    figure = _figure(epochs)
    _add(figure, epochs, t("Advanced"), lambda epoch: None if epoch.right is None else 100 * epoch.right)
    if quick_right is not None:
        figure.add_scatter(
            x=[1, max(len(epochs), 2)],
            y=[100 * quick_right] * 2,
            mode="lines",
            name=t("Quick"),
            line={"dash": "dash", "width": 2},
            hovertemplate=f"{t('Quick')} {percent('%{y:.1f}')}<extra></extra>",
        )
    figure.update_yaxes(ticksuffix=percent(""))
    return figure


def rate_chart(epochs: Sequence[TuningEpoch]) -> go.Figure:
    """The learning rate: how large the steps were by which the network changed."""
    figure = _figure(epochs)
    _add(figure, epochs, t("learning rate"), lambda epoch: epoch.learning_rate)
    figure.update_yaxes(rangemode="tozero", exponentformat="e", nticks=5)
    figure.update_layout(showlegend=False)
    return figure


def _chart(title: str, figure: go.Figure, key: str) -> None:
    with st.container(gap="xxsmall"):
        st.caption(title)
        st.plotly_chart(figure, config={"displayModeBar": False}, key=key, alt=title)


def _figure(epochs: Sequence[TuningEpoch]) -> go.Figure:
    """An empty chart with all epochs from left to right, and a dotted line where a new run begins."""
    figure = go.Figure()
    for place in range(1, len(epochs)):
        if epochs[place].attempt != epochs[place - 1].attempt:
            figure.add_vline(place + 0.5, line={"width": 1, "dash": "dot", "color": "gray"})
    figure.update_xaxes(
        title=t("Epoch"), range=[0.5, max(len(epochs), 5) + 0.5], zeroline=False, fixedrange=True, nticks=6
    )
    figure.update_yaxes(zeroline=False, fixedrange=True, nticks=6)
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        dragmode=False,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        separators=separators(),
    )
    return figure


def _add(
    figure: go.Figure, epochs: Sequence[TuningEpoch], name: str, value: Callable[[TuningEpoch], float | None]
) -> None:
    """Add one number per epoch as a line that breaks between runs; epochs without the number are skipped."""
    places: list[float] = []
    values: list[float | None] = []
    hover: list[str] = []
    for place, epoch in enumerate(epochs, start=1):
        if (number := value(epoch)) is None:
            continue
        if values and epochs[round(places[-1]) - 1].attempt != epoch.attempt:
            places.append(place)
            values.append(None)
            hover.append("")
        places.append(place)
        values.append(number)
        hover.append(
            t("epoch {number} of run {run}", number=epoch.number, run=epoch.attempt)
            if epochs[-1].attempt > 1
            else t("epoch {number}", number=epoch.number)
        )
    figure.add_scatter(
        x=places,
        y=values,
        mode="lines+markers",
        marker={"size": 5},
        name=name,
        text=hover,
        hovertemplate="%{text}: %{y:.4~g}<extra></extra>",
    )
