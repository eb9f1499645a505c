"""Deletes images so that they can be brought back for a day.

An image in the trash is in no list, count, search, training or zip. Its row and files stay, so that undoing restores
its id, name, date, tags, test mark, metadata and dismissed issues. Its disk space is free once the worker empties the
trash, when it starts and then every hour. Deleting a project empties the project's trash at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cvcore.languages import tn
from cvcore.progress import Progress, silent
from cvcore.projects import tagging, undoing, uploads
from cvcore.projects.undoing import Change, Kind, told
from cvcore.records import Project
from cvcore.store import Store

KEPT = timedelta(days=1)


def kept_since(now: datetime | None = None) -> datetime:
    """The time since which the trash keeps what was deleted: a day before now."""
    return (now or datetime.now(UTC)) - KEPT


def delete_images(store: Store, project: Project, image_ids: Sequence[str], *, progress: Progress = silent) -> Change:
    """Move images of the workspace to the trash. Iterations keep their images and their numbers."""

    def delete(ids: Sequence[str]) -> tuple[int, str]:
        moved = store.images.trash(ids)
        store.projects.touch(project.id)
        return len(moved), undoing.joined(moved)

    def restore(kept: str) -> tuple[int, int, int]:
        return _restore(store, project, undoing.ids_of(kept), kept_since())

    def said(number: int) -> str:
        return tn(number, "{n} image deleted.", "{n} images deleted.")

    return undoing.change(store, Kind(delete, restore, said, _restored), image_ids, progress)


def restore_images(store: Store, project: Project, image_ids: Sequence[str], *, since: datetime | None = None) -> str:
    """Move images from the trash back to the workspace, with their tags; returns a sentence that says how many.

    Those that were deleted before `since`, by default a day ago, stay where they are.

    Images that were uploaded again meanwhile stay as they are. Tags that were deleted are left out, and all tags of an
    image that may no longer have them together.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    return _restored(*_restore(store, project, image_ids, since or kept_since()))


def _restore(store: Store, project: Project, image_ids: Sequence[str], since: datetime) -> tuple[int, int, int]:
    """How many images were restored, how many of these without some of their tags, and how many stay as they are."""
    without = 0
    with store.transaction():
        project = store.projects.get(project.id)
        known = store.tags.names_and_kinds(project.id)
        restored = store.images.restore(image_ids, since)
        for tag_ids in dict.fromkeys(restored.values()):
            images = [image_id for image_id, had in restored.items() if had == tag_ids]
            left = [tag_id for tag_id in tag_ids if tag_id in known]
            is_possible = tagging.may_have(store, project, left)
            store.tags.attach(images, left if is_possible else [])
            without += len(images) if not is_possible or len(left) < len(tag_ids) else 0
        store.projects.touch(project.id)
    return len(restored), without, len(image_ids) - len(restored)


def _restored(back: int, without: int, left: int) -> str:
    message = tn(back, "{n} image restored.", "{n} images restored.")
    if without:
        tags = tn(
            without,
            "{n} image without tags that were deleted or changed meanwhile.",
            "{n} images without tags that were deleted or changed meanwhile.",
        )
        message = f"{message} {tags}"
    return told(message, left)


def empty(store: Store, now: datetime | None = None) -> None:
    """Delete for good what has been in the trash for a day, of all projects: images, predictions and their files.

    As in `history.purge`, files are deleted before rows: if the process is killed in between, the next call finds the
    rows again.
    """
    before = kept_since(now)
    with store.transaction():
        digests = store.images.empty_trash(before) + store.predictions.empty_trash(before)
        uploads.delete_unheld(store, digests)
