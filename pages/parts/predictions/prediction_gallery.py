"""Kept predictions in a gallery: selected many at a time, tagged and added to the project, or deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from cvcore import evaluation, prediction, urls
from cvcore.active_learning import promotion
from cvcore.active_learning.prediction_queue import LATEST, QueuedImage
from cvcore.prediction import history
from cvcore.projects.uploads import Upload
from cvcore.records import MULTICLASS, MULTILABEL, Prediction, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import count, day, percent
from pages.parts.quick_test import probability_bars
from pages.parts.shell import project_choice, widget_resets
from pages.parts.shell.text import plain, refusals, sentence, short
from pages.parts.widgets import gallery

KEY = "predictions"
PAGE = 60
NAME_LETTERS = 24
BADGE_LETTERS = 14
REASONS_SHOWN = 5

_NOTICE = "predictions-notice"


@st.fragment
def show(store: Store, project: Project, queued: Sequence[QueuedImage], limits: Limits) -> None:
    """Gallery, pages and what can be done with the selected."""
    if not queued:
        st.info("No prediction matches. Choose another answer, a wider range of probability, or a longer time.")
        return
    pages = -(-len(queued) // PAGE)
    page_key = f"predictions-page-{project.id}"
    page = min(st.session_state.get(page_key, 1), pages)
    shown = {each.id: each for each in queued[PAGE * (page - 1) : PAGE * page]}
    st.markdown(f"**{count(len(queued), 'image')}**")
    bar = st.container(key="toolbar")
    selected = gallery.show(
        [_item(each) for each in shown.values()],
        key=f"predictions-{project.id}-{page}",
        revision=widget_resets.current(KEY),
    )
    if pages > 1:
        # The last page may have gone with its last image.
        st.session_state[page_key] = page
        st.pagination(pages, key=page_key)
    if sum(each.times for each in queued) >= LATEST:
        st.caption(f"Only the last {LATEST:,} predictions are searched.")
    with bar:
        _toolbar(store, project, [shown[each] for each in selected], limits)


def notice(project: Project) -> None:
    """Show the result of the last button pressed, once."""
    of, message, is_added = st.session_state.pop(_NOTICE, ("", "", False))
    if of == project.id:
        st.success(message)
        if is_added:
            project_choice.link("train.py", "Train with them", project)


# ---- what stands below an image -----------------------------------------------------------------------------------


def _item(each: QueuedImage) -> gallery.Item:
    asked = day(each.kept.created_at) + (f", {each.times} times" if each.times > 1 else "")
    return {
        "id": each.id,
        "src": urls.thumbnail(each.kept.sha256),
        "caption": f"asked {asked}",
        "badge": f"{short(each.tags[0].tag, BADGE_LETTERS)} {percent(each.tags[0].probability)}",
        "tags": f"answer {_joined(each.answer)}" if each.answer else "no answer",
        "notes": [f"{each.iteration.name}, {each.kept.application or 'API'}", asked],
    }


def _joined(tags: Sequence[Prediction]) -> str:
    return ", ".join(tag.tag for tag in tags)


# ---- what the user does --------------------------------------------------------------------------------------------


def _toolbar(store: Store, project: Project, selected: Sequence[QueuedImage], limits: Limits) -> None:
    there = [tag.name for tag in store.tags.of_project(project.id)]
    chosen: Mapping[str, Sequence[str]] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.multiselect(
            "Tags",
            there,
            accept_new_options=True,
            max_selections=1 if project.classification_type == MULTICLASS else None,
            placeholder="Choose or type a tag",
            label_visibility="collapsed",
            key=f"adopt-{project.id}-{widget_resets.current(KEY)}",
            width=320,
        )
        if st.button("Add to project", type="primary", disabled=not (selected and wanted)):
            chosen = {each.id: wanted for each in selected}
        if st.button(
            _as_predicted(selected),
            key="as-predicted",
            disabled=not selected,
            help="Each with its own answer or, where it has none, its most probable tag. Look first: a model that is "
            "taught its own mistakes keeps them.",
        ):
            chosen = {each.id: [tag.tag for tag in each.tags] for each in selected}
        if st.button("Look closer", disabled=len(selected) != 1):
            _closer(store, selected[0])
        if st.button("Delete", disabled=not selected, type="tertiary"):
            _delete(store, project, selected)
    if chosen:
        with refusals():
            fates = promotion.promote(store, project, chosen, limits=limits)
            _again(project, _summary(fates, len(chosen)), is_added=any(fate.image_id for fate in fates))


def _as_predicted(selected: Sequence[QueuedImage]) -> str:
    words = {_joined(each.tags) for each in selected}
    return f"Add as {plain(short(words.pop(), NAME_LETTERS))}" if len(words) == 1 else "Add as predicted"


def _summary(fates: Sequence[Upload], asked: int) -> str:
    """The result for the images to be added, as Markdown."""
    number = Counter(fate.status for fate in fates)
    parts = [f"{count(number['stored'], 'image')} added to the project"] if number["stored"] else []
    if number["duplicate"]:
        parts.append(f"{count(number['duplicate'], 'image')} in the project already")
    if number["refused"]:
        parts.append(f"{count(number['refused'], 'image')} not added")
    if gone := asked - len(fates):
        parts.append(f"{count(gone, 'image')} no longer here, as somebody added or deleted them")
    reasons = dict.fromkeys(fate.reason for fate in fates if fate.reason)
    return " ".join(map(plain, map(sentence, [", ".join(parts), *list(reasons)[:REASONS_SHOWN]])))


@st.dialog("Delete images")
def _delete(store: Store, project: Project, selected: Sequence[QueuedImage]) -> None:
    st.markdown(f"Delete {count(len(selected), 'image')} and their predictions? Nothing that was trained changes.")
    if st.button("Delete", type="primary", key="delete-predictions"):
        with refusals():
            history.delete_images(store, project, [each.kept.sha256 for each in selected])
            _again(project, f"{count(len(selected), 'image')} deleted.", is_added=False)


@st.dialog("Image", width="medium")
def _closer(store: Store, each: QueuedImage) -> None:
    threshold = evaluation.thresholds_by_tag(store, each.iteration, evaluation.threshold_in_use(each.iteration))
    said = each.kept.predictions
    answer = prediction.answer(said, threshold, multilabel=each.iteration.classification_type == MULTILABEL)
    st.text(f"{each.iteration.name}, asked {day(each.kept.created_at)} by {each.kept.application or 'the API'}")
    st.html(f'<img class="tagwise-closer" src="{urls.image(each.kept.sha256)}" alt="">')
    probability_bars.show(said, answer, threshold)


def _again(project: Project, message: str, *, is_added: bool) -> None:
    st.session_state[_NOTICE] = project.id, message, is_added
    widget_resets.rerun(KEY)
