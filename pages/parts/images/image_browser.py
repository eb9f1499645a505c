"""A project's images: filter and browse them, select several, tag and delete them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from cvcore import urls
from cvcore.projects import changes, trash
from cvcore.projects.changes import Change
from cvcore.records import MULTILABEL, Image, Project, Tag
from cvcore.settings import Limits
from cvcore.store import ImageSearch, Store
from pages.parts.images import image_filter, large_view, tag_choice
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import refusals
from pages.parts.widgets import gallery, page_choice

KEY = "browser"
PAGE = 96


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the filter, the gallery, its pages, the toolbar for the selected images, and the image that was opened."""
    search, number = image_filter.show(store, project, tags)
    pages = -(-number // PAGE)
    page_key = image_filter.Keys.of(project, tags).page
    page = page_choice.current(page_key, pages)
    image_filter.write_address(project, tags, search, page)
    if not number:
        st.info("No images here. Clear the filter, or upload some.")
        return
    images = store.searches.page(search, take=PAGE, skip=PAGE * (page - 1))
    names = {tag.id: tag.name for tag in tags}
    bar = st.container(key="toolbar")
    key = f"gallery-{project.id}"
    selected = gallery.show([_item(image, names) for image in images], key=key, revision=_revision(search, page))
    if opened := gallery.opened(key):
        large_view.open_image(project, store.searches.ids(search), opened)
    with bar:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            chosen = [image for image in images if image.id in set(selected)]
            act = _tools(store, project, tags, chosen, search, limits=limits)
            # With the tools, which stay in sight: below the images it would be pushed away as they come.
            page_choice.show(page_key, pages)
        if act:
            _do(project, act)
    large_view.show(store, project, limits)


def _revision(search: ImageSearch, page: int) -> str:
    """Another one on another page or with another filter, where nothing is selected."""
    return f"{widget_resets.current(KEY)} {page} {search.or_untagged} {search.is_test} {search.tag_ids}"


def _item(image: Image, names: dict[str, str]) -> gallery.Item:
    item: gallery.Item = {
        "id": image.id,
        "src": urls.thumbnail(image.sha256),
        "caption": f"{image.name}, {image.width} × {image.height}",
        "tags": [names[tag_id] for tag_id in image.tag_ids if tag_id in names],
    }
    if image.is_test:
        item["badge"] = "for testing"
    return item


def _tools(
    store: Store, project: Project, tags: Sequence[Tag], selected: list[Image], search: ImageSearch, *, limits: Limits
) -> Callable[[], Change] | None:
    """Show the tools for the selected images; returns what the one pressed does."""
    ids = [image.id for image in selected]
    act: Callable[[], Change] | None = None
    tag_names = tag_choice.show(
        [tag.name for tag in tags],
        several=project.classification_type == MULTILABEL,
        label_visibility="collapsed",
        key=f"retag-{project.id}-{widget_resets.current(KEY)}",
        width=240,
    )
    if st.button("Tag selected", type="primary", disabled=not (ids and tag_names)):
        act = partial(changes.tag, store, project, ids, tag_names, limits=limits)
    label = "Remove these tags" if tag_names else "Remove all tags"
    if st.button(label, key="untag", disabled=not any(image.tag_ids for image in selected)):
        chosen = [tag.id for tag in tags if tag.name in tag_names]
        act = partial(changes.remove_tags, store, project, ids, chosen if tag_names else None)
    for_training = bool(selected) and all(image.is_test for image in selected)
    label = "Use for training" if for_training else "Use for testing"
    if st.button(label, key="for-testing", disabled=not ids, help="Test images are never used for training."):
        act = partial(changes.mark_for_testing, store, project, ids, not for_training)
    if st.button("Enlarge", disabled=not ids):
        # Several are looked at one after another; from a single one the way leads to all that are listed.
        large_view.open_image(project, ids if len(ids) > 1 else store.searches.ids(search), ids[0])
    if st.button("Delete", disabled=not ids, type="tertiary"):
        act = partial(trash.delete_images, store, project, ids)
    return act


def _do(project: Project, act: Callable[[], Change]) -> None:
    with refusals():
        change = act()
        undo_toast.offer(project, change.message, change.undo)
        widget_resets.rerun(KEY)
