"""The filter of the Predictions page: five controls in a row, for order, iteration, answer, probability and time."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from cvcore.active_learning.prediction_queue import Order, QueueFilter
from cvcore.prediction import history
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.shell.text import short

NAME_LETTERS = 32
ORDERS: dict[Order, str] = {"useful": "Most useful first", "newest": "Newest first", "oldest": "Oldest first"}
TODAY, WEEK, EVER = "Today", "In 7 days", f"In {history.DAYS} days"
ALL, NO_ANSWER = "", "none"
ABOUT_USEFUL = "Most useful first: images that the model is uncertain about, or that differ from all training images."


def show(store: Store, project: Project) -> QueueFilter:
    """Show the controls; returns the filter. At first it has all predictions, the most useful first."""
    iterations = {iteration.id: iteration.name for iteration in store.iterations.trained(project.id)}
    # A tag's option is its id with a prefix: it must differ from the other options' values.
    tags = {f"tag {tag.id}": tag.name for tag in store.tags.of_project(project.id)}
    with st.container(horizontal=True, vertical_alignment="bottom", key="prediction-filter"):
        order = st.selectbox(
            "Order",
            list(ORDERS),
            format_func=ORDERS.__getitem__,
            help=ABOUT_USEFUL,
            key=f"order-{project.id}",
            width=190,
        )
        iteration_id = st.selectbox(
            "Iteration",
            [ALL, *iterations],
            format_func=lambda option: short(iterations.get(option, "All iterations"), NAME_LETTERS),
            key=f"of-iteration-{project.id}",
            width=190,
        )
        answer = st.selectbox(
            "Answer",
            [ALL, *tags, NO_ANSWER],
            format_func=lambda option: short(tags.get(option, "No answer" if option else "All answers"), NAME_LETTERS),
            help="The most probable tag. No answer: no tag reaches the iteration's threshold.",
            key=f"answer-{project.id}",
            width=190,
        )
        low, high = st.slider(
            "Its probability", 0, 100, (0, 100), format="%d %%", key=f"between-{project.id}", width=220
        )
        time = st.selectbox("Asked", [EVER, WEEK, TODAY], key=f"asked-{project.id}", width=150)
    return QueueFilter(
        order=order,
        iteration_id=iteration_id or None,
        tag=tags.get(answer),
        has_answer=False if answer == NO_ANSWER else None,
        low=low / 100,
        high=high / 100,
        since=_since(time),
    )


def _since(time: str) -> datetime | None:
    now = datetime.now().astimezone()
    if time == TODAY:
        return now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now - timedelta(days=7) if time == WEEK else None
