"""An upload: a thread stores the files, so that it continues when the user leaves or reloads the page."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from cvcore import datasets
from cvcore.errors import TagwiseError
from cvcore.languages import marked, number, t, tn
from cvcore.projects import imports, tagging
from cvcore.projects.uploads import Upload
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import background_runs
from pages.parts.widgets import camera

RECENT_S = 600.0
LOOSE = marked("These files")


@dataclass
class Run(background_runs.Run):
    """An upload: the number of files, the results so far, and at its end the tags that the stored images have."""

    what: str = marked("Upload")
    total: int = 0
    results: list[Upload] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    is_of_camera: bool = False
    is_closed: bool = False

    def add(self, result: Upload) -> None:
        """Add the result for one more file."""
        self.results.append(result)
        done = len(self.results)
        stage = tn(self.total, "{done} of {n} file", "{done} of {n} files", done=number(done))
        self.report(stage, done / max(self.total, 1))

    def stored_ids(self) -> list[str]:
        """The ids of the images that were stored, in the order of their files."""
        return [result.image_id for result in self.results if result.status == "stored" and result.image_id]


def of_window(project: Project) -> Run | None:
    """This window's last upload to the project."""
    return _own().get(project.id)


def recent(project: Project) -> Run | None:
    """The project's last upload that is to be shown, of this window or, after a reload, of another."""
    found = _own().get(project.id) or _latest().get(project.id)
    return None if found and (found.is_closed or found.is_older_than(RECENT_S)) else found


def start(store: Store, project: Project, files: Sequence[Any], tag_names: Sequence[str], limits: Limits) -> Run:
    """Start to store uploaded files, all with these tags, in a thread.

    Raises:
        InvalidInput: a name cannot be a tag's; nothing is stored.
    """
    known = store.tags.names_and_kinds(project.id)
    tag_ids = [tag.id for tag in tagging.ensure(store, project, tag_names, limits=limits)]
    created = [tag_id for tag_id in tag_ids if tag_id not in known]
    run = _own()[project.id] = _latest()[project.id] = Run(total=len(files))

    def work(run: Run) -> str:
        try:
            for source, listing in _listings(files, limits, run):
                run.total += len(listing.entries) + len(listing.skipped)
                imports.import_images(
                    store, project, listing, limits=limits, source=source, tag_ids=tag_ids, on_file=run.add
                )
        finally:
            run.tags = _tags_of(store, project, run.stored_ids())
            imports.forget_tags(store, created)
        return ""

    return background_runs.begin(run, work, thread="upload", release=background_runs.releaser(files))


def add_shots(store: Store, project: Project, shots: Sequence[bytes], tag_names: Sequence[str], limits: Limits) -> Run:
    """Store camera photos, all with these tags; without a thread, because they are few.

    Raises:
        InvalidInput: a name cannot be a tag's; nothing is stored.
    """
    tag_ids = [tag.id for tag in tagging.ensure(store, project, tag_names, limits=limits)]
    run = _own()[project.id] = Run(total=len(shots), is_of_camera=True)
    files = list(zip(camera.names(len(shots), datetime.now()), shots, strict=True))
    imports.import_images(
        store,
        project,
        datasets.entries_from_uploads(files),
        limits=limits,
        source="camera",
        tag_ids=tag_ids,
        on_file=run.add,
    )
    run.tags = _tags_of(store, project, run.stored_ids())
    run.ended_at = time.monotonic()
    return run


def _tags_of(store: Store, project: Project, image_ids: Sequence[str]) -> Counter[str]:
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    images = store.images.with_ids(image_ids)
    return Counter(names[tag_id] for image in images for tag_id in image.tag_ids if tag_id in names)


def _own() -> dict[str, Run]:
    """This window's last upload to each project."""
    uploads: dict[str, Run] = st.session_state.setdefault("uploads", {})
    return uploads


@st.cache_resource(show_spinner=False)
def _latest() -> dict[str, Run]:
    """The last upload to each project, from any window."""
    return {}


def _listings(files: Sequence[Any], limits: Limits, run: Run) -> Iterator[tuple[str, datasets.Listing]]:
    """What each zip, and the other files together, hold, with the name of the zip or of the folder that all are in."""
    run.total = 0
    zips = [file for file in files if file.name.lower().endswith(".zip")]
    loose = [(file.name, file.getvalue) for file in files if file not in zips]
    readers = [(LOOSE, partial(datasets.entries_from_uploads, loose))] if loose else []
    readers += [(file.name, partial(datasets.entries_in_zip, file, limits)) for file in zips]
    for name, read in readers:
        try:
            listing = read()
        except TagwiseError as refusal:
            run.add(Upload(t(name) if name == LOOSE else name, "refused", str(refusal)))
        else:
            yield name if name != LOOSE else _folder([name for name, _ in loose]), listing


def _folder(paths: Sequence[str]) -> str:
    """The folder that all paths begin with, empty if there is none."""
    tops = {path.partition("/")[0] if "/" in path else "" for path in paths}
    return tops.pop() if len(tops) == 1 else ""
