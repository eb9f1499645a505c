"""One image, large: its name, size and tags, the images before and after it, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from cvcore import urls
from cvcore.languages import number, t
from cvcore.projects import changes, trash
from cvcore.projects.undoing import Change
from cvcore.records import MULTICLASS, Image, Project
from cvcore.settings import Limits
from cvcore.store import ImageSearch, Store
from pages.parts.facts import fact_list
from pages.parts.images import tag_choice
from pages.parts.shell import undo_toast
from pages.parts.shell.text import refusals
from pages.parts.similar import button as similar_button
from pages.parts.widgets import image_steps

KEY = "large"
NEAR = 5000


def open_image(project: Project, ids: Sequence[str], image_id: str) -> None:
    """Show an image large from the next `show` on, among the images with those ids, until it is closed."""
    image_steps.begin(KEY, project, ids, image_id)


def open_found(store: Store, project: Project, search: ImageSearch, image_id: str, *, place: int, number: int) -> None:
    """Show an image large, as `open_image` does, among those of a search: so many, about at that place, counted from 0.

    Of very many images those about it are kept, so that a window that stays open costs little memory; at their ends
    the next ones are read.
    """

    def about(place: int) -> tuple[int, list[str]]:
        before = max(0, place - NEAR)
        return before, store.searches.ids(search, take=2 * NEAR, skip=before)

    before, ids = about(place)
    image_steps.begin(KEY, project, ids, image_id, before=before, number=number, about=about)


def show(store: Store, project: Project, limits: Limits) -> None:
    """Show the image that was opened, if any."""
    if image_steps.current(KEY, project):
        st.dialog(t("Image"), width="large", on_dismiss=_close)(_dialog)(store, project, limits)


def _close() -> None:
    image_steps.end(KEY)


def _dialog(store: Store, project: Project, limits: Limits) -> None:
    opened = image_steps.current(KEY, project)
    if opened is None:
        st.rerun()
    shown, after = (store.images.with_ids(opened.ids[at : at + 1]) for at in (opened.at, opened.at + 1))
    left, right = st.columns([5, 3], gap="medium")
    with left:
        _show_image(shown, after)
        number = opened.before + len(opened.ids) + opened.after
        image_steps.show_buttons(opened.before + opened.at, number, opened.go)
    with right:
        if shown:
            _show_details(store, project, shown[0], limits)
        else:
            st.info(t("This image was deleted meanwhile."))


def _show_image(shown: Sequence[Image], after: Sequence[Image]) -> None:
    images = "".join(
        f'<img src="{urls.image(image.sha256)}" alt="{html.escape(image.name)}" {attribute}>'
        # The next image is fetched already.
        for image, attribute in [*((image, "") for image in shown), *((image, "hidden") for image in after)]
    )
    image_steps.show_frame(images, height="min(60vh, 40rem)", height_on_phone="38vh")


def _show_details(store: Store, project: Project, image: Image, limits: Limits) -> None:
    with st.container(gap="xxsmall"):
        st.text(image.name)
        st.caption(
            t(
                "{width} × {height} px, {size} KB",
                width=number(image.width),
                height=number(image.height),
                size=number(round(image.size_bytes / 1024)),
            )
        )
    with refusals():
        _show_tags(store, project, image, limits)
    key = f"{KEY}-test-{image.id}"
    _follow(key, image.is_test)
    is_test = st.toggle(t("For testing"), key=key, help=t("Test images are never used for training."))
    if is_test != image.is_test:
        _say(project, changes.mark_for_testing(store, project, [image.id], is_test))
        st.session_state[f"{key}-known"] = is_test
    with st.expander(t("What is known of it")):
        fact_list.show(store, image)
    similar_button.show(project, image.id, key=f"{KEY}-like", close=_close)
    if st.button(t("Delete image"), type="tertiary", icon=":material/delete:"):
        _delete(store, project, image)


def _show_tags(store: Store, project: Project, image: Image, limits: Limits) -> None:
    """Show the image's tags in a control, and save what is chosen or removed there at once."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    own = [names[tag_id] for tag_id in image.tag_ids if tag_id in names]
    several = project.classification_type != MULTICLASS
    key = f"{KEY}-tags-{image.id}"
    _follow(key, own if several else next(iter(own), None))
    chosen = tag_choice.show(list(names.values()), several=several, key=key, label=t("Tags") if several else t("Tag"))
    new = [name for name in chosen if name not in own]
    gone = [tag_id for tag_id, name in names.items() if name in own and name not in chosen]
    if not (new or gone):
        return
    # If the tags are refused, the control shows the image's own again in the next run.
    del st.session_state[f"{key}-known"]
    if gone and (several or not new):
        _say(project, changes.remove_tags(store, project, [image.id], gone))
    if new:
        _say(project, changes.tag(store, project, [image.id], new, limits=limits))
    st.session_state[f"{key}-known"] = chosen if several else next(iter(chosen), None)


def _follow(key: str, value: object) -> None:
    """Give a control the image's value at first, and again when it was changed elsewhere: the toast can undo."""
    known = f"{key}-known"
    if known not in st.session_state or key not in st.session_state or st.session_state[known] != value:
        st.session_state[key] = st.session_state[known] = value


def _say(project: Project, change: Change) -> None:
    undo_toast.offer(project, change.message, change.undo)
    st.caption(change.message)


def _delete(store: Store, project: Project, image: Image) -> None:
    opened: image_steps.Walk = st.session_state[KEY]
    change = trash.delete_images(store, project, [image.id])
    undo_toast.offer(project, change.message, change.undo)
    opened.ids.remove(image.id)
    opened.go(0)
    if not opened.ids:
        _close()
    st.rerun()
