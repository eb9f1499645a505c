"""What can be done with images that are selected in a gallery: tag, mark for testing, enlarge, describe, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from cvcore import urls
from cvcore.languages import t
from cvcore.projects import changes, trash
from cvcore.projects.changes import Change
from cvcore.records import MULTILABEL, Image, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.facts import metadata_editor
from pages.parts.images import large_view, tag_choice
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import refusals
from pages.parts.widgets import gallery


def item(image: Image, names: dict[str, str]) -> gallery.Item:
    """An image for the gallery; `names` are the tags' names by their ids."""
    made: gallery.Item = {
        "id": image.id,
        "src": urls.thumbnail(image.sha256),
        "caption": f"{image.name}, {image.width} × {image.height}",
        "tags": [names[tag_id] for tag_id in image.tag_ids if tag_id in names],
    }
    if image.is_test:
        made["badge"] = t("for testing")
    return made


def show(
    store: Store,
    project: Project,
    tags: Sequence[Tag],
    selected: Sequence[Image],
    enlarge: Callable[[str], None],
    *,
    limits: Limits,
    key: str,
) -> Callable[[], Change] | None:
    """Show the tools for the selected images; returns what the one pressed does: call it with `do`.

    `enlarge` shows a single one large, from where the way leads to all that are listed.
    """
    ids = [image.id for image in selected]
    act: Callable[[], Change] | None = None
    tag_names = tag_choice.show(
        [tag.name for tag in tags],
        several=project.classification_type == MULTILABEL,
        label_visibility="collapsed",
        key=f"{key}-retag-{project.id}-{widget_resets.current(key)}",
        width=240,
    )
    if st.button(t("Tag selected"), type="primary", disabled=not (ids and tag_names), key=f"{key}-tag"):
        act = partial(changes.tag, store, project, ids, tag_names, limits=limits)
    label = t("Remove these tags") if tag_names else t("Remove all tags")
    if st.button(label, key=f"{key}-untag", disabled=not any(image.tag_ids for image in selected)):
        chosen = [tag.id for tag in tags if tag.name in tag_names]
        act = partial(changes.remove_tags, store, project, ids, chosen if tag_names else None)
    for_training = bool(selected) and all(image.is_test for image in selected)
    label = t("Use for training") if for_training else t("Use for testing")
    if st.button(label, key=f"{key}-testing", disabled=not ids, help=t("Test images are never used for training.")):
        act = partial(changes.mark_for_testing, store, project, ids, not for_training)
    if st.button(t("Enlarge"), disabled=not ids, key=f"{key}-enlarge"):
        # Several are looked at one after another.
        if len(ids) > 1:
            large_view.open_image(project, ids, ids[0])
        else:
            enlarge(ids[0])
    if st.button(t("Metadata"), disabled=not ids, type="tertiary", key=f"{key}-metadata"):
        metadata_editor.show(store, project, ids, key=key)
    if st.button(t("Delete"), disabled=not ids, type="tertiary", key=f"{key}-delete"):
        act = partial(trash.delete_images, store, project, ids)
    return act


def do(project: Project, act: Callable[[], Change], *, key: str) -> None:
    """Do what a tool does, offer to undo it, and rerun with nothing selected."""
    with refusals():
        change = act()
        undo_toast.offer(project, change.message, change.undo)
        widget_resets.rerun(key)
