"""Colours the map by what is known of the images: day, folder, camera, users' own keys; chosen behind a button."""

from __future__ import annotations

import math
import re

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cvcore import image_facts
from cvcore.image_facts import Column
from cvcore.image_maps import Points
from cvcore.languages import current, t
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.map import colourings
from pages.parts.shell.text import isolated, plain, short
from pages.parts.widgets.map import Colouring

# More values than that are a scale if they are numbers or days; of others, the most frequent have a colour each.
CLASSES_MOST, LABELS_MOST = 12, 32
LETTERS = 40

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def show(store: Store, project: Project, points: Points) -> Colouring | None:
    """Show the button; returns the points' colouring by the key that was chosen, None without one."""
    key = f"map-fact-{project.id}"
    name = st.session_state.get(key)
    label = t("Coloured by {key}", key=_said(name)) if name else t("Colour by metadata")
    popover = st.popover(plain(label), type="primary" if name else "secondary", key=f"{key}-open", on_change="rerun")
    if not popover.open and not name:
        return None
    ids, columns = image_facts.of_workspace(store, project.id)
    if popover.open:
        with popover:
            _choice(columns, key)
    column = columns.get(st.session_state.get(key) or "")
    return _colouring(points, ids, column) if column else None


def _choice(columns: dict[str, Column], key: str) -> None:
    if not columns:
        st.caption(t("Nothing is known of these images yet."))
        return
    names, chosen = list(columns), st.session_state.get(key)

    def take() -> None:
        st.session_state[key] = st.session_state[f"{key}-name"]

    st.selectbox(
        t("What"),
        names,
        index=names.index(chosen) if chosen in names else None,
        format_func=_said,
        placeholder=t("Camera, size, a column of a table …"),
        key=f"{key}-name",
        on_change=take,
    )


def _said(key: str) -> str:
    return isolated(short(image_facts.said_key(key), LETTERS))


def _colouring(points: Points, ids: list[str], column: Column) -> Colouring:
    """The colouring of points by a column of images with these ids; kept while nothing changes."""
    kept: tuple[Points, Column, str, Colouring] | None = st.session_state.get("map-fact")
    if kept and kept[0] is points and kept[1] is column and kept[2] == current():
        return kept[3]
    values = tuple(image_facts.said_value(column.key, value) for value in column.values)
    made = of_column(own_name(column.key), values, codes_of(points, ids, column.codes))
    made["title"] = title(column.key)
    st.session_state["map-fact"] = points, column, current(), made
    return made


def own_name(key: str) -> str:
    """The colouring's name, which none of the map's own colourings has.

    >>> own_name("room"), own_name("Tag")
    ('room', 'Tag (metadata)')
    """
    return f"{key} (metadata)" if key in colourings.NAMES else key


def title(key: str) -> str:
    """What the colouring is called: the key, marked where it could be taken for one of the map's own colourings."""
    said = image_facts.said_key(key)
    return t("{key} (metadata)", key=said) if said in map(t, colourings.NAMES) else said


def codes_of(points: Points, ids: list[str], codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """The code of each point, given the images that the codes belong to; -1 for predictions and unknown images."""
    if not ids:
        return np.full(len(points.kinds), -1, np.int32)
    known = np.array(ids, bytes)
    order = np.argsort(known)
    places = order[np.searchsorted(known, points.image_ids, sorter=order).clip(max=len(order) - 1)]
    return np.where(known[places] == points.image_ids, codes[places], -1).astype(np.int32)


def of_column(name: str, values: tuple[str, ...], codes: NDArray[np.int32]) -> Colouring:
    """A scale where there are many values, all of them numbers or days; else a colour for each of the most frequent.

    >>> of_column("room", ("9", "12"), np.array([0, 1, -1], np.int32))["labels"]
    ['9', '12', 'without it']
    >>> of_column("age", tuple(map(str, range(20))), np.array([0, -1], np.int32))["ends"]
    (0.0, 19.0, 'number')
    """
    numbers = _numbers(values) if len(values) > CLASSES_MOST else None
    if numbers is not None:
        each = np.where(codes < 0, np.nan, numbers[np.maximum(codes, 0)])
        kind = "day" if _DAY.fullmatch(values[0]) else "number"
        return colourings.scale(name, each, float(numbers.min()), float(numbers.max()), kind)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    listed = np.sort(np.argsort(-counts, kind="stable")[:LABELS_MOST])
    labels = [short(values[code], LETTERS) for code in listed]
    new_codes = np.full(len(values) + 1, len(labels))
    new_codes[listed] = np.arange(len(listed))
    new_codes[-1] = -1  # where there is no value
    if len(values) > len(listed):
        labels.append(t("other values"))
    return colourings.kinds(name, new_codes[codes], [*labels, t("without it")])


def _numbers(values: tuple[str, ...]) -> NDArray[np.float64] | None:
    """The values as numbers, or as days since 1970; None if one is neither."""
    try:
        if all(map(_DAY.fullmatch, values)):
            return np.array(values, "datetime64[D]").astype(np.int64).astype(np.float64)
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return None
    return numbers if math.isfinite(float(numbers.max()) - float(numbers.min())) else None
