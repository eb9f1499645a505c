"""The filter of the Predictions page: order, iteration, answer, probability and time. It is in the page's address.

`order=newest`, `of=2` (the iteration's number), `answer=rose` or `no-answer=1`, `from=20`, `to=90`, `asked=today`; a
parameter that changes nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import streamlit as st

from cvcore.active_learning.prediction_queue import Order, QueueFilter
from cvcore.languages import marked, percent_format, t
from cvcore.prediction import history
from cvcore.records import Iteration, Project, Tag
from cvcore.store import Store
from pages.parts.shell import page_address
from pages.parts.shell.text import isolated, short
from pages.parts.widgets import page_choice

NAME_LETTERS = 32
ORDERS: dict[Order, str] = {
    "useful": marked("Most useful first"),
    "newest": marked("Newest first"),
    "oldest": marked("Oldest first"),
}
EVER, WEEK, TODAY = "", "week", "today"
ALL, NO_ANSWER = "", "none"
ABOUT_USEFUL = marked(
    "Most useful first: images that the model is uncertain about, or that differ from all training images."
)
Option = TypeVar("Option", bound=str)
_NAMES = ("order", "of", "answer", "no-answer", "from", "to", "asked", "page")


@dataclass
class _Address:
    """The parameters that the filter was made from, those written last and read last, and how often it was made."""

    first: dict[str, str]
    written: dict[str, str]
    seen: dict[str, str]
    turn: int = 0


def page_key(project: Project) -> str:
    """The session's key of the page of the list, for `page_choice`."""
    return f"predictions-page-{project.id}"


def show(store: Store, project: Project) -> QueueFilter:
    """Show the controls; returns the filter. At first it has all predictions, the most useful first."""
    address = _adopted(project)
    iterations = store.iterations.trained(project.id)
    tags = store.tags.of_project(project.id)
    suffix = f"{project.id}-{address.turn}" if address.turn else project.id
    orders = {order: t(label) for order, label in ORDERS.items()}
    times = {EVER: t("All {days} days", days=history.DAYS), WEEK: t("Last 7 days"), TODAY: t("Today")}
    with st.container(horizontal=True, vertical_alignment="bottom", key="prediction-filter"):
        order = _select(t("Order"), orders, address.first["order"], key=f"order-{suffix}", help=t(ABOUT_USEFUL))
        iteration_id = _of_iteration(iterations, address.first["of"], suffix)
        answer = _of_answer(tags, address.first, suffix)
        low, high = st.slider(
            t("Its probability"),
            0,
            100,
            _range(address.first),
            format=percent_format(),
            key=f"between-{suffix}",
            width=220,
        )
        time = _select(t("Time"), times, address.first["asked"], key=f"asked-{suffix}", width=190)
    names = {f"tag {tag.id}": tag.name for tag in tags}
    number = next((f"{iteration.number}" for iteration in iterations if iteration.id == iteration_id), "")
    values = (order, number, names.get(answer, ""), "1" * (answer == NO_ANSWER), f"{low}", f"{high}", time)
    st.session_state[f"predictions-filter-{project.id}"] = _without_defaults(dict(zip(_NAMES, values, strict=False)))
    return QueueFilter(
        order=order,
        iteration_id=iteration_id or None,
        tag=names.get(answer),
        has_answer=False if answer == NO_ANSWER else None,
        low=low / 100,
        high=high / 100,
        since=_since(time),
    )


def write_address(project: Project, page: int) -> None:
    """Put the filter that was shown last, and the page of the list, into the page's address."""
    address: _Address = st.session_state[f"predictions-address-{project.id}"]
    shown: dict[str, str] = st.session_state[f"predictions-filter-{project.id}"]
    address.written = {**shown, "page": f"{page}" if page > 1 else ""}
    page_address.put(address.written)


def _adopted(project: Project) -> _Address:
    """The address' parameters; controls are made anew from them if a link or the Back button has changed them."""
    now = {name: str(st.query_params.get(name, "")) for name in _NAMES}
    key = f"predictions-address-{project.id}"
    address: _Address | None = st.session_state.get(key)
    if address is None or now not in (address.written, address.seen):
        turn = 0 if address is None else address.turn + 1
        address = st.session_state[key] = _Address(now, now, now, turn)
        page = now["page"]
        page_choice.put(page_key(project), int(page) if page.isdecimal() and len(page) < 6 else 1)
    address.seen = now
    return address


def _without_defaults(values: Mapping[str, str]) -> dict[str, str]:
    defaults = {"order": "useful", "from": "0", "to": "100"}
    return {name: "" if value == defaults.get(name) else value for name, value in values.items()}


def _select(
    label: str, options: Mapping[Option, str], chosen: str, *, key: str, width: int = 220, help: str | None = None
) -> Option:
    names = list(options)
    return st.selectbox(
        label,
        names,
        index=next((place for place, name in enumerate(names) if name == chosen), 0),
        format_func=lambda option: options.get(option, ""),
        help=help,
        key=key,
        width=width,
    )


def _of_iteration(iterations: list[Iteration], number: str, suffix: str) -> str:
    options = {ALL: t("All iterations")}
    options |= {iteration.id: isolated(short(iteration.name, NAME_LETTERS)) for iteration in iterations}
    chosen = next((iteration.id for iteration in iterations if f"{iteration.number}" == number), ALL)
    return _select(t("Iteration"), options, chosen, key=f"of-iteration-{suffix}")


def _of_answer(tags: list[Tag], address: Mapping[str, str], suffix: str) -> str:
    # A tag's option is its id with a prefix: it must differ from the other options' values.
    options = {ALL: t("All answers")}
    options |= {f"tag {tag.id}": isolated(short(tag.name, NAME_LETTERS)) for tag in tags}
    options[NO_ANSWER] = t("No answer")
    chosen = next((f"tag {tag.id}" for tag in tags if tag.name == address["answer"]), ALL)
    return _select(
        t("Answer"),
        options,
        NO_ANSWER if address["no-answer"] else chosen,
        help=t("The most probable tag. No answer: no tag reaches the iteration's threshold."),
        key=f"answer-{suffix}",
    )


def _range(address: Mapping[str, str]) -> tuple[int, int]:
    ends = [int(text) if text.isdecimal() else end for text, end in ((address["from"], 0), (address["to"], 100))]
    low, high = sorted(min(end, 100) for end in ends)
    return low, high


def _since(time: str) -> datetime | None:
    now = datetime.now().astimezone()
    if time == TODAY:
        return now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now - timedelta(days=7) if time == WEEK else None
