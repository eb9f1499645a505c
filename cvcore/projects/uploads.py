"""Pictures come in, each checked, stored once and told of; and go out again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from cvcore import imaging, names
from cvcore.errors import Conflict, ImageRefused
from cvcore.files import blobs
from cvcore.projects import tagging
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store


@dataclass(frozen=True)
class Upload:
    """What became of one file; `reason` says why it was refused or what else there is to know."""

    name: str
    status: Literal["stored", "duplicate", "refused"]
    reason: str = ""
    image_id: str | None = None


def add(store: Store, project: Project, name: str, data: bytes, *, tag_ids: Sequence[str], limits: Limits) -> Upload:
    """Store one picture with its tags and say what became of it.

    The same content again is a duplicate: the picture stays as it is, and takes on the tags if the
    project's rules allow it.

    Raises:
        StorageFull, HomeUnusable: nothing of this file is kept, everything before it is.
        InvalidInput: a tag is not the project's, or no longer.
        NotFound: the project was deleted meanwhile.
    """
    name = names.file(name)
    try:
        picture = imaging.read(data, limits)
    except ImageRefused as error:
        return Upload(name, "refused", str(error))
    digest = blobs.sha256(data)
    try:
        _keep(store, digest, data, picture.thumbnail)
        with store.transaction():
            # Someone may have deleted the same content between the first look and the write lock.
            _keep(store, digest, data, picture.thumbnail)
            image_id, is_new = store.images.add(
                project.id,
                digest,
                name=name,
                width=picture.width,
                height=picture.height,
                size_bytes=len(data),
                signature=picture.signature,
            )
            refusal = _tag(store, project, image_id, tag_ids)
            store.projects.touch(project.id)
    except BaseException:
        forget(store, [digest])
        raise
    if is_new:
        return Upload(name, "stored", refusal, image_id)
    there = "the same picture is here already" + (" and has these tags now" if tag_ids else "")
    return Upload(name, "duplicate", refusal or there, image_id)


def delete(store: Store, image_ids: Sequence[str]) -> None:
    """Take pictures out of the workspace; what no iteration holds is gone for good, files too."""
    forget(store, store.images.remove(image_ids))


def erase(store: Store, image_ids: Sequence[str]) -> None:
    """Delete pictures for good, out of every iteration too; their files go, what was counted with them stays."""
    with store.transaction():
        forget(store, store.images.erase(image_ids))


def forget(store: Store, digests: Iterable[str]) -> None:
    """Delete the files and embeddings of every content that no project holds any longer.

    Inside a transaction it waits for the end: a rollback would bring back rows, not files.
    """
    store.after_commit(partial(delete_unheld, store, tuple(digests)))


def delete_unheld(store: Store, digests: Sequence[str]) -> None:
    """Do at once what `forget` does at the end of a transaction."""
    # Under the write lock, so that nobody can upload the same content meanwhile.
    with store.transaction():
        for digest in digests:
            if not store.images.is_known(digest):
                blobs.delete(blobs.original_path(store.home, digest))
                blobs.delete(blobs.thumbnail_path(store.home, digest))
                store.embeddings.delete(digest)


def _keep(store: Store, digest: str, data: bytes, thumbnail: bytes) -> None:
    original = blobs.original_path(store.home, digest)
    if not original.exists():
        blobs.write(original, data)
    small = blobs.thumbnail_path(store.home, digest)
    if not small.exists():
        blobs.write(small, thumbnail, durable=False)


def _tag(store: Store, project: Project, image_id: str, tag_ids: Sequence[str]) -> str:
    """Put the tags on beside those that are on already; why that cannot be, if so."""
    try:
        tagging.check(store, project, (*store.images.get(image_id).tag_ids, *tag_ids))
    except Conflict as error:
        return f"its tags stay as they are: {error}"
    store.tags.attach([image_id], tag_ids)
    return ""
