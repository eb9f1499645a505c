"""Draws precision and recall against the strength of a change."""

from __future__ import annotations

import plotly.graph_objects as go

from cvcore import robustness
from cvcore.languages import marked, percent, separators, t
from cvcore.robustness import Change, Numbers

# Each rate's name, what is said at a point, and how its line is drawn.
LINES = {
    "precision": (marked("Precision"), marked("{change}: precision {rate} ({low} to {high})"), "solid"),
    "recall": (marked("Recall"), marked("{change}: recall {rate} ({low} to {high})"), "dash"),
}


def of(numbers: Numbers, change: Change, tag: int) -> go.Figure:
    """The chart of one change and a tag's column (-1: the mean), with the intervals as bars."""
    places = [0, *(place for _, place in robustness.places(change))]
    labels = [t("unchanged"), *(change.unit(strength) for strength in change.strengths)]
    figure = go.Figure()
    for rate, (name, hover, dash) in LINES.items():
        row = robustness.position(rate)
        values, low, high = (100 * each[row, places, tag] for each in (numbers.values, numbers.low, numbers.high))
        figure.add_scatter(
            x=labels,
            y=values,
            name=t(name),
            mode="lines+markers",
            line={"dash": dash, "width": 3},
            marker={"size": 8},
            error_y={"array": high - values, "arrayminus": values - low, "thickness": 1.5, "width": 4},
            customdata=[*zip(low, high, strict=True)],
            hovertemplate=t(
                hover,
                change="%{x}",
                rate=percent("%{y:.1f}"),
                low="%{customdata[0]:.0f}",
                high=percent("%{customdata[1]:.0f}"),
            )
            + "<extra></extra>",
        )
    figure.update_xaxes(title=t(change.title), type="category", fixedrange=True)
    figure.update_yaxes(ticksuffix=percent(""), range=[-2, 102], fixedrange=True, zeroline=False)
    figure.update_layout(
        height=360,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        legend={"orientation": "h", "y": 1.12},
        separators=separators(),
    )
    return figure
