"""Upload files, a folder, a zip or camera photos, with tags for all, then show what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cvcore.languages import marked, t, tn
from cvcore.projects import imports
from cvcore.records import MULTICLASS, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.images import tag_choice
from pages.parts.shell import background_runs, widget_resets
from pages.parts.shell.text import refusals
from pages.parts.upload import chosen_files, outcome, preview
from pages.parts.upload import run as uploads
from pages.parts.widgets import camera, focus

# The step bar sets both: the next upload is wanted, with that tag.
KEY, NEXT, NEXT_TAG = "upload", "upload-next", "upload-next-tag"
FILES, FOLDER, CAMERA = marked("Files or a zip"), marked("A folder"), marked("Camera")
WORDS = {
    FILES: marked("JPEG, PNG, GIF, BMP, WebP, AVIF or HEIC, or a zip with one folder for each tag."),
    FOLDER: marked("Images in a folder get the folder's name as their tag, or the tags that a table in it names."),
}
ROWS = outcome.ROWS


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the form, or the progress of the project's upload, then what became of it."""
    run = uploads.recent(project)
    if run and run.is_done and st.session_state.get(NEXT):
        run.is_closed, run = True, None
    with st.container(key="upload-progress"):
        if run and not run.is_done:
            background_runs.watch(run)
    is_own = run is not None and run is uploads.of_window(project)
    if run is None or run.is_of_camera or not (run.is_done or is_own):
        _form(store, project, tags, limits)
    if run is None or not run.is_done:
        return
    if run.is_of_camera:
        outcome.show_images(store, run)
    elif outcome.show(store, project, run):
        run.is_closed = True
        st.session_state[NEXT] = True
        widget_resets.rerun(KEY)


def _form(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    turn = widget_resets.current(KEY)
    has_one = project.classification_type == MULTICLASS
    key = f"upload-tags-{project.id}-{turn}"
    if (tag := st.session_state.pop(NEXT_TAG, "")) in [known.name for known in tags]:
        st.session_state[key] = tag if has_one else [tag]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.segmented_control(
            t("From"),
            [FILES, FOLDER, CAMERA],
            format_func=t,
            default=FILES,
            required=True,
            wrap=True,
            key="upload-way",
        )
        chosen = tag_choice.show(
            [tag.name for tag in tags],
            several=not has_one,
            label=t("Tag for all of them") if has_one else t("Tags for all of them"),
            placeholder=t("Choose a tag, or type a new one and press Enter"),
            key=key,
        )
    # In a place of its own, which is there also when it is empty: what comes before the uploader must not move it, or
    # the browser makes a new one, and the files just chosen in the old one are lost.
    with st.container(key="script-upload-focus"):
        if st.session_state.pop(NEXT, False):
            focus.move_to(f".st-key-{key} input", turn=turn)
    if way == CAMERA:
        _camera(store, project, chosen, limits)
        return
    st.caption(t(WORDS[way]))
    with st.container(key="uploader-folder" if way == FOLDER else "uploader"):
        files = st.file_uploader(
            t("Images"),
            accept_multiple_files="directory" if way == FOLDER else True,
            key=f"files-{project.id}-{turn}-{way}",
            label_visibility="collapsed",
        )
    found = chosen_files.show(files, limits)
    if files:
        _send(store, project, files, found, chosen, limits)


def _send(
    store: Store,
    project: Project,
    files: Sequence[Any],
    found: chosen_files.Contents,
    chosen: Sequence[str],
    limits: Limits,
) -> None:
    """Say what will be uploaded, and start it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        label = tn(found.images, "Upload {n} image", "Upload {n} images")
        is_sent = st.button(label, type="primary", disabled=not found.images, key="upload-send")
        st.markdown(chosen_files.tags_of(found, chosen), width="stretch")
    # Tags for all leave no image without one.
    untagged = 0 if chosen else found.untagged
    preview.show(found.preview, found.skipped, imports.remarks(store, project, [*found.tags, *chosen], untagged))
    chosen_files.show_warnings(found, chosen, one_tag=project.classification_type == MULTICLASS)
    if is_sent:
        with refusals():
            uploads.start(store, project, files, chosen, limits)
            widget_resets.rerun(KEY)


def _camera(store: Store, project: Project, chosen: Sequence[str], limits: Limits) -> None:
    """Show the camera; its photos get the chosen tags, which stay chosen for the next ones."""
    key = f"camera-{project.id}"
    turn, is_stored = st.session_state.get(f"{key}-turn", (0, False))
    images = camera.sent(key, turn)
    if images is not None:
        # First, so that the browser always gets an answer, and keeps photos that are refused.
        turn, is_stored = st.session_state[f"{key}-turn"] = turn + 1, False
        with refusals():
            uploads.add_shots(store, project, camera.decoded(images), chosen, limits)
            st.session_state[f"{key}-turn"] = turn, True
            st.rerun()
    camera.show(chosen, turn=turn, is_stored=is_stored, key=key)
