"""The filter of images by a key and one of its values, behind a button: camera Pixel 7, room 12, size tiny."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from cvcore import image_facts
from cvcore.image_facts import Column
from cvcore.languages import marked, number, t, tn
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.shell.text import isolated, plain, short

# A key and a value; an empty value means images without that key.
Fact = tuple[str, str]

VALUES_MOST = 1000
LABEL, LETTERS = marked("Metadata"), 24
NONE = marked("without it")


def chosen(key: str) -> Fact | None:
    """The key and value chosen under a session key, None if there are none."""
    fact: Fact | None = st.session_state.get(key)
    return fact


def choose(key: str, fact: Fact | None) -> None:
    """Choose a key and value, or none, under a session key; the controls follow."""
    for name in [name for name in st.session_state if str(name).startswith(f"{key}-value-") or name == f"{key}-name"]:
        del st.session_state[name]
    st.session_state[key] = fact


def label(fact: Fact) -> str:
    """A key and a value, as Markdown for a button."""
    name, value = fact[0], _said(*fact)
    return t(
        "{key}: {value}",
        key=plain(isolated(short(image_facts.said_key(name), LETTERS))),
        value=plain(isolated(short(value, LETTERS))),
    )


def _said(key: str, value: str) -> str:
    return image_facts.said_value(key, value) if value else t(NONE)


def show(store: Store, project: Project, *, key: str, on_change: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Show the button with the controls behind it; what is chosen is kept under `key`, see `chosen`."""
    fact = chosen(key)
    popover = st.popover(
        label(fact) if fact else t(LABEL), type="primary" if fact else "secondary", key=f"{key}-open", on_change="rerun"
    )
    if not popover.open:
        return
    _, columns = image_facts.of_workspace(store, project.id)
    with popover:
        if not columns:
            st.caption(t("Nothing is known of these images yet."))
            return
        names = list(columns)
        name = st.selectbox(
            t("What"),
            names,
            index=names.index(fact[0]) if fact and fact[0] in names else None,
            format_func=lambda each: isolated(image_facts.said_key(each)),
            placeholder=t("Camera, size, a column of a table …"),
            key=f"{key}-name",
        )
        if name in columns:
            _values(columns[name], key, on_change, args)


def image_ids(store: Store, project: Project, fact: Fact) -> tuple[str, ...]:
    """The ids of the workspace images with that key and value, the newest first."""
    ids, columns = image_facts.of_workspace(store, project.id)
    name, value = fact
    column = columns.get(name)
    if column is None:
        return () if value else tuple(ids)
    code = column.values.index(value) if value in column.values else None if value else -1
    return tuple(ids[place] for place in np.flatnonzero(column.codes == code)) if code is not None else ()


def _values(column: Column, key: str, on_change: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Show the values of a key with the numbers of their images; the one chosen is the filter at once."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values)).tolist()
    most = sorted(sorted(range(len(counts)), key=lambda code: -counts[code])[:VALUES_MOST])
    numbers = {column.values[code]: counts[code] for code in most}
    if without := int((column.codes < 0).sum()):
        numbers[""] = without
    fact = chosen(key)
    values = list(numbers)

    def take() -> None:
        value = st.session_state[widget]
        st.session_state[key] = None if value is None else (column.key, value)
        on_change(*args)

    widget = f"{key}-value-{column.key}"
    st.selectbox(
        t("Value"),
        values,
        index=values.index(fact[1]) if fact and fact[0] == column.key and fact[1] in values else None,
        format_func=lambda value: f"{isolated(_said(column.key, value))} ({number(numbers.get(value, 0))})",
        placeholder=tn(len(column.values), "{n} value", "{n} values"),
        key=widget,
        on_change=take,
    )
    if len(counts) > VALUES_MOST:
        st.caption(t("The {most} most frequent of {all} values.", most=number(VALUES_MOST), all=number(len(counts))))
