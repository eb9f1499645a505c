"""The choice of a slice, one or two conditions, which also stands in the page's address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cvcore import image_facts, languages, slices
from cvcore.errors import InvalidInput
from cvcore.image_facts import Column
from cvcore.languages import t, tn
from cvcore.records import Iteration, Thresholds
from cvcore.slices import Condition
from cvcore.store import Store
from pages.parts.shell import page_address
from pages.parts.shell.text import plain, sentence, short

# One parameter of the address for each condition.
PARAMETERS = ("slice", "and")
LETTERS = 60


def show(store: Store, iteration: Iteration, thresholds: Thresholds) -> tuple[Condition, ...]:
    """Let the user choose a key and a value, then a second pair; returns the conditions, none as long as none is."""
    known = slices.columns(store, iteration)
    chosen: list[Condition] = []
    with st.container(horizontal=True, vertical_alignment="bottom", key="slice-choice"):
        for number in range(len(PARAMETERS)):
            _follow_address(store, iteration, known, number)
            condition = _pair(store, iteration, thresholds, known, number)
            if condition is None:
                break
            chosen.append(condition)
    texts = [*map(str, chosen), *([""] * len(PARAMETERS))]
    page_address.put(dict(zip(PARAMETERS, texts, strict=False)))
    return tuple(dict.fromkeys(chosen))


def open_slice(iteration: Iteration, condition: Condition) -> None:
    """Choose a slice, from the next run on."""
    for number in range(len(PARAMETERS)):
        key, value = _keys(iteration, number)
        is_first = number == 0
        st.session_state[key] = condition.key if is_first else None
        st.session_state[f"{value}-{condition.key}"] = condition.value if is_first else None


def _keys(iteration: Iteration, number: int) -> tuple[str, str]:
    return f"slice-key-{number}-{iteration.project_id}", f"slice-value-{number}-{iteration.project_id}"


def _follow_address(store: Store, iteration: Iteration, known: Mapping[str, Column], number: int) -> None:
    """Take over what the address says where nothing was chosen in this session, and forget what is not known."""
    key, value = _keys(iteration, number)
    state = st.session_state
    text = st.query_params.get(PARAMETERS[number], "")
    if key not in state and text:
        state[key] = None
        try:
            (condition,) = slices.parse(store, iteration, [text])
            state[key], state[f"{value}-{condition.key}"] = condition.key, condition.value
        except InvalidInput as error:
            st.warning(plain(sentence(str(error))))
    if state.get(key) not in known:
        state[key] = None


def _pair(
    store: Store, iteration: Iteration, thresholds: Thresholds, known: Mapping[str, Column], number: int
) -> Condition | None:
    key_name, value_name = _keys(iteration, number)
    key = st.selectbox(
        t("Key") if number == 0 else t("And key"),
        list(known),
        index=None,
        format_func=lambda each: short(image_facts.said_key(each), LETTERS),
        placeholder=t("Choose what to look at") if number == 0 else t("Any"),
        key=key_name,
        width=240,
    )
    if key is None:
        return None
    images, wrong = slices.shares_of_wrong(store, iteration, thresholds, key)
    values = known[key].values
    of_value = dict(zip(values, zip(images.tolist(), wrong.tolist(), strict=True), strict=True))
    place = f"{value_name}-{key}"
    if st.session_state.get(place) not in values:
        st.session_state[place] = None
    value = st.selectbox(
        t("Value"),
        values,
        index=None,
        format_func=lambda each: t(
            "{value}: {images}, {wrong} wrong",
            value=short(image_facts.said_value(key, each), LETTERS),
            images=tn(of_value[each][0], "{n} image", "{n} images"),
            wrong=languages.number(of_value[each][1]),
        ),
        placeholder=t("Choose a value"),
        key=place,
        width=320,
    )
    return None if value is None else Condition(key, value)
