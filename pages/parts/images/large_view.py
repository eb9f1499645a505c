"""One image, large: its name, size and tags, the images before and after it, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from cvcore import urls
from cvcore.projects import changes, trash
from cvcore.projects.changes import Change
from cvcore.records import MULTICLASS, Image, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.images import tag_choice
from pages.parts.shell import undo_toast
from pages.parts.shell.text import refusals

KEY = "large"

# The frame has the same height for every image, so that the buttons below it stay where they are.
_STYLE = """<style>
.tagwise-large {margin: 0; height: min(60vh, 40rem)}
.tagwise-large img {width: 100%; height: 100%; object-fit: contain}
.tagwise-large img[hidden] {display: none}
.st-key-large-steps {font-variant-numeric: tabular-nums}
@media (max-width: 640px) {.tagwise-large {height: 38vh}}
</style>"""


@dataclass
class _Opened:
    """The images that can be looked at one after another, and the place of the one shown."""

    project_id: str
    ids: list[str]
    at: int


def open_image(project: Project, ids: Sequence[str], image_id: str) -> None:
    """Show an image large from the next `show` on, among the images with those ids, until it is closed."""
    if image_id in ids:
        st.session_state[KEY] = _Opened(project.id, list(ids), list(ids).index(image_id))


def show(store: Store, project: Project, limits: Limits) -> None:
    """Show the image that was opened, if any."""
    opened: _Opened | None = st.session_state.get(KEY)
    if opened and opened.project_id == project.id:
        _dialog(store, project, limits)


def _close() -> None:
    st.session_state.pop(KEY, None)


@st.dialog("Image", width="large", on_dismiss=_close)
def _dialog(store: Store, project: Project, limits: Limits) -> None:
    opened: _Opened | None = st.session_state.get(KEY)
    if opened is None:
        st.rerun()
    shown, after = (store.images.with_ids(opened.ids[at : at + 1]) for at in (opened.at, opened.at + 1))
    left, right = st.columns([5, 3], gap="medium")
    with left:
        _show_image(shown, after)
        _show_steps(opened)
    with right:
        if shown:
            _show_details(store, project, shown[0], limits)
        else:
            st.info("This image was deleted meanwhile.")


def _show_image(shown: Sequence[Image], after: Sequence[Image]) -> None:
    images = "".join(
        f'<img src="{urls.image(image.sha256)}" alt="{html.escape(image.name)}" {attribute}>'
        # The next image is fetched already.
        for image, attribute in [*((image, "") for image in shown), *((image, "hidden") for image in after)]
    )
    st.html(f'{_STYLE}<figure class="tagwise-large">{images}</figure>')


def _show_steps(opened: _Opened) -> None:
    last = len(opened.ids) - 1
    with st.container(
        key="large-steps", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.button("Previous", shortcut="Left", disabled=opened.at <= 0, on_click=_go, args=(opened, -1))
        st.markdown(f"{opened.at + 1:,} of {last + 1:,}", width="content")
        st.button("Next", shortcut="Right", disabled=opened.at >= last, on_click=_go, args=(opened, 1))


def _go(opened: _Opened, step: int) -> None:
    opened.at = min(max(opened.at + step, 0), len(opened.ids) - 1)


def _show_details(store: Store, project: Project, image: Image, limits: Limits) -> None:
    with st.container(gap="xxsmall"):
        st.text(image.name)
        st.caption(f"{image.width:,} × {image.height:,} px, {image.size_bytes / 1024:,.0f} KB")
    with refusals():
        _show_tags(store, project, image, limits)
    key = f"{KEY}-test-{image.id}"
    _follow(key, image.is_test)
    is_test = st.toggle("For testing", key=key, help="Test images are never used for training.")
    if is_test != image.is_test:
        _say(project, changes.mark_for_testing(store, project, [image.id], is_test))
        st.session_state[f"{key}-known"] = is_test
    if st.button("Delete image", type="tertiary", icon=":material/delete:"):
        _delete(store, project, image)


def _show_tags(store: Store, project: Project, image: Image, limits: Limits) -> None:
    """Show the image's tags in a control, and save what is chosen or removed there at once."""
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    own = [names[tag_id] for tag_id in image.tag_ids if tag_id in names]
    several = project.classification_type != MULTICLASS
    key = f"{KEY}-tags-{image.id}"
    _follow(key, own if several else next(iter(own), None))
    chosen = tag_choice.show(list(names.values()), several=several, key=key, label="Tags" if several else "Tag")
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
    opened: _Opened = st.session_state[KEY]
    change = trash.delete_images(store, project, [image.id])
    undo_toast.offer(project, change.message, change.undo)
    opened.ids.remove(image.id)
    _go(opened, 0)
    if not opened.ids:
        _close()
    st.rerun()
