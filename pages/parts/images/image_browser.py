"""A project's images: filter and browse them, select several, tag and delete them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

import streamlit as st

from cvcore import urls
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, Image, Project, Tag
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, UNTAGGED, Store
from cvcore.wording import count
from pages.parts.shell import widget_resets
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import gallery

KEY = "browser"
PAGE = 96
ALL = "all"


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the filter, the gallery, its pages, and the toolbar for the selected images."""
    chosen = _filter(store, project, tags)
    tag_id = None if chosen == ALL else chosen
    number = store.images.count(project.id, tag_id)
    if not number:
        st.info("No images here. Choose another filter, or upload some.")
        return
    pages = -(-number // PAGE)
    page_key = f"page-{project.id}-{chosen}"
    page = min(st.session_state.get(page_key, 1), pages)
    images = store.images.page(project.id, tag_id=tag_id, take=PAGE, skip=PAGE * (page - 1))
    names = {tag.id: tag.name for tag in tags}
    bar = st.container(key="toolbar")
    selected = gallery.show(
        [_item(image, names) for image in images],
        key=f"gallery-{project.id}-{chosen}-{page}",
        revision=widget_resets.current(KEY),
    )
    if pages > 1:
        # The last page is gone if its last image was deleted.
        st.session_state[page_key] = page
        st.pagination(pages, key=page_key)
    with bar:
        _toolbar(store, project, tags, [image for image in images if image.id in set(selected)], limits)


def _filter(store: Store, project: Project, tags: Sequence[Tag]) -> str:
    labels = {
        ALL: f"All {store.images.count(project.id):,}",
        UNTAGGED: f"Untagged {store.images.count(project.id, UNTAGGED):,}",
        FOR_TESTING: f"For testing {store.images.count(project.id, FOR_TESTING):,}",
        **{tag.id: f"{plain(tag.name)} {tag.image_count:,}" for tag in tags},
    }
    return st.pills(
        "Show",
        list(labels),
        default=ALL,
        required=True,
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        key=f"filter-{project.id}",
    )


def _item(image: Image, names: dict[str, str]) -> gallery.Item:
    item: gallery.Item = {
        "id": image.id,
        "src": urls.thumbnail(image.sha256),
        "caption": f"{image.name}, {image.width} × {image.height}",
        "tags": ", ".join(names[tag_id] for tag_id in image.tag_ids if tag_id in names),
    }
    if image.is_test:
        item["badge"] = "for testing"
    return item


def _toolbar(store: Store, project: Project, tags: Sequence[Tag], selected: list[Image], limits: Limits) -> None:
    ids = [image.id for image in selected]
    act = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tag_names = st.multiselect(
            "Tags",
            [tag.name for tag in tags],
            accept_new_options=True,
            max_selections=1 if project.classification_type == MULTICLASS else None,
            placeholder="Choose or type a tag",
            label_visibility="collapsed",
            key=f"retag-{project.id}-{widget_resets.current(KEY)}",
            width=320,
        )
        if st.button("Tag selected", type="primary", disabled=not (ids and tag_names)):
            act = partial(_add_tags, store, project, ids, tag_names, limits)
        label = "Remove these tags" if tag_names else "Remove all tags"
        if st.button(label, key="untag", disabled=not any(image.tag_ids for image in selected)):
            chosen = [tag.id for tag in tags if tag.name in tag_names]
            act = partial(tagging.remove_tags, store, project, ids, chosen if tag_names else None)
        for_training = bool(selected) and all(image.is_test for image in selected)
        label = "Use for training" if for_training else "Use for testing"
        if st.button(label, key="for-testing", disabled=not ids, help="Test images are never used for training."):
            act = partial(tagging.mark_for_testing, store, project, ids, not for_training)
        if st.button("Look closer", disabled=len(ids) != 1):
            _show_large(selected[0], {tag.id: tag.name for tag in tags})
        if st.button("Delete", disabled=not ids, type="tertiary"):
            _delete(store, ids)
    if act:
        with refusals():
            act()
            widget_resets.rerun(KEY)


def _add_tags(store: Store, project: Project, ids: list[str], tag_names: list[str], limits: Limits) -> None:
    # In one transaction, so that new tags are not kept if the images cannot have them.
    with store.transaction():
        tag_ids = [tag.id for tag in tagging.ensure(store, project, tag_names, limits=limits)]
        tagging.add_tags(store, project, ids, tag_ids)


@st.dialog("Delete images")
def _delete(store: Store, ids: list[str]) -> None:
    st.markdown(f"Delete {count(len(ids), 'image')}? Iterations keep their images and their numbers.")
    if st.button("Delete", type="primary"):
        with refusals():
            uploads.delete(store, ids)
            widget_resets.rerun(KEY)


@st.dialog("Image", width="medium")
def _show_large(image: Image, names: dict[str, str]) -> None:
    st.text(f"{image.name}, {image.width} × {image.height} px, {image.size_bytes / 1024:,.0f} KB")
    st.text("Tags: " + (", ".join(names[tag_id] for tag_id in image.tag_ids if tag_id in names) or "none"))
    if image.is_test:
        st.text("Test image: never used for training.")
    st.html(f'<img class="tagwise-closer" src="{urls.image(image.sha256)}" alt="{html.escape(image.name)}">')
