"""Advanced training round by round, as curves: how wrong, how often right, and how fast it learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from cvcore.finetuning.outcome_text import duration
from cvcore.records import TuningEpoch

HEIGHT_PX = 240
WIDTH_LEAST_PX = 220


def show(rounds: Sequence[TuningEpoch], *, key: str, quick_right: float | None = None) -> None:
    """Three charts side by side where there is room; `quick_right` is Quick's share of right answers, if known."""
    with st.grid(3, min_column_width=WIDTH_LEAST_PX, key=key):
        _chart("How wrong (loss)", loss_chart(rounds), f"{key}-loss")
        _chart("How often right", right_chart(rounds, quick_right), f"{key}-right")
        _chart("How large its steps are (learning rate)", rate_chart(rounds), f"{key}-rate")


def pace(rounds: Sequence[TuningEpoch], budget_minutes: float) -> str:
    """Where a running training is, how fast it goes and how long it may yet take, in words; empty before any round.

    >>> pace([TuningRound(2, 7, 1e-4, 0.4, 0.5, 0.8, 41.3, 240.0)], 10)
    'attempt 2, round 7 · 41 images a second · at most 6 min left'
    """
    if not rounds:
        return ""
    last = rounds[-1]
    told = [f"attempt {last.attempt}, round {last.number}", f"{last.images_per_s:,.0f} images a second"]
    if (left_s := 60 * budget_minutes - sum(each.seconds for each in rounds)) > 0:
        told.append(f"at most {duration(left_s)} left")
    return " · ".join(told)


def loss_chart(rounds: Sequence[TuningEpoch]) -> go.Figure:
    """The loss over the pictures that train and over those kept aside."""
    figure = _figure(rounds)
    _add(figure, rounds, "learned from", lambda each: each.loss)
    _add(figure, rounds, "kept aside", lambda each: each.validation_loss)
    figure.update_yaxes(rangemode="tozero")
    return figure


def right_chart(rounds: Sequence[TuningEpoch], quick_right: float | None = None) -> go.Figure:
    """The share of judged pictures answered wholly right, with a dashed line at Quick's."""
    figure = _figure(rounds)
    _add(figure, rounds, "Advanced", lambda each: None if each.right is None else 100 * each.right)
    if quick_right is not None:
        figure.add_scatter(
            x=[1, max(len(rounds), 2)],
            y=[100 * quick_right] * 2,
            mode="lines",
            name="Quick",
            line={"dash": "dash", "width": 2},
            hovertemplate="Quick %{y:.1f} %<extra></extra>",
        )
    figure.update_yaxes(ticksuffix=" %")
    return figure


def rate_chart(rounds: Sequence[TuningEpoch]) -> go.Figure:
    """How large the steps were by which the network changed."""
    figure = _figure(rounds)
    _add(figure, rounds, "learning rate", lambda each: each.learning_rate)
    figure.update_yaxes(rangemode="tozero", exponentformat="e", nticks=5)
    figure.update_layout(showlegend=False)
    return figure


def _chart(title: str, figure: go.Figure, key: str) -> None:
    with st.container(gap="xxsmall"):
        st.caption(title)
        st.plotly_chart(figure, config={"displayModeBar": False}, key=key, alt=title)


def _figure(rounds: Sequence[TuningEpoch]) -> go.Figure:
    """An empty chart with all rounds in a row from left to right, and a dotted line where an attempt begins anew."""
    figure = go.Figure()
    for place in range(1, len(rounds)):
        if rounds[place].attempt != rounds[place - 1].attempt:
            figure.add_vline(place + 0.5, line={"width": 1, "dash": "dot", "color": "gray"})
    figure.update_xaxes(
        title="Round", range=[0.5, max(len(rounds), 5) + 0.5], zeroline=False, fixedrange=True, nticks=6
    )
    figure.update_yaxes(zeroline=False, fixedrange=True, nticks=6)
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        dragmode=False,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def _add(
    figure: go.Figure, rounds: Sequence[TuningEpoch], name: str, value: Callable[[TuningEpoch], float | None]
) -> None:
    """One number of each round as a line that breaks between attempts, and goes on over rounds without the number."""
    places: list[float] = []
    values: list[float | None] = []
    hover: list[str] = []
    for place, each in enumerate(rounds, start=1):
        if (told := value(each)) is None:
            continue
        if values and rounds[round(places[-1]) - 1].attempt != each.attempt:
            places.append(place)
            values.append(None)
            hover.append("")
        places.append(place)
        values.append(told)
        hover.append(f"attempt {each.attempt}, round {each.number}")
    figure.add_scatter(
        x=places,
        y=values,
        mode="lines+markers",
        marker={"size": 5},
        name=name,
        text=hover,
        hovertemplate="%{text}: %{y:.4~g}<extra></extra>",
    )
