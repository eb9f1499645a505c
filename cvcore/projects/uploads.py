"""Check and store images, each content once per project, and delete them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Literal

from cvcore import image_facts, imaging, names
from cvcore.annotations import shown
from cvcore.errors import Conflict, ImageRefused
from cvcore.files import blobs
from cvcore.languages import number, t
from cvcore.projects import tagging
from cvcore.records import Project
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import FOLDER, UPLOAD, Store

NOWHERE: Mapping[str, str] = MappingProxyType({})
SOURCE_LETTERS = 80


@dataclass(frozen=True)
class Upload:
    """The outcome for one file.

    `reason` says why it was refused, is a duplicate, or did not get its tags; `note` how it was changed to be stored:
    made smaller, or converted from HEIC.
    """

    name: str
    status: Literal["stored", "duplicate", "refused"]
    reason: str = ""
    image_id: str | None = None
    note: str = ""


@dataclass(frozen=True)
class ReadFile:
    """A file as it is stored, its SHA-256, where it came from, and its size, thumbnail, signature and measures."""

    arrival: imaging.Arrival
    digest: str
    origin: imaging.FileOrigin
    info: imaging.ImageInfo


class _OverQuota(Exception):
    """A pupil may not store as much; the message says why."""


def add(
    store: Store,
    project: Project,
    name: str,
    data: bytes,
    *,
    tag_ids: Sequence[str] = (),
    limits: Limits,
    came: Mapping[str, str] = NOWHERE,
    on_stored: Callable[[str, bool], None] = lambda image_id, is_new: None,
) -> Upload:
    """Store one image with its tags, made smaller or converted if need be: see `imaging.fitted`.

    The same content again is a duplicate: the tags are added to the stored image, if the project's rules allow it.
    `came` says where it came from, as `store.image_facts` keeps it of a new image. `on_stored` is called with the
    image's id and whether it is new, in the same transaction: if it raises, nothing is kept.

    Raises:
        StorageFull, HomeUnusable: nothing of this file is kept; images stored before are.
        InvalidInput: a tag does not belong to the project.
        NotFound: the project was deleted meanwhile.
        Locked: a teacher has locked this home folder.
    """
    store.check_unlocked()
    try:
        return add_read(
            store, project, name, read(data, limits), tag_ids=tag_ids, limits=limits, came=came, on_stored=on_stored
        )
    except ImageRefused as error:
        return Upload(names.file(name), "refused", str(error))


def read(data: bytes, limits: Limits) -> ReadFile:
    """What `add` stores of a file, and knows of it; it needs no home folder, and can be done in any thread.

    Raises:
        ImageRefused: the file is no image within the limits.
    """
    origin, arrival = imaging.origin(data), imaging.fitted(data, limits)
    return ReadFile(arrival, blobs.sha256(arrival.data), origin, imaging.read(arrival.data, limits))


def add_read(
    store: Store,
    project: Project,
    name: str,
    file: ReadFile,
    *,
    tag_ids: Sequence[str] = (),
    limits: Limits,
    came: Mapping[str, str] = NOWHERE,
    on_stored: Callable[[str, bool], None] = lambda image_id, is_new: None,
) -> Upload:
    """As `add`, of a file that was read: see `read`."""
    name, data, digest, info = names.file(name), file.arrival.data, file.digest, file.info
    _bound_trash(store, limits)
    if refusal := over_quota(store, {digest: len(data)}, limits):
        return Upload(name, "refused", refusal)
    try:
        _keep(store, digest, data, info.thumbnail)
        with store.transaction():
            # The same content can have been deleted before this transaction had the write lock.
            _keep(store, digest, data, info.thumbnail)
            # As can others have been stored: with many uploads at once no more is stored than with one.
            if refusal := over_quota(store, {digest: len(data)}, limits):
                raise _OverQuota(refusal)
            image_id, is_new = store.images.add(
                project.id,
                digest,
                name=name,
                width=info.width,
                height=info.height,
                size_bytes=len(data),
                signature=info.signature,
            )
            image_facts.keep(store, {digest: (file.origin, info.measures)})
            if is_new:
                store.image_facts.put([image_id], came)
            refusal = _tag(store, project, image_id, tag_ids)
            on_stored(image_id, is_new)
            store.projects.touch(project.id)
    except _OverQuota as error:
        forget(store, [digest])
        return Upload(name, "refused", str(error))
    except BaseException:
        forget(store, [digest])
        raise
    if is_new:
        return Upload(name, "stored", refusal, image_id, file.arrival.note)
    duplicate = (
        t("the project has this image already, the tags were added to it")
        if tag_ids
        else t("the project has this image already")
    )
    return Upload(name, "duplicate", refusal or duplicate, image_id, file.arrival.note)


def came(source: str, folder: str = "", *, moment: datetime | None = None) -> dict[str, str]:
    """Where an image came from, for `add`: its upload, called by its time and what was uploaded, and its folder in it.

    Without a moment the upload is all of a day, as of programs that upload image by image.

    >>> came("flowers.zip", "rose/red", moment=datetime(2026, 5, 31, 9, 5))
    {'upload': '2026-05-31 09:05, flowers.zip', 'folder': 'rose/red'}
    """
    time = f"{moment:%Y-%m-%d %H:%M}" if moment else f"{datetime.now():%Y-%m-%d}"
    upload = {UPLOAD: f"{time}, {shown(source)[:SOURCE_LETTERS]}"}
    return upload | ({FOLDER: folder} if folder else {})


def delete(store: Store, image_ids: Sequence[str]) -> None:
    """Delete images from the workspace; those that are in no iteration are deleted for good, with their files."""
    forget(store, store.images.remove(image_ids))


def erase(store: Store, image_ids: Sequence[str]) -> None:
    """Delete images and their files for good, also from all iterations, whose numbers do not change.

    The files by which similar images are found are deleted too, and made again when they are needed.
    """
    with store.transaction():
        projects = {image.project_id for image in store.images.with_ids(image_ids)}
        forget(store, store.images.erase(image_ids))
        for project_id in projects:
            store.after_commit(partial(blobs.delete, blobs.similar_folder(store.home, project_id)))


def forget(store: Store, digests: Iterable[str]) -> None:
    """Delete the files and embeddings of each content that is in no project any more.

    Inside a transaction they are deleted after the commit, because a rollback restores rows, but not files.
    """
    store.after_commit(partial(delete_unheld, store, tuple(digests)))


def delete_unheld(store: Store, digests: Sequence[str]) -> None:
    """Delete now what `forget` deletes after the commit."""
    # Under the write lock, so that the same content cannot be uploaded meanwhile.
    with store.transaction():
        for digest in digests:
            if not store.images.is_known(digest):
                blobs.delete(blobs.original_path(store.home, digest))
                blobs.delete(blobs.thumbnail_path(store.home, digest))
                store.embeddings.delete(digest)
                store.file_facts.delete(digest)


def _keep(store: Store, digest: str, data: bytes, thumbnail: bytes) -> None:
    original = blobs.original_path(store.home, digest)
    if not original.exists():
        blobs.write(original, data)
    small = blobs.thumbnail_path(store.home, digest)
    if not small.exists():
        blobs.write(small, thumbnail, durable=False)


def over_quota(store: Store, sizes: Mapping[str, int], limits: Limits) -> str:
    """Why contents, their sizes by SHA-256, do not fit into a pupil's home folder; or an empty text."""
    if not _is_limited(limits):
        return ""
    new = [size for digest, size in sizes.items() if not store.images.is_known(digest)]
    if not new:
        return ""
    images, stored_bytes = store.images.usage()
    if limits.home_images and images + len(new) > limits.home_images:
        return t(
            "you may store {most} images, you have {images}: delete some, or ask the teacher for more",
            most=number(limits.home_images),
            images=number(images),
        )
    if limits.home_bytes and stored_bytes + sum(new) > limits.home_bytes:
        return t(
            "your images may take {megabytes} MB, with this one they take more: delete some, or ask the teacher",
            megabytes=number(limits.home_bytes // MEBIBYTE),
        )
    return ""


def _is_limited(limits: Limits) -> bool:
    """Whether it matters how much there is: to count it takes the longer the more there is."""
    return bool(limits.home_images or limits.home_bytes)


def _bound_trash(store: Store, limits: Limits) -> None:
    """Empty the trash of a pupil's home folder if it makes up for as much as they may store: nobody fills the disk."""
    if not _is_limited(limits):
        return
    images, stored_bytes = store.images.usage(with_trash=True)
    if images < 2 * (limits.home_images or images + 1) and stored_bytes < 2 * (limits.home_bytes or stored_bytes + 1):
        return
    with store.transaction():
        delete_unheld(store, store.images.empty_trash(datetime.now(UTC)))


def _tag(store: Store, project: Project, image_id: str, tag_ids: Sequence[str]) -> str:
    """Add tags to an image; returns why they cannot be added, or an empty text."""
    try:
        tagging.check(store, project, (*store.images.get(image_id).tag_ids, *tag_ids))
    except Conflict as error:
        return t("its tags were not changed: {reason}", reason=error)
    store.tags.attach([image_id], tag_ids)
    return ""
