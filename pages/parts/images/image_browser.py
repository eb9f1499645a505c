"""A project's images: filter and browse them, select several, tag and delete them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from cvcore.languages import t
from cvcore.records import Project, Tag
from cvcore.settings import Limits
from cvcore.store import ImageSearch, Store
from pages.parts.facts import fact_filter
from pages.parts.images import image_filter, image_tools, large_view, whole_choice
from pages.parts.shell import widget_resets
from pages.parts.widgets import gallery, page_choice

KEY = "browser"
PAGE = 96


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the filter, the gallery, its pages, the toolbar for the selected images, and the image that was opened."""
    search, number = image_filter.show(store, project, tags)
    pages = -(-number // PAGE)
    page_key, fact = image_filter.Keys.of(project, tags).page, image_filter.fact(project, tags)
    page = page_choice.current(page_key, pages)
    image_filter.write_address(project, tags, search, page)
    if not number:
        st.info(t("No images here. Clear the filter, or upload some."))
        return
    first = PAGE * (page - 1)
    images = store.searches.page(search, take=PAGE, skip=first)
    names = {tag.id: tag.name for tag in tags}
    bar = st.container(key="toolbar")
    key = f"gallery-{project.id}"
    is_whole = whole_choice.is_made(project, search, widget_resets.current(KEY))
    selected = gallery.show(
        [image_tools.item(image, names) for image in images],
        key=key,
        selected=[image.id for image in images] if is_whole else (),
        revision=_revision(search, page, fact),
    )
    is_page = len(selected) == len(images)
    if is_whole and not is_page:
        whole_choice.drop(project)
    whole = image_tools.Chosen.found(store, search, number) if is_whole and is_page else None
    enlarge = partial(large_view.open_found, store, project, search, place=first, number=number)
    if opened := gallery.opened(key):
        enlarge(opened)
    with bar:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            chosen = [image for image in images if image.id in set(selected)]
            act = image_tools.show(store, project, tags, chosen, enlarge, limits=limits, key=KEY, whole=whole)
            # With the tools, which stay in sight: below the images it would be pushed away as they come.
            page_choice.show(page_key, pages)
        if is_page and pages > 1:
            whole_choice.show(project, search, on_page=len(images), number=number, key=KEY)
        if act:
            image_tools.do(project, act, key=KEY)
    large_view.show(store, project, limits)


def _revision(search: ImageSearch, page: int, fact: fact_filter.Fact | None) -> str:
    """Another one on another page or with another filter, where nothing is selected."""
    known = f" {fact}" if fact else ""
    return f"{widget_resets.current(KEY)} {page} {search.or_untagged} {search.is_test} {search.tag_ids}{known}"
