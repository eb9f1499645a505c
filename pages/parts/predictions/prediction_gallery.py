"""Gallery of kept predictions: select images, add them to the project with tags, or delete them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from cvcore import urls
from cvcore.active_learning import promotion
from cvcore.active_learning.prediction_queue import LATEST, QueuedImage
from cvcore.languages import marked, number, t, tn
from cvcore.prediction import history
from cvcore.projects.uploads import Upload
from cvcore.records import MULTILABEL, Prediction, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import day, percent
from pages.parts.images import tag_choice
from pages.parts.predictions import large_prediction, prediction_filter
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import isolated, plain, refusals, sentence, short
from pages.parts.widgets import gallery, page_choice

KEY = "predictions"
PAGE = 60
NAME_LETTERS = 24
BADGE_LETTERS = 14
REASONS_SHOWN = 5

_CAUTION = marked(
    "Each image is added with its own answer or, without an answer, with its most probable tag. Check them first: a "
    "model that is trained on its own mistakes repeats them."
)


@st.fragment
def show(store: Store, project: Project, queued: Sequence[QueuedImage], limits: Limits) -> None:
    """Show the gallery, its pages, the buttons for the selected images, and the image that was opened."""
    pages = -(-len(queued) // PAGE)
    page_key = prediction_filter.page_key(project)
    page = page_choice.current(page_key, pages)
    prediction_filter.write_address(project, page)
    if not queued:
        st.info(t("No prediction matches. Choose another answer, a wider range of probability, or a longer time."))
        return
    shown = {image.id: image for image in queued[PAGE * (page - 1) : PAGE * page]}
    st.markdown(f"**{tn(len(queued), '{n} image', '{n} images')}**")
    bar = st.container(key="toolbar")
    key = f"predictions-{project.id}-{page}"
    selected = gallery.show([_item(image) for image in shown.values()], key=key, revision=widget_resets.current(KEY))
    page_choice.show(page_key, pages)
    if sum(image.times for image in queued) >= LATEST:
        st.caption(t("Only the last {number} predictions are searched.", number=number(LATEST)))
    ids = [image.id for image in queued]
    if opened := gallery.opened(key):
        large_prediction.open_image(project, ids, opened)
    with bar:
        _toolbar(store, project, [shown[image_id] for image_id in selected], ids, limits)
    large_prediction.show(store, project, queued, lambda image: _buttons(store, project, image, limits))


# ---- the text below an image --------------------------------------------------------------------------------------


def _item(image: QueuedImage) -> gallery.Item:
    asked = day(image.kept.created_at)
    if image.times > 1:
        asked = tn(image.times, "{last}, {n} time", "{last}, {n} times", last=asked)
    top = image.tags[0]
    return {
        "id": image.id,
        "src": urls.thumbnail(image.kept.sha256),
        "caption": t("asked {when}", when=asked),
        "badge": f"{isolated(short(top.tag, BADGE_LETTERS))} {percent(top.probability)}",
        "tags": [tag.tag for tag in image.answer] or t("no answer"),
        "notes": [f"{image.iteration.name}, {large_prediction.asked_by(image)}", asked],
    }


# ---- what the user does --------------------------------------------------------------------------------------------


def _toolbar(
    store: Store, project: Project, selected: Sequence[QueuedImage], ids: Sequence[str], limits: Limits
) -> None:
    chosen: Mapping[str, Sequence[str]] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = tag_choice.show(
            [tag.name for tag in store.tags.of_project(project.id)],
            several=project.classification_type == MULTILABEL,
            label_visibility="collapsed",
            key=f"adopt-{project.id}-{widget_resets.current(KEY)}",
            width=260,
        )
        if st.button(t("Add to project"), type="primary", disabled=not (selected and wanted)):
            chosen = {image.id: wanted for image in selected}
        if st.button(_as_predicted(selected), key="as-predicted", disabled=not selected, help=t(_CAUTION)):
            chosen = {image.id: [tag.tag for tag in image.tags] for image in selected}
        if st.button(t("Open"), disabled=not selected):
            # Several are looked at one after another; from a single one the way leads to all that are listed.
            own = [image.id for image in selected]
            large_prediction.open_image(project, own if len(own) > 1 else ids, own[0])
        if st.button(t("Delete"), disabled=not selected, type="tertiary"):
            _delete(store, project, selected)
    if chosen:
        _add(store, project, chosen, limits)


def _buttons(store: Store, project: Project, image: QueuedImage, limits: Limits) -> None:
    """The buttons beside an image that is shown large; the next image takes its place."""
    with st.container(horizontal=True):
        if st.button(_as_predicted([image]), key="large-as-predicted"):
            _add(store, project, {image.id: [tag.tag for tag in image.tags]}, limits)
        if st.button(t("Delete"), key="large-delete", type="tertiary"):
            _delete(store, project, [image])


def _as_predicted(selected: Sequence[QueuedImage]) -> str:
    words = {_joined(image.tags) for image in selected}
    if len(words) != 1:
        return t("Add as predicted")
    return t("Add as {tag}", tag=plain(isolated(short(words.pop(), NAME_LETTERS))))


def _joined(tags: Sequence[Prediction]) -> str:
    return ", ".join(tag.tag for tag in tags)


def _add(store: Store, project: Project, chosen: Mapping[str, Sequence[str]], limits: Limits) -> None:
    with refusals():
        added = promotion.promote(store, project, chosen, limits=limits)
        is_any = any(result.image_id for result in added.uploads)
        undo_toast.offer(project, _summary(added.uploads, len(chosen)), added.undo if is_any else None)
        widget_resets.rerun(KEY)


def _delete(store: Store, project: Project, selected: Sequence[QueuedImage]) -> None:
    with refusals():
        change = history.delete_images(store, project, [image.kept.sha256 for image in selected])
        undo_toast.offer(project, change.message, change.undo)
        widget_resets.rerun(KEY)


def _summary(results: Sequence[Upload], selected: int) -> str:
    """What happened to the selected images."""
    told = []
    numbers = Counter(result.status for result in results)
    if stored := numbers["stored"]:
        told.append(tn(stored, "{n} image added to the project.", "{n} images added to the project."))
    if known := numbers["duplicate"]:
        told.append(tn(known, "{n} image in the project already.", "{n} images in the project already."))
    if refused := numbers["refused"]:
        told.append(tn(refused, "{n} image not added.", "{n} images not added."))
    if gone := selected - len(results):
        told.append(
            tn(
                gone,
                "{n} image no longer here, because somebody added or deleted it.",
                "{n} images no longer here, because somebody added or deleted them.",
            )
        )
    reasons = dict.fromkeys(result.reason for result in results if result.reason)
    return " ".join([*told, *map(sentence, list(reasons)[:REASONS_SHOWN])])
