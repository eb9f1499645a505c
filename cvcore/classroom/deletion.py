"""Deletes a class, or one pupil, with everything of theirs: not a byte of an image is left. Writes a receipt."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from cvcore.classroom import homes
from cvcore.classroom.handing_out import CLASS, PUPIL, PUPIL_ID
from cvcore.errors import Conflict
from cvcore.files import blobs, staging
from cvcore.languages import decimal, number, t
from cvcore.projects import uploads
from cvcore.store import Pupil, SchoolClass, Store
from cvcore.store.backups import copies

PATIENCE_S = 30.0
POLL_S = 0.1
WRITING_S = 5.0


@dataclass(frozen=True)
class Receipt:
    """What was deleted of a class, or of its pupil with this nickname, and when.

    `projects` are also those that pupils had deleted. `images` are those in all of them, `collected` those of these
    that were in the teacher's. `files` and `megabytes` count what was removed from the disk; of an image that was
    handed out, a link.
    """

    name: str
    deleted_at: datetime
    pupils: int
    projects: int = 0
    images: int = 0
    iterations: int = 0
    predictions: int = 0
    collected: int = 0
    files: int = 0
    megabytes: float = 0.0
    nickname: str = ""

    def lines(self) -> list[str]:
        """The receipt as lines of text, in the language spoken."""
        when = {"day": f"{self.deleted_at:%Y-%m-%d}", "time": f"{self.deleted_at:%H:%M}"}
        return [
            t(
                "Pupil {pupil} of class {name}, deleted on {day} at {time} UTC",
                pupil=self.nickname,
                name=self.name,
                **when,
            )
            if self.nickname
            else t("Class {name}, deleted on {day} at {time} UTC", name=self.name, **when),
            t("pupils: {number}", number=number(self.pupils)),
            t("projects: {number}", number=number(self.projects)),
            t("images in them: {number}, with their thumbnails and embeddings", number=number(self.images)),
            t("iterations with their models: {number}", number=number(self.iterations)),
            t("stored predictions: {number}", number=number(self.predictions)),
            t("images collected from pupils into other projects: {number}", number=number(self.collected)),
            t("files removed: {number}, {megabytes} MB", number=number(self.files), megabytes=decimal(self.megabytes)),
        ]


def delete_class(store: Store, school_class: SchoolClass, *, patience_s: float = PATIENCE_S) -> Receipt:
    """Delete a class: pupils, their home folders, and what was collected from them, also from iterations.

    Trainings of the class are stopped first. If this process is killed in the middle, `delete_leftovers` goes on.

    Raises:
        Conflict: a training does not stop; the class stays, locked.
        HomeUnusable: files cannot be deleted.
    """
    store.classes.update(replace(school_class, is_locked=True))
    pupils = [*store.pupils.of_class(school_class.id), *store.pupils.removed(school_class.id)]
    own = _stopped(pupils, store, patience_s)
    receipt = _counted(Receipt(school_class.name, datetime.now(UTC), pupils=len(pupils)), own)
    collected = store.image_facts.images_with(CLASS, school_class.id)
    with store.transaction():
        store.classes.delete(school_class.id)
        _erase(store, collected)
    return _removed(store, own, _folder(store, school_class.id), replace(receipt, collected=len(collected)))


def delete_pupil(store: Store, pupil: Pupil, *, patience_s: float = PATIENCE_S) -> Receipt:
    """Delete one pupil, who may have been removed before: their home folder, and what was collected from them.

    Raises:
        Conflict: a training does not stop; the pupil stays, locked.
        HomeUnusable: files cannot be deleted.
    """
    store.pupils.set_locked(pupil.id, True)
    own = _stopped([pupil], store, patience_s)
    collected = store.image_facts.images_with(PUPIL_ID, pupil.id)
    name = store.classes.get(pupil.class_id).name
    receipt = _counted(Receipt(name, datetime.now(UTC), pupils=1, nickname=pupil.nickname), own)
    with store.transaction():
        store.pupils.delete(pupil.id)
        _erase(store, collected)
    folder = blobs.pupil_home(store.home, pupil.class_id, pupil.id)
    return _removed(store, own, folder, replace(receipt, collected=len(collected)))


def delete_ended(store: Store, today: date) -> list[Receipt]:
    """Delete the classes whose last day is over."""
    ended = [each for each in store.classes.all() if each.ends_on and each.ends_on < today]
    return [delete_class(store, each) for each in ended]


def delete_leftovers(store: Store) -> None:
    """Delete folders of classes and pupils that the database does not know, as a killed process leaves them.

    While a backup is put back nothing is deleted: its files are there before the rows that know them.
    """
    with staging.quiet(store.home) as is_quiet:
        if is_quiet:
            _delete_unknown(store)


def _delete_unknown(store: Store) -> None:
    folders = list((store.home / "classes").glob("*"))
    homes_there = [home for folder in folders for home in folder.glob("*")]
    # Read after the folders: a pupil's row comes before their folder, so who joins just now is known.
    known = {blobs.pupil_home(store.home, pupil.class_id, pupil.id) for pupil in store.pupils.with_removed()}
    classes = {each.id for each in store.classes.all()}
    for path in [folder for folder in folders if folder.name not in classes] + homes_there:
        if path not in known:
            blobs.delete(path)


def _stopped(pupils: Sequence[Pupil], store: Store, patience_s: float) -> list[Store]:
    """The stores of pupils, when nothing is trained there any more; in a damaged one there is nothing to stop."""
    own = homes.usable(store, pupils)
    _stop_jobs(own, patience_s)
    return own


def _stop_jobs(own: Sequence[Store], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while active := [(each, job) for each in own for job in each.jobs.active()]:
        for each, job in active:
            each.jobs.cancel(job.id)
        if time.monotonic() > deadline:
            raise Conflict(t("what is deleted must not be in training, a training does not stop: try again"))
        time.sleep(POLL_S)


def _counted(receipt: Receipt, own: Sequence[Store]) -> Receipt:
    """The receipt with what pupils have, and what they deleted and could have back."""
    kept = [Store(path) for each in own if (path := blobs.deleted_home(each.home)).is_dir()]
    for store in (*own, *kept):
        for project in store.projects.all():
            receipt = replace(
                receipt,
                projects=receipt.projects + 1,
                images=receipt.images + store.images.count(project.id) + len(store.images.trashed(project.id)),
                iterations=receipt.iterations + len(store.iterations.of_project(project.id)),
                predictions=receipt.predictions + store.predictions.count(project.id),
            )
    for store in kept:
        store.close()
    return receipt


def _erase(store: Store, collected: Sequence[str]) -> None:
    store.metadata.remove(collected, PUPIL)
    uploads.erase(store, collected)


def _removed(store: Store, own: Sequence[Store], folder: Path, receipt: Receipt) -> Receipt:
    """Delete the files below a folder; returns the receipt with how many there were, and their bytes."""
    for each in own:
        each.close()
    homes.forget()
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    with blobs.storage_errors(folder):
        _erase_folder(folder)
    # Copies of the database have rows of pupils, and what was learned from their images.
    blobs.delete(store.home / copies.FOLDER)
    store.rewrite()
    return replace(receipt, files=len(sizes), megabytes=sum(sizes) / 1e6)


def _erase_folder(folder: Path) -> None:
    """Delete a folder into which an upload, or a page that is just being drawn, may write for a moment more."""
    deadline = time.monotonic() + WRITING_S
    while time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(POLL_S)
    shutil.rmtree(folder)


def _folder(store: Store, class_id: str) -> Path:
    return blobs.pupil_home(store.home, class_id, "x").parent
