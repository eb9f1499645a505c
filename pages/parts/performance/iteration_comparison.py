"""Compares iterations on the images they share: better, worse or not distinguishable."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cvcore.evaluation import comparisons
from cvcore.evaluation.comparisons import Comparison
from cvcore.metrics import paired_comparison
from cvcore.metrics.paired_comparison import Differences
from cvcore.records import Iteration, Project
from cvcore.store import Store
from cvcore.wording import count, none_for_nan
from pages.parts.shell.text import plain, refusals, short

RATES = {"F1": 2, "Precision": 0, "Recall": 1}
CHARTED = 30
NAME_LETTERS = 24
AT_ONCE = 4


def show(store: Store, project: Project, iteration: Iteration) -> None:
    """Let the user choose other iterations; show in words, as a chart and as a table whether this one is better."""
    st.subheader("Compare with other iterations", anchor=False)
    trained = {other.id: other for other in store.iterations.trained(project.id) if other.id != iteration.id}
    if not trained:
        st.info("There is no other trained iteration yet. Train again, and both can be compared here.")
        return
    older = [other.id for other in trained.values() if other.number < iteration.number]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Compare with",
            list(trained),
            older[:1] or list(trained)[:1],
            format_func=lambda iteration_id: trained[iteration_id].name,
            max_selections=AT_ONCE,
            key=f"compare-{iteration.id}",
        )
        rate = st.selectbox("By", list(RATES), key=f"compare-by-{project.id}", width=160)
    others = [trained[iteration_id] for iteration_id in chosen]
    if not others:
        st.caption("Choose one or more.")
        return
    with refusals():
        comparison = comparisons.compare(store, iteration, others)
        for other, differences, right in zip(others, comparison.differences, comparison.right, strict=True):
            st.markdown(sentence(iteration.name, other.name, differences, rate, comparison.images))
            st.caption(
                f"Images with every tag right: {right.first} of {right.images} against {right.second}. Groups of near "
                f"duplicates in which one has more right: {right.only_first} against {right.only_second} (exact "
                f"McNemar test, p = {right.p_value:.2g})."
            )
        st.plotly_chart(
            chart(comparison, [other.name for other in others], rate),
            config={"displayModeBar": False},
            key=f"compare-chart-{iteration.id}",
        )
        table = rows(comparison, iteration.name, [other.name for other in others], rate)
        numbers = {name: st.column_config.NumberColumn(format="%.1f %%") for name in list(table)[2:]}
        st.dataframe(table, hide_index=True, column_config=numbers)
        st.caption(notes(comparison))


def sentence(first: str, second: str, differences: Differences, rate: str, images: int) -> str:
    """Whether the mean over the tags is better, worse or not distinguishable, in a sentence."""
    row = RATES[rate]
    value, low, high = (100 * rates[row, -1] for rates in (differences.value, differences.low, differences.high))
    if np.isnan(value):
        return f"**{plain(first)}** and {plain(second)} cannot be compared by {rate}: it is undefined for one of them."
    verdict = paired_comparison.verdict(low, high)
    undecided = f"not distinguishable from** {plain(second)} with {count(images, 'image')}"
    words = undecided if verdict.startswith("not") else f"{verdict} than** {plain(second)}"
    name = rate if rate == "F1" else rate.lower()
    return (
        f"{plain(first)} is **{words}: mean {name} {100 * differences.first[row, -1]:.1f} % against "
        f"{100 * differences.second[row, -1]:.1f} %, a difference of {value:+.1f} points "
        f"(95 % interval {low:+.1f} to {high:+.1f})."
    )


def rows(comparison: Comparison, name: str, others: list[str], rate: str) -> dict[str, list[Any]]:
    """The table's columns, in per cent and points: every tag, then the mean; None where undefined."""
    row = RATES[rate]
    table: dict[str, list[Any]] = {
        "Tag": [*comparison.tags, "All tags (mean)"],
        "Images": [*comparison.counts.tolist(), comparison.images],
        f"{name}: {rate}": _known(comparison.differences[0].first[row]),
    }
    for other, each in zip(others, comparison.differences, strict=True):
        table[f"{other}: {rate}"] = _known(each.second[row])
        table[f"Ahead of {other}"] = _known(each.value[row])
        table[f"at least ({other})"] = _known(each.low[row])
        table[f"at most ({other})"] = _known(each.high[row])
    return table


def chart(comparison: Comparison, others: list[str], rate: str) -> go.Figure:
    """Each tag's difference as a dot with its 95 % interval, right of 0 where the iteration is ahead.

    At most 30 tags are drawn, those with the largest differences; the mean is at the top.
    """
    row = RATES[rate]
    size = np.max([np.nan_to_num(np.abs(each.value[row, :-1])) for each in comparison.differences], axis=0)
    tags = np.sort(np.argsort(-size, kind="stable")[:CHARTED])
    places = np.append(tags, len(comparison.tags))[::-1]
    height = np.arange(len(places))
    figure = go.Figure()
    for turn, (name, each) in enumerate(zip(others, comparison.differences, strict=True)):
        value, low, high = (100 * numbers[row][places] for numbers in (each.value, each.low, each.high))
        figure.add_scatter(
            x=value,
            # The points of several other iterations are drawn below each other.
            y=height - 0.16 * (turn - (len(others) - 1) / 2),
            error_x={"array": high - value, "arrayminus": value - low, "thickness": 2, "width": 4},
            mode="markers",
            marker={"size": 9},
            name=html.escape(f"against {short(name, NAME_LETTERS)}", quote=False),
            hovertemplate="%{x:+.1f} points<extra></extra>",
        )
    names = [html.escape(short(tag, NAME_LETTERS), quote=False) for tag in (*comparison.tags, "All tags (mean)")]
    figure.add_vline(0, line={"width": 1, "color": "gray"})
    figure.update_yaxes(tickvals=height, ticktext=[names[place] for place in places], automargin=True)
    figure.update_xaxes(title="Points ahead (right) or behind (left)", zeroline=False)
    figure.update_layout(
        height=130 + 32 * len(places),
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
        dragmode=False,
        showlegend=len(others) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def notes(comparison: Comparison) -> str:
    """Sentences on what is compared and what is left out."""
    sentences = [
        f"Compared on the {count(comparison.images, 'image')} that all were evaluated on, each at its own threshold."
    ]
    if comparison.retagged:
        sentences.append(
            f"{count(comparison.retagged, 'image')} had other tags for some of them: the newest tags count."
        )
    if comparison.only_some:
        names = ", ".join(plain(short(name, NAME_LETTERS)) for name in comparison.only_some[:5])
        sentences.append(
            f"Tags that only some of them know are left out: {names}{', …' if len(comparison.only_some) > 5 else ''}."
        )
    if comparison.left_out:
        sentences.append(f"{count(comparison.left_out, 'image')} with such a tag are left out.")
    if len(comparison.tags) > CHARTED:
        sentences.append(f"The chart shows the {CHARTED} tags that differ most.")
    return " ".join(sentences)


def _known(rates: np.ndarray) -> list[float | None]:
    return [none_for_nan(100 * rate) for rate in rates]
