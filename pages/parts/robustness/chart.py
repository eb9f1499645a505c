"""Draws precision and recall against the strength of a change."""

from __future__ import annotations

import plotly.graph_objects as go

from cvcore import robustness
from cvcore.robustness import Change, Numbers


def of(numbers: Numbers, change: Change, tag: int) -> go.Figure:
    """The chart of one change and a tag's column (-1: the mean), with the intervals as bars."""
    places = [0, *(place for _, place in robustness.places(change))]
    labels = ["unchanged", *(change.unit(strength) for strength in change.strengths)]
    figure = go.Figure()
    for name, dash in (("Precision", "solid"), ("Recall", "dash")):
        row = robustness.position(name.lower())
        values, low, high = (100 * each[row, places, tag] for each in (numbers.values, numbers.low, numbers.high))
        figure.add_scatter(
            x=labels,
            y=values,
            name=name,
            mode="lines+markers",
            line={"dash": dash, "width": 3},
            marker={"size": 8},
            error_y={"array": high - values, "arrayminus": values - low, "thickness": 1.5, "width": 4},
            customdata=[*zip(low, high, strict=True)],
            hovertemplate=f"%{{x}}: {name.lower()} %{{y:.1f}} % (%{{customdata[0]:.0f}} to %{{customdata[1]:.0f}} %)"
            "<extra></extra>",
        )
    figure.update_xaxes(title=change.title, type="category", fixedrange=True)
    figure.update_yaxes(ticksuffix=" %", range=[-2, 102], fixedrange=True, zeroline=False)
    figure.update_layout(
        height=360, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False, legend={"orientation": "h", "y": 1.12}
    )
    return figure
