"""Deletes a class with everything of it, so that not a byte of an image is left, and writes a receipt."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from cvcore.classroom import homes
from cvcore.classroom.handing_out import CLASS, PUPIL
from cvcore.errors import Conflict
from cvcore.files import blobs
from cvcore.projects import uploads
from cvcore.store import SchoolClass, Store

PATIENCE_S = 30.0
POLL_S = 0.1


@dataclass(frozen=True)
class Receipt:
    """What was deleted of a class, and when.

    `images` are those in the pupils' projects, `collected` those of them that were in the teacher's. `files` and
    `megabytes` count what was removed from the disk; of an image that was handed out, a link.
    """

    name: str
    deleted_at: datetime
    pupils: int
    projects: int
    images: int
    iterations: int
    predictions: int
    collected: int
    files: int
    megabytes: float

    def lines(self) -> list[str]:
        """The receipt as lines of text."""
        return [
            f"Class {self.name}, deleted on {self.deleted_at:%Y-%m-%d at %H:%M} UTC",
            f"pupils: {self.pupils}",
            f"projects: {self.projects}",
            f"images in them: {self.images}, with their thumbnails and embeddings",
            f"iterations with their models: {self.iterations}",
            f"stored predictions: {self.predictions}",
            f"images collected from pupils into other projects: {self.collected}",
            f"files removed: {self.files}, {self.megabytes:.1f} MB",
        ]


def delete_class(store: Store, school_class: SchoolClass, *, patience_s: float = PATIENCE_S) -> Receipt:
    """Delete a class: pupils, their home folders, and what was collected from them, also from iterations.

    Trainings of the class are stopped first. If this process is killed in the middle, `delete_leftovers` goes on.

    Raises:
        Conflict: a training does not stop; the class stays, locked.
        HomeUnusable: files cannot be deleted.
    """
    store.classes.update(replace(school_class, is_locked=True))
    own = [homes.store_of(store, pupil) for pupil in store.pupils.of_class(school_class.id)]
    _stop_jobs(own, patience_s)
    counts = [_counts(each) for each in own]
    collected = store.image_facts.images_with(CLASS, school_class.id)
    with store.transaction():
        store.classes.delete(school_class.id)
        store.metadata.remove(collected, PUPIL)
        uploads.erase(store, collected)
    for each in own:
        each.close()
    homes.forget()
    files, size_bytes = _removed(_folder(store, school_class.id))
    store.rewrite()
    projects, images, iterations, predictions = (sum(column) for column in zip((0, 0, 0, 0), *counts, strict=True))
    return Receipt(
        name=school_class.name,
        deleted_at=datetime.now(UTC),
        pupils=len(own),
        projects=projects,
        images=images,
        iterations=iterations,
        predictions=predictions,
        collected=len(collected),
        files=files,
        megabytes=size_bytes / 1e6,
    )


def delete_ended(store: Store, today: date) -> list[Receipt]:
    """Delete the classes whose last day is over."""
    ended = [each for each in store.classes.all() if each.ends_on and each.ends_on < today]
    return [delete_class(store, each) for each in ended]


def delete_leftovers(store: Store) -> None:
    """Delete folders of classes and pupils that the database does not know, as a killed process leaves them."""
    known = {blobs.pupil_home(store.home, pupil.class_id, pupil.id) for pupil in store.pupils.all()}
    classes = {each.id for each in store.classes.all()}
    for folder in (store.home / "classes").glob("*"):
        if folder.name not in classes:
            blobs.delete(folder)
            continue
        for home in folder.glob("*"):
            # A pupil's row comes first, so a folder without one is not of a pupil who joins just now.
            if home not in known:
                blobs.delete(home)


def _stop_jobs(own: Sequence[Store], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while active := [(each, job) for each in own for job in each.jobs.active()]:
        for each, job in active:
            each.jobs.cancel(job.id)
        if time.monotonic() > deadline:
            raise Conflict(
                "a class can be deleted when nothing of it is being trained, a training does not stop: try again"
            )
        time.sleep(POLL_S)


def _counts(own: Store) -> tuple[int, int, int, int]:
    """A pupil's projects, images, iterations and predictions."""
    projects = own.projects.all()
    return (
        len(projects),
        sum(own.images.count(project.id) for project in projects),
        sum(len(own.iterations.of_project(project.id)) for project in projects),
        sum(own.predictions.count(project.id) for project in projects),
    )


def _removed(folder: Path) -> tuple[int, int]:
    """Delete a folder; returns how many files were in it, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    with blobs.storage_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        # A page that was just being drawn may have written once more.
        if folder.exists():
            shutil.rmtree(folder)
    return len(sizes), sum(sizes)


def _folder(store: Store, class_id: str) -> Path:
    return blobs.pupil_home(store.home, class_id, "x").parent
