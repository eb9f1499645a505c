"""A project's tags: their number of images, advice for training, names and kinds."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore.languages import marked, t, tn
from cvcore.projects import changes, tagging
from cvcore.records import Project, Tag, TagKind
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.readiness import IMAGES_TO_TRAIN, IMAGES_TO_TRAIN_WELL, readiness
from pages.parts.images import image_filter
from pages.parts.shell import undo_toast
from pages.parts.shell.text import refusals
from pages.parts.widgets import tag_list

KINDS: dict[TagKind, str] = {
    "Regular": marked("Regular"),
    "Negative": marked("Negative: images with none of the tags"),
}


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the field for a new tag, and the list of tags."""
    with (
        st.form("new-tag", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(t("New tag"), max_chars=limits.tag_letters, placeholder=t("rose"), width=320)
        if st.form_submit_button(t("Add tag")):
            with refusals():
                tagging.create(store, project, name, limits=limits)
                st.rerun()
    if not tags:
        return
    st.caption(
        t(
            "A tag needs {least} images; {better} or more are better.",
            least=IMAGES_TO_TRAIN,
            better=IMAGES_TO_TRAIN_WELL,
        )
    )
    numbers = {tag.id: tag.image_count for tag in readiness(store, project).tags}
    by_id = {tag.id: tag for tag in tags}

    def open_images(clicked: tag_list.Clicked) -> None:
        if clicked["what"] == "images" and clicked["id"] in by_id:
            image_filter.ask_for(project, tags, by_id[clicked["id"]])
            st.session_state["images-view"] = "Images"

    rows = [row(tag, numbers.get(tag.id, 0)) for tag in tags]
    clicked = tag_list.show(rows, key=f"tag-list-{project.id}", on_click=open_images)
    if clicked and clicked["what"] == "edit" and clicked["id"] in by_id:
        st.dialog(t("Edit tag"), on_dismiss="rerun")(_edit)(store, project, by_id[clicked["id"]], tags, limits)


def row(tag: Tag, training_images: int) -> tag_list.Row:
    """A tag's line in the list; advice counts only images that can be trained on.

    >>> from datetime import datetime
    >>> row(Tag("1", "2", "rose", "Regular", datetime(2026, 1, 1), 4), 4)["advice"]
    '1 more needed'
    """
    advice = ""
    if training_images < IMAGES_TO_TRAIN:
        advice = tn(IMAGES_TO_TRAIN - training_images, "{n} more needed", "{n} more needed")
    elif training_images < IMAGES_TO_TRAIN_WELL:
        advice = tn(IMAGES_TO_TRAIN_WELL - training_images, "{n} more advised", "{n} more advised")
    return {
        "id": tag.id,
        "name": tag.name,
        "kind": t("negative") if tag.kind == "Negative" else "",
        "images": tag.image_count,
        "advice": advice,
    }


def _edit(store: Store, project: Project, tag: Tag, tags: Sequence[Tag], limits: Limits) -> None:
    with st.form("edit-tag", border=False):
        name = st.text_input(t("Name"), tag.name, max_chars=limits.tag_letters)
        kinds = list(KINDS)
        kind = st.radio(t("Kind"), kinds, index=kinds.index(tag.kind), format_func=lambda name: t(KINDS[name]))
        st.caption(t("A project can have one negative tag, for images that show none of the other tags."))
        is_saved = st.form_submit_button(t("Save"), type="primary")
    others = [each for each in tags if each.id != tag.id]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        into = st.selectbox(
            t("Make it one with"), others, index=None, format_func=lambda each: each.name, placeholder=t("Choose a tag")
        )
        is_merged = st.button(t("Merge"), disabled=into is None)
    label = tn(tag.image_count, "Delete tag, keep its {n} image", "Delete tag, keep its {n} images")
    is_deleted = st.button(label, type="tertiary")
    with refusals():
        if is_saved:
            save(store, project, tag, name, kind, limits=limits)
            st.rerun()
        change = None
        if is_merged and into:
            change = changes.merge_tag(store, project, tag, into)
        elif is_deleted:
            change = changes.delete_tag(store, project, tag)
        if change:
            undo_toast.offer(project, change.message, change.undo)
            st.rerun()


def save(store: Store, project: Project, tag: Tag, name: str, kind: TagKind, *, limits: Limits) -> None:
    """Change a tag's name and kind; if one is refused, neither is changed."""
    with store.transaction():
        if name.strip() != tag.name:
            tagging.rename(store, tag, name, limits=limits)
        tagging.set_kind(store, project, tag, kind)
