"""The filter of images by a key and one of its values, behind a button: camera Pixel 7, room 12, size tiny."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cvcore import image_facts
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
    names = image_facts.keys(store, project.id)
    with popover:
        if not names:
            st.caption(t("Nothing is known of these images yet."))
            return
        name = st.selectbox(
            t("What"),
            names,
            index=names.index(fact[0]) if fact and fact[0] in names else None,
            format_func=lambda each: isolated(image_facts.said_key(each)),
            placeholder=t("Camera, size, a column of a table …"),
            key=f"{key}-name",
        )
        if name in names:
            _values(name, image_facts.values(store, project.id, name), key, on_change, args)


def _values(
    name: str, counts: Mapping[str, int], key: str, on_change: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    """Show the values of a key with the numbers of their images; the one chosen is the filter at once."""
    said = [value for value in counts if value]
    most = set(sorted(said, key=lambda value: -counts[value])[:VALUES_MOST])
    values = [value for value in counts if value in most or not value]
    fact = chosen(key)

    def take() -> None:
        value = st.session_state[widget]
        st.session_state[key] = None if value is None else (name, value)
        on_change(*args)

    widget = f"{key}-value-{name}"
    st.selectbox(
        t("Value"),
        values,
        index=values.index(fact[1]) if fact and fact[0] == name and fact[1] in values else None,
        format_func=lambda value: f"{isolated(_said(name, value))} ({number(counts.get(value, 0))})",
        placeholder=tn(len(said), "{n} value", "{n} values"),
        key=widget,
        on_change=take,
    )
    if len(said) > VALUES_MOST:
        st.caption(t("The {most} most frequent of {all} values.", most=number(VALUES_MOST), all=number(len(said))))
