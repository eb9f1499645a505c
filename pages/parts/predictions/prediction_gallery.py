"""Gallery of kept predictions: select images, add them to the project with tags, or delete them."""

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
    """Show the gallery, its pages, and the buttons for the selected images."""
    if not queued:
        st.info("No prediction matches. Choose another answer, a wider range of probability, or a longer time.")
        return
    pages = -(-len(queued) // PAGE)
    page_key = f"predictions-page-{project.id}"
    page = min(st.session_state.get(page_key, 1), pages)
    shown = {image.id: image for image in queued[PAGE * (page - 1) : PAGE * page]}
    st.markdown(f"**{count(len(queued), 'image')}**")
    bar = st.container(key="toolbar")
    selected = gallery.show(
        [_item(image) for image in shown.values()],
        key=f"predictions-{project.id}-{page}",
        revision=widget_resets.current(KEY),
    )
    if pages > 1:
        # If the last image of the last page was removed, that page no longer exists.
        st.session_state[page_key] = page
        st.pagination(pages, key=page_key)
    if sum(image.times for image in queued) >= LATEST:
        st.caption(f"Only the last {LATEST:,} predictions are searched.")
    with bar:
        _toolbar(store, project, [shown[image_id] for image_id in selected], limits)


def notice(project: Project) -> None:
    """Show the result of the last button pressed, once."""
    of, message, is_added = st.session_state.pop(_NOTICE, ("", "", False))
    if of == project.id:
        st.success(message)
        if is_added:
            project_choice.link("train.py", "Train with them", project)


# ---- the text below an image --------------------------------------------------------------------------------------


def _item(image: QueuedImage) -> gallery.Item:
    asked = day(image.kept.created_at) + (f", {image.times} times" if image.times > 1 else "")
    return {
        "id": image.id,
        "src": urls.thumbnail(image.kept.sha256),
        "caption": f"asked {asked}",
        "badge": f"{short(image.tags[0].tag, BADGE_LETTERS)} {percent(image.tags[0].probability)}",
        "tags": f"answer {_joined(image.answer)}" if image.answer else "no answer",
        "notes": [f"{image.iteration.name}, {image.kept.application or 'API'}", asked],
    }


def _joined(tags: Sequence[Prediction]) -> str:
    return ", ".join(tag.tag for tag in tags)


# ---- what the user does --------------------------------------------------------------------------------------------


def _toolbar(store: Store, project: Project, selected: Sequence[QueuedImage], limits: Limits) -> None:
    tag_names = [tag.name for tag in store.tags.of_project(project.id)]
    chosen: Mapping[str, Sequence[str]] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.multiselect(
            "Tags",
            tag_names,
            accept_new_options=True,
            max_selections=1 if project.classification_type == MULTICLASS else None,
            placeholder="Choose or type a tag",
            label_visibility="collapsed",
            key=f"adopt-{project.id}-{widget_resets.current(KEY)}",
            width=320,
        )
        if st.button("Add to project", type="primary", disabled=not (selected and wanted)):
            chosen = {image.id: wanted for image in selected}
        if st.button(
            _as_predicted(selected),
            key="as-predicted",
            disabled=not selected,
            help="Each image is added with its own answer or, without an answer, with its most probable tag. Check "
            "them first: a model that is trained on its own mistakes repeats them.",
        ):
            chosen = {image.id: [tag.tag for tag in image.tags] for image in selected}
        if st.button("Look closer", disabled=len(selected) != 1):
            _show_closer(store, selected[0])
        if st.button("Delete", disabled=not selected, type="tertiary"):
            _delete(store, project, selected)
    if chosen:
        with refusals():
            results = promotion.promote(store, project, chosen, limits=limits).uploads
            _rerun(project, _summary(results, len(chosen)), is_added=any(result.image_id for result in results))


def _as_predicted(selected: Sequence[QueuedImage]) -> str:
    words = {_joined(image.tags) for image in selected}
    return f"Add as {plain(short(words.pop(), NAME_LETTERS))}" if len(words) == 1 else "Add as predicted"


def _summary(results: Sequence[Upload], selected: int) -> str:
    """What happened to the selected images, as Markdown."""
    number = Counter(result.status for result in results)
    parts = [f"{count(number['stored'], 'image')} added to the project"] if number["stored"] else []
    if number["duplicate"]:
        parts.append(f"{count(number['duplicate'], 'image')} in the project already")
    if number["refused"]:
        parts.append(f"{count(number['refused'], 'image')} not added")
    if gone := selected - len(results):
        parts.append(f"{count(gone, 'image')} no longer here, because somebody added or deleted them")
    reasons = dict.fromkeys(result.reason for result in results if result.reason)
    return " ".join(map(plain, map(sentence, [", ".join(parts), *list(reasons)[:REASONS_SHOWN]])))


@st.dialog("Delete images")
def _delete(store: Store, project: Project, selected: Sequence[QueuedImage]) -> None:
    st.markdown(f"Delete {count(len(selected), 'image')} and their predictions? Trained iterations do not change.")
    if st.button("Delete", type="primary", key="delete-predictions"):
        with refusals():
            history.delete_images(store, project, [image.kept.sha256 for image in selected])
            _rerun(project, f"{count(len(selected), 'image')} deleted.", is_added=False)


@st.dialog("Image", width="medium")
def _show_closer(store: Store, image: QueuedImage) -> None:
    threshold = evaluation.thresholds_by_tag(store, image.iteration, evaluation.threshold_in_use(image.iteration))
    predictions = image.kept.predictions
    answer = prediction.answer(predictions, threshold, multilabel=image.iteration.classification_type == MULTILABEL)
    st.text(f"{image.iteration.name}, asked {day(image.kept.created_at)} by {image.kept.application or 'the API'}")
    st.html(f'<img class="tagwise-closer" src="{urls.image(image.kept.sha256)}" alt="">')
    probability_bars.show(predictions, answer, threshold)


def _rerun(project: Project, message: str, *, is_added: bool) -> None:
    st.session_state[_NOTICE] = project.id, message, is_added
    widget_resets.rerun(KEY)
