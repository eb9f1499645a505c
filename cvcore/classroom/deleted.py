"""What pupils delete is kept for the teacher to bring back: images in the trash, projects in a folder beside.

It is kept until the class ends. It takes no more space than a pupil may store: then what was deleted first goes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cvcore import archive
from cvcore.errors import TagwiseError
from cvcore.files import blobs
from cvcore.projects import registry, trash
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DeletedImages:
    """Images that a pupil deleted from a project, and when the last of them was."""

    project: Project
    image_ids: tuple[str, ...]
    last_at: datetime


def delete_project(own: Store, project: Project, limits: Limits) -> None:
    """Delete a project of a pupil's, and keep it for the teacher if there is space.

    Raises:
        Locked: the pupil's work is locked.
    """
    own.check_unlocked()
    # A project that cannot be copied, because a file is missing or the disk is full, can still be deleted.
    with contextlib.suppress(TagwiseError), _kept(own) as kept:
        copy = archive.copy(own, project, into=kept)
        kept.projects.backdate(copy.id, project.created_at)
        _bound(kept, limits)
    registry.delete(own, project)


def deleted_projects(own: Store) -> list[Project]:
    """The projects of a pupil's that can be brought back, the last deleted first; that was when they were modified."""
    if not blobs.deleted_home(own.home).is_dir():
        return []
    with _kept(own) as kept:
        return kept.projects.all()


def restore_project(own: Store, project: Project) -> Project:
    """Bring a project back that a pupil deleted, with its images, tags and iterations.

    Raises:
        NotFound: it was brought back already.
        StorageFull, HomeUnusable: files cannot be written.
    """
    with _kept(own) as kept:
        project = kept.projects.get(project.id)
        restored = archive.copy(kept, project, into=own)
        own.projects.backdate(restored.id, project.created_at)
        registry.delete(kept, project)
    return own.projects.get(restored.id)


def deleted_images(own: Store) -> list[DeletedImages]:
    """What a pupil deleted from the projects they have."""
    return [
        DeletedImages(project, tuple(image_id for image_id, _ in images), images[0][1])
        for project in own.projects.all()
        if (images := own.images.trashed(project.id))
    ]


def restore_images(own: Store, project: Project, image_ids: Sequence[str]) -> str:
    """Bring images back that a pupil deleted, with their tags; returns a sentence that says how many.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    return trash.restore_images(own, project, image_ids, since=EVER)


@contextlib.contextmanager
def _kept(own: Store) -> Iterator[Store]:
    kept = Store(blobs.deleted_home(own.home))
    try:
        yield kept
    finally:
        kept.close()


def _bound(kept: Store, limits: Limits) -> None:
    """Delete what was deleted first, until it takes no more than a pupil may store."""
    for project in reversed(kept.projects.all()):
        images, size_bytes = kept.images.usage()
        if images <= (limits.home_images or images) and size_bytes <= (limits.home_bytes or size_bytes):
            return
        registry.delete(kept, project)
