"""Upload files, a folder, a zip or camera photos, with tags for all, then show the result for each file.

A thread stores the files, so that an upload continues when the user leaves or reloads the page.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import streamlit as st

from cvcore import datasets
from cvcore.errors import TagwiseError
from cvcore.projects import imports, tagging
from cvcore.projects.uploads import Upload
from cvcore.records import MULTICLASS, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.shell import background_runs, widget_resets
from pages.parts.shell.text import plain, refusals, sentence, table
from pages.parts.widgets import camera

KEY = "upload"
FILES, FOLDER, CAMERA = "Files or a zip", "A folder", "Camera"
STATUSES = ("stored", "duplicate", "refused")
RECENT_S = 600.0
ROWS = 500


@dataclass
class Run(background_runs.Run):
    """An upload: the number of files, and the results so far."""

    what: str = "Upload"
    total: int = 0
    results: list[Upload] = field(default_factory=list)

    def add(self, result: Upload) -> None:
        """Add the result for one more file."""
        self.results.append(result)
        done = len(self.results)
        self.report(f"{done:,} of {count(self.total, 'file')}", done / max(self.total, 1))


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """Show the form, or the progress of this window's upload, then its results."""
    own = _own().get(project.id)
    run = own or _recent(project)
    is_under_way = run is not None and not run.is_done
    if run and is_under_way:
        background_runs.watch(run)
    if not (own and is_under_way):
        _form(store, project, tags, limits)
    if run and not is_under_way:
        _show_results(run)


def _form(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    turn = widget_resets.current(KEY)
    way = st.segmented_control("Bring in", [FILES, FOLDER, CAMERA], default=FILES, required=True, key="upload-way")
    chosen = st.multiselect(
        "Tags for all of them",
        [tag.name for tag in tags],
        accept_new_options=True,
        max_selections=1 if project.classification_type == MULTICLASS else None,
        placeholder="Choose tags, or type a new one and press Enter",
        key=f"upload-tags-{project.id}-{turn}",
    )
    if way == CAMERA:
        _camera(store, project, chosen, limits)
        return
    if way == FOLDER:
        st.caption("Images in a folder get the folder's name as their tag.")
    else:
        st.caption(
            f"JPEG, PNG, GIF, BMP, WebP and AVIF, at most {limits.image_bytes / 2**20:g} MB each, "
            "or a zip with one folder per tag."
        )
    with st.container(key="uploader"):
        files = st.file_uploader(
            "Images",
            accept_multiple_files="directory" if way == FOLDER else True,
            key=f"files-{project.id}-{turn}-{way}",
            label_visibility="collapsed",
        )
    if st.button(f"Upload {count(len(files), 'file')}", type="primary", disabled=not files):
        with refusals():
            _own()[project.id] = start(store, project, files, chosen, limits)
            widget_resets.rerun(KEY)


def start(store: Store, project: Project, files: Sequence[Any], tag_names: Sequence[str], limits: Limits) -> Run:
    """Start to store uploaded files, all with these tags, in a thread.

    Raises:
        InvalidInput: a name cannot be a tag's; nothing is stored.
    """
    tag_ids = [tag.id for tag in tagging.ensure(store, project, tag_names, limits=limits)]
    run = _latest()[project.id] = Run(total=len(files))

    def work(run: Run) -> str:
        for listing in _listings(files, limits, run):
            run.total += len(listing.entries) + len(listing.skipped)
            imports.import_images(store, project, listing, limits=limits, tag_ids=tag_ids, on_file=run.add)
        return ""

    return background_runs.begin(run, work, thread="upload", release=background_runs.releaser(files))


def _camera(store: Store, project: Project, chosen: Sequence[str], limits: Limits) -> None:
    """Show the camera; its photos get the chosen tags, which stay chosen for the next ones."""
    key = f"camera-{project.id}"
    turn, is_stored = st.session_state.get(f"{key}-turn", (0, False))
    images = camera.sent(key, turn)
    if images is not None:
        # First, so that the browser always gets an answer, and keeps photos that are refused.
        turn, is_stored = st.session_state[f"{key}-turn"] = turn + 1, False
        with refusals():
            _own()[project.id] = add_shots(store, project, camera.decoded(images), chosen, limits)
            st.session_state[f"{key}-turn"] = turn, True
            st.rerun()
    camera.show(chosen, turn=turn, is_stored=is_stored, key=key)


def add_shots(store: Store, project: Project, shots: Sequence[bytes], tag_names: Sequence[str], limits: Limits) -> Run:
    """Store camera photos, all with these tags; without a thread, because they are few.

    Raises:
        InvalidInput: a name cannot be a tag's; nothing is stored.
    """
    tag_ids = [tag.id for tag in tagging.ensure(store, project, tag_names, limits=limits)]
    run = Run(total=len(shots))
    files = list(zip(camera.names(len(shots), datetime.now()), shots, strict=True))
    imports.import_images(
        store,
        project,
        datasets.entries_from_uploads(files),
        limits=limits,
        tag_ids=tag_ids,
        on_file=run.add,
    )
    run.ended_at = time.monotonic()
    return run


def _own() -> dict[str, Run]:
    """This window's last upload to each project."""
    uploads: dict[str, Run] = st.session_state.setdefault("uploads", {})
    return uploads


@st.cache_resource(show_spinner=False)
def _latest() -> dict[str, Run]:
    """The last upload to each project, from any window."""
    return {}


def _recent(project: Project) -> Run | None:
    """The project's last upload, for a window that was reloaded during an upload and no longer knows its own."""
    run = _latest().get(project.id)
    return None if run and run.is_older_than(RECENT_S) else run


def _listings(files: Sequence[Any], limits: Limits, run: Run) -> Iterator[datasets.Listing]:
    run.total = 0
    zips = [file for file in files if file.name.lower().endswith(".zip")]
    loose = [(file.name, file.getvalue) for file in files if file not in zips]
    if loose:
        yield datasets.entries_from_uploads(loose)
    for file in zips:
        try:
            listing = datasets.entries_in_zip(file, limits)
        except TagwiseError as refusal:
            run.add(Upload(file.name, "refused", str(refusal)))
        else:
            yield listing


def _show_results(run: Run) -> None:
    if run.stopped:
        st.error(plain(sentence(run.stopped)))
    numbers = {status: sum(result.status == status for result in run.results) for status in STATUSES}
    summary = ", ".join(f"{number:,} {status}" for status, number in numbers.items() if number)
    if not summary:
        return
    (st.warning if run.stopped or numbers["refused"] else st.success)(f"{summary}.")
    if notable := [result for result in run.results if result.reason]:
        st.html(table(notable[:ROWS]))
        if len(notable) > ROWS:
            st.caption(f"The first {ROWS:,} of {len(notable):,} files.")
