"""Corrects the tags of evaluated images in the workspace. Everything can be undone; iterations keep their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore.evaluation import review
from cvcore.evaluation.review import ReviewedImage
from cvcore.languages import t, tn
from cvcore.projects import retagging
from cvcore.projects.retagging import Retagging
from cvcore.records import MULTILABEL, Project, Tag
from cvcore.store import Store
from pages.parts.review import image_items
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import plain


def toolbar(store: Store, project: Project, selected: list[ReviewedImage], *, key: str, is_issue: bool) -> None:
    """Show what can be done with the selected images; `is_issue`: they are likely wrong tags."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _tag_choice(store, project, selected, key)
        if suggested := [image for image in selected if image.suggestion]:
            labels = {image_items.words(image.suggestion, project) for image in suggested if image.suggestion}
            label = plain(labels.pop()) if len(labels) == 1 else t("Apply the suggestions")
            if st.button(label, type="primary", key=f"{key}-follow"):
                follow(store, project, suggested, key)
        if is_issue and st.button(t("Tag is correct"), disabled=not selected, key=f"{key}-settle"):
            _settle(store, project, selected, key)


def _tag_choice(store: Store, project: Project, selected: list[ReviewedImage], key: str) -> None:
    tags = {tag.id: tag for tag in store.tags.of_project(project.id)}
    ids = list(dict.fromkeys(image.image_id for image in selected))
    wanted = st.selectbox(
        t("Tag"),
        list(tags),
        index=None,
        format_func=lambda tag_id: tags[tag_id].name if tag_id in tags else "",
        placeholder=t("Choose a tag"),
        label_visibility="collapsed",
        key=f"{key}-tag-{project.id}",
        width=170,
    )
    tag = tags.get(wanted or "")
    can = bool(ids) and tag is not None
    if st.button(t("Set tag"), disabled=not can, key=f"{key}-give") and tag:
        _retag(store, project, ids, key, put_on=[tag])
    if (
        project.classification_type == MULTILABEL
        and st.button(t("Remove tag"), disabled=not can, key=f"{key}-off")
        and tag
    ):
        _retag(store, project, ids, key, take_off=[tag])


def follow(store: Store, project: Project, chosen: list[ReviewedImage], key: str) -> None:
    """Apply the suggestions of images, all or none, and rerun with nothing selected."""
    suggestions = {image.suggestion for image in chosen if image.suggestion}
    retagged: list[Retagging] = []
    with store.transaction():
        for suggestion in suggestions:
            ids = [image.image_id for image in chosen if image.suggestion == suggestion]
            on, off = ([tag.tag_id for tag in tags] for tags in (suggestion.add, suggestion.remove))
            retagged.append(retagging.retag(store, project, ids, add=on, remove=off))
    together = Retagging(
        tuple(change for applied in retagged for change in applied.changes),
        tuple(image_id for applied in retagged for image_id in applied.unchanged),
        tuple(image_id for applied in retagged for image_id in applied.gone),
    )
    _offer_undo(store, project, together, key)


def _retag(
    store: Store,
    project: Project,
    ids: list[str],
    key: str,
    *,
    put_on: Sequence[Tag] = (),
    take_off: Sequence[Tag] = (),
) -> None:
    on, off = ([tag.id for tag in tags] for tags in (put_on, take_off))
    _offer_undo(store, project, retagging.retag(store, project, ids, add=on, remove=off), key)


def _offer_undo(store: Store, project: Project, retagged: Retagging, key: str) -> None:
    def undo() -> str:
        return undone(retagging.undo(store, project, retagged))

    undo_toast.offer(project, summary(retagged), undo if retagged.changes else None)
    widget_resets.rerun(key)


def _settle(store: Store, project: Project, selected: list[ReviewedImage], key: str) -> None:
    dismissed = review.dismiss(store, selected)

    def undo() -> str:
        store.dismissed_issues.reopen_issues(dismissed)
        return tn(len(dismissed), "{n} tag listed again.", "{n} tags listed again.")

    message = tn(
        len(dismissed),
        "{n} tag marked as correct, no longer listed.",
        "{n} tags marked as correct, no longer listed.",
    )
    undo_toast.offer(project, message, undo)
    widget_resets.rerun(key)


def summary(retagged: Retagging) -> str:
    """How many images were retagged, left as they were, or are gone, in sentences.

    >>> summary(Retagging((), ("a",), ()))
    '1 image left as it is.'
    """
    changed = tn(len(retagged.changes), "{n} image retagged.", "{n} images retagged.")
    return _told(retagged, changed)


def undone(retagged: Retagging) -> str:
    """What undoing a correction did, in sentences.

    >>> undone(Retagging((), ("a", "b"), ("c",)))
    '2 images left as they are. 1 image no longer in the workspace.'
    """
    number = len(retagged.changes)
    return _told(retagged, tn(number, "{n} image has its old tags again.", "{n} images have their old tags again."))


def _told(retagged: Retagging, changed: str) -> str:
    told = [changed] if retagged.changes else []
    if left := len(retagged.unchanged):
        told.append(tn(left, "{n} image left as it is.", "{n} images left as they are."))
    if gone := len(retagged.gone):
        told.append(tn(gone, "{n} image no longer in the workspace.", "{n} images no longer in the workspace."))
    return " ".join(told) or t("No image was changed.")
