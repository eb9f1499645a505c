"""Choice of one of the project's images, by tag, those for testing first."""

from __future__ import annotations

import streamlit as st

from cvcore import urls
from cvcore.languages import number as in_digits
from cvcore.languages import t, tn
from cvcore.records import Image, Project, Tag
from cvcore.store import FOR_TESTING, UNTAGGED, ImageSearch, Store
from pages.parts.shell.text import isolated
from pages.parts.widgets import gallery, page_choice

PAGE = 48
THUMBNAIL_PX = 96
HEIGHT_PX = 400  # more images scroll in a box of their own, so that the answer stays in sight
ALL = ""


def show(store: Store, project: Project, first: str) -> Image | None:
    """Let the user choose an image; `first` is the SHA-256 of the one chosen at first, or empty."""
    tags = store.tags.of_project(project.id)
    if not store.images.count(project.id):
        st.info(t("This project has no images."))
        return None
    only = _filter(store, project, tags)
    held_out, others = (_search(project, only, is_test=is_test) for is_test in (True, False))
    tested, number = store.searches.count(held_out), store.searches.count(others)
    place = f"quick-images-{project.id}-{only}"
    pages = max(1, -(-(tested + number) // PAGE))
    page = page_choice.current(place, pages)
    skip = PAGE * (page - 1)
    images = store.searches.page(held_out, take=PAGE, skip=skip)
    images += store.searches.page(others, take=PAGE - len(images), skip=max(0, skip - tested))
    st.caption(_told(tested + number, tested))
    before = st.session_state.get(f"quick-chosen-{project.id}", first)
    with st.container(height=HEIGHT_PX if len(images) > PAGE // 4 else "content", border=False):
        chosen = _gallery(images, tags, before, f"{place}-{page}")
    page_choice.show(place, pages)
    st.session_state[f"quick-chosen-{project.id}"] = chosen
    return store.images.find(project.id, chosen) if chosen else None


def _told(number: int, tested: int) -> str:
    if tested:
        return tn(
            number,
            "{n} image, {tested} for testing first.",
            "{n} images, {tested} for testing first.",
            tested=in_digits(tested),
        )
    return tn(
        number,
        "{n} image. Images that the model has not trained on test it best.",
        "{n} images. Images that the model has not trained on test it best.",
    )


def _filter(store: Store, project: Project, tags: list[Tag]) -> str:
    """Show the choice of a tag; returns its id, a kind of images, or an empty text for all."""
    kinds = {FOR_TESTING: t("For testing"), UNTAGGED: t("Untagged")}
    numbers = {kind: store.images.count(project.id, kind) for kind in kinds}
    labels = {ALL: t("All images")} | {
        kind: f"{name} {in_digits(numbers[kind])}" for kind, name in kinds.items() if numbers[kind]
    }
    labels |= {tag.id: f"{isolated(tag.name)} {in_digits(tag.image_count)}" for tag in tags}
    return st.selectbox(
        t("Images"),
        list(labels),
        format_func=lambda key: labels.get(key, ""),
        key=f"quick-only-{project.id}",
        width=320,
    )


def _search(project: Project, only: str, *, is_test: bool) -> ImageSearch:
    if only == UNTAGGED:
        return ImageSearch(project.id, is_tagged=False, is_test=is_test)
    if only in (ALL, FOR_TESTING):
        # of images for testing, the second part of the list is empty
        return ImageSearch(project.id, is_test=is_test, image_ids=() if only and not is_test else None)
    return ImageSearch(project.id, tag_ids=(only,), is_test=is_test)


def _gallery(images: list[Image], tags: list[Tag], chosen: str, key: str) -> str:
    """Show the images; returns the SHA-256 of the chosen one, which may stand on another page, or an empty text."""
    names = {tag.id: tag.name for tag in tags}
    shown = {image.sha256 for image in images}
    selected = gallery.show(
        [_item(image, names) for image in images],
        key=key,
        selected=[chosen] if chosen in shown else [],
        thumbnail_px=THUMBNAIL_PX,
        opens=False,
        several=False,
    )
    if selected:
        return selected[0]
    return "" if chosen in shown else chosen


def _item(image: Image, names: dict[str, str]) -> gallery.Item:
    item: gallery.Item = {
        "id": image.sha256,
        "src": urls.thumbnail(image.sha256),
        "caption": image.name,
        "tags": [names[tag_id] for tag_id in image.tag_ids if tag_id in names],
    }
    if image.is_test:
        item["badge"] = t("for testing")
    return item
