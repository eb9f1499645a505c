"""Compares two iterations: a verdict, the differences tag by tag, and the images that were fixed or broken."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from cvcore import evaluation, urls
from cvcore.evaluation import comparisons
from cvcore.evaluation.comparisons import ChangedImage, Comparison, ImageAnswer
from cvcore.languages import marked, percent_format, t, tn
from cvcore.records import Iteration, Project
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.compare import difference_table, sentences
from pages.parts.shell import detail_level, page_address
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import refusals, short
from pages.parts.widgets import changed_images

RATES = {marked("F1"): 2, marked("Precision"): 0, marked("Recall"): 1}
SAME, OWN = marked("The same for both"), marked("Each its own")
LISTED = 240
ANSWER_LETTERS = 40


@st.fragment
def show(store: Store, project: Project, iteration: Iteration) -> None:
    """Let the user choose another iteration and the thresholds; show which of the two is better, and why."""
    others = {str(each.number): each for each in store.iterations.trained(project.id) if each.id != iteration.id}
    if not others:
        st.info(t("There is no other trained iteration yet. Train again, and both can be compared here."))
        return
    controls = st.container(horizontal=True, vertical_alignment="bottom", key="compare-controls")
    with controls:
        other = others[_other(others, iteration)]
        threshold = _threshold(project)
    with refusals():
        comparison = comparisons.compare(store, iteration, other, threshold)
        st.header(sentences.headline(comparison), anchor=False)
        st.markdown(sentences.evidence(comparison), help=t(HELP["McNemar test"]))
        left, right = st.container(key="compare-body").columns([6, 5], gap="medium")
        with left:
            _differences(comparison)
        with right:
            _changed(store, comparison)
        st.caption(sentences.notes(comparison))


def _other(others: dict[str, Iteration], iteration: Iteration) -> str:
    """The number of the iteration to compare with: the one in the address, else the one before, else the newest."""
    key = f"compare-with-{iteration.id}"
    if st.session_state.get(key) not in others:
        older = [number for number, each in others.items() if each.number < iteration.number]
        wanted = st.query_params.get("compare-with", "")
        st.session_state[key] = wanted if wanted in others else (older or list(others))[0]
    number = st.selectbox(
        t("Compare with"), list(others), format_func=lambda number: others[number].name, key=key, width=200
    )
    page_address.put({"compare-with": number})
    return number


def _threshold(project: Project) -> float | None:
    """The threshold of both, which all views share, or None for own ones."""
    mode = _option(t("Thresholds"), [SAME, OWN], "compare-at", help=t(HELP["threshold"]))
    if mode == OWN:
        return None
    shared, slider = f"threshold-{project.id}", f"compare-slider-{project.id}"
    start = st.session_state.get(shared, evaluation.DEFAULT_THRESHOLD)
    st.session_state.setdefault(slider, round(100 * start))
    threshold = st.slider(t("Threshold of both"), 0, 100, format=percent_format(), key=slider, width=240) / 100
    st.session_state[shared] = threshold
    page_address.show("threshold", threshold)
    return threshold


def _option(label: str, options: list[str], key: str, **look: Any) -> str:
    """The option chosen, at first that in the address, else the first; the address has its English name."""
    if st.session_state.get(key) not in options:
        wanted = st.query_params.get(key, "")
        st.session_state[key] = wanted if wanted in options else options[0]
    chosen = str(st.segmented_control(label, options, format_func=t, required=True, key=key, **look))
    page_address.put({key: "" if chosen == options[0] else chosen})
    return chosen


def _differences(comparison: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(t("Tag by tag"), anchor=False, width="content")
        name = _option(t("Rate"), list(RATES), "compare-by", label_visibility="collapsed")
    row, is_full = RATES[name], detail_level.is_full()
    st.html(difference_table.of(comparison, row, with_mean_interval=is_full))
    if is_full or _seems_to_contradict(comparison, row):
        st.caption(sentences.mean(comparison, row))


def _seems_to_contradict(comparison: Comparison, row: int) -> bool:
    """Whether the mean of a rate points another way than the verdict, which must then be explained."""
    value = comparison.differences.value[row, -1]
    verdict = comparison.right.verdict
    return bool((verdict == "better" and value < 0) or (verdict == "worse" and value > 0))


def _changed(store: Store, comparison: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(t("What changed"), anchor=False, width="content")
        # No option stands for all tags, because a tag can have any name.
        tag = st.selectbox(
            t("Tag"),
            comparison.tags,
            None,
            placeholder=t("All tags"),
            label_visibility="collapsed",
            key="compare-tag",
            bind="query-params",
            width=180,
        )
    place = comparison.tags.index(tag) if tag in comparison.tags else None
    fixed = _side(store, comparison, "fixed", place)
    broken = _side(store, comparison, "broken", place)
    names = [short(each.name, sentences.NAME_LETTERS) for each in (comparison.older, comparison.newer)]
    changed_images.show([fixed, broken], (names[0], names[1]), key="changed-images")


def _side(
    store: Store, comparison: Comparison, kind: Literal["fixed", "broken"], tag: int | None
) -> changed_images.Side:
    older, newer = (short(each.name, sentences.NAME_LETTERS) for each in (comparison.older, comparison.newer))
    rows = comparison.fixed if kind == "fixed" else comparison.broken
    if kind == "fixed":
        about = t("Wrong in {older}, right in {newer}.", older=older, newer=newer)
    else:
        about = t("Right in {older}, wrong in {newer}.", older=older, newer=newer)
    number, images = comparisons.changed_images(store, comparison, rows, tag=tag, most=LISTED)
    return {
        "title": _title(number, kind),
        "about": f"{about} {_largest()}" if number > len(images) else about,
        "kind": kind,
        "items": [_item(image, is_fixed=kind == "fixed") for image in images],
    }


def _title(number: int, kind: Literal["fixed", "broken"]) -> str:
    if kind == "fixed":
        return tn(number, "{n} image fixed", "{n} images fixed")
    return tn(number, "{n} image broken", "{n} images broken")


def _largest() -> str:
    return t("The {n} with the largest change:", n=LISTED)


def _item(image: ChangedImage, *, is_fixed: bool) -> changed_images.Item:
    return {
        "src": urls.thumbnail(image.sha256),
        "large": urls.image(image.sha256),
        "name": image.name,
        "tags": ", ".join(image.tags) or t("no tag"),
        "answers": [_answer(image.older, is_right=not is_fixed), _answer(image.newer, is_right=is_fixed)],
    }


def _answer(answer: ImageAnswer, *, is_right: bool) -> changed_images.Answer:
    names = ", ".join(name for name, _ in answer.tags)
    full = ", ".join(f"{name} {percent(probability)}" for name, probability in answer.tags)
    top = t("no answer ({tag} {probability})", tag=answer.top[0], probability=percent(answer.top[1]))
    return {"short": short(names, ANSWER_LETTERS) or t("no answer"), "full": full or top, "right": is_right}
