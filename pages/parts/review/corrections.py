"""Corrects the tags of evaluated images in the workspace. Everything can be undone; iterations keep their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore.evaluation import review
from cvcore.evaluation.review import ReviewedImage
from cvcore.projects import retagging
from cvcore.projects.retagging import Retagging
from cvcore.records import MULTILABEL, Project, Tag
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.review import image_items
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import plain, sentence


def toolbar(store: Store, project: Project, selected: list[ReviewedImage], *, key: str, is_issue: bool) -> None:
    """Show what can be done with the selected images; `is_issue`: they are likely wrong tags."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _tag_choice(store, project, selected, key)
        if suggested := [image for image in selected if image.suggestion]:
            labels = {image_items.words(image.suggestion, project) for image in suggested if image.suggestion}
            label = plain(labels.pop()) if len(labels) == 1 else "Apply the suggestions"
            if st.button(label, type="primary", key=f"{key}-follow"):
                follow(store, project, suggested, key)
        if is_issue and st.button("Tag is correct", disabled=not selected, key=f"{key}-settle"):
            _settle(store, project, selected, key)


def _tag_choice(store: Store, project: Project, selected: list[ReviewedImage], key: str) -> None:
    tags = {tag.id: tag for tag in store.tags.of_project(project.id)}
    ids = list(dict.fromkeys(image.image_id for image in selected))
    wanted = st.selectbox(
        "Tag",
        list(tags),
        index=None,
        format_func=lambda tag_id: tags[tag_id].name if tag_id in tags else "",
        placeholder="Choose a tag",
        label_visibility="collapsed",
        key=f"{key}-tag-{project.id}",
        width=170,
    )
    tag = tags.get(wanted or "")
    can = bool(ids) and tag is not None
    if st.button("Set tag", disabled=not can, key=f"{key}-give") and tag:
        _retag(store, project, ids, key, put_on=[tag])
    if (
        project.classification_type == MULTILABEL
        and st.button("Remove tag", disabled=not can, key=f"{key}-off")
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
        return f"{count(len(dismissed), 'tag')} listed again."

    undo_toast.offer(project, f"{count(len(dismissed), 'tag')} marked as correct, no longer listed.", undo)
    widget_resets.rerun(key)


def summary(retagged: Retagging) -> str:
    """How many images were retagged, left as they were, or are gone, as a sentence.

    >>> summary(Retagging((), ("a",), ()))
    '1 image left as it is.'
    """
    return _sentence(retagged, "retagged", "retagged")


def undone(retagged: Retagging) -> str:
    """What undoing a correction did, as a sentence.

    >>> undone(Retagging((), ("a", "b"), ("c",)))
    '2 images left as they are, 1 image no longer in the workspace.'
    """
    return _sentence(retagged, "has its old tags again", "have their old tags again")


def _sentence(retagged: Retagging, of_one: str, of_several: str) -> str:
    parts = (
        (retagged.changes, of_one, of_several),
        (retagged.unchanged, "left as it is", "left as they are"),
        (retagged.gone, "no longer in the workspace", "no longer in the workspace"),
    )
    told = [f"{count(len(ids), 'image')} {one if len(ids) == 1 else several}" for ids, one, several in parts if ids]
    return sentence(", ".join(told) or "no image was changed")
