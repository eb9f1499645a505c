"""Check and store images, each content once per project, and delete them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from cvcore import image_facts, imaging, names
from cvcore.annotations import shown
from cvcore.errors import Conflict, ImageRefused
from cvcore.files import blobs, lending
from cvcore.languages import t
from cvcore.projects import quotas, tagging
from cvcore.records import Project
from cvcore.settings import Limits
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
    try:
        file = read(data, limits)
    except ImageRefused as error:
        return Upload(names.file(name), "refused", str(error))
    with kept(store, [file], limits):
        rules = tagging.rules_of(store, project)
        upload = put(store, rules, name, file, tag_ids=tag_ids, limits=limits, came=came)
        if upload.image_id:
            on_stored(upload.image_id, upload.status == "stored")
            store.projects.touch(project.id)
    return upload


def read(data: bytes, limits: Limits) -> ReadFile:
    """What `add` stores of a file, and knows of it; it needs no home folder, and can be done in any thread.

    Raises:
        ImageRefused: the file is no image within the limits.
    """
    arrival, info = imaging.arrived(data, limits)
    # A photo that was made smaller or converted has lost what its camera noted.
    origin = info.origin if arrival.data is data else imaging.origin(data)
    return ReadFile(arrival, blobs.sha256(arrival.data), origin, info)


@contextlib.contextmanager
def kept(store: Store, files: Sequence[ReadFile], limits: Limits) -> Iterator[None]:
    """A transaction to `put` these files in: they are on the disk before it commits, and gone if it is rolled back.

    Raises:
        StorageFull, HomeUnusable: not all of them can be written; none is kept.
        Locked: a teacher has locked this home folder.
    """
    store.check_unlocked()
    if quotas.is_trash_full(store, limits):
        with store.transaction():
            delete_unheld(store, store.images.empty_trash(datetime.now(UTC)))
    places = [
        (file, blobs.original_path(store.home, file.digest), blobs.thumbnail_path(store.home, file.digest))
        for file in files
    ]
    try:
        _write(store, places, limits)
        with store.transaction():
            # The same content can have been deleted before this transaction had the write lock.
            _write(store, places, limits)
            image_facts.keep(store, {file.digest: (file.origin, file.info.measures) for file in files})
            yield
    except BaseException:
        forget(store, [file.digest for file in files])
        raise


def put(
    store: Store,
    rules: tagging.Rules,
    name: str,
    file: ReadFile,
    *,
    tag_ids: Sequence[str],
    limits: Limits,
    came: Mapping[str, str],
) -> Upload:
    """As `add`, of a file that is `kept`; the rules were read since tags last changed."""
    name, digest, info = names.file(name), file.digest, file.info
    size_bytes = len(file.arrival.data)
    # Under the write lock: with many uploads at once no more is stored than with one.
    if refusal := quotas.refusal(store, {digest: size_bytes}, limits):
        forget(store, [digest])
        return Upload(name, "refused", refusal)
    image_id, is_new = store.images.add(
        rules.project.id,
        digest,
        name=name,
        width=info.width,
        height=info.height,
        size_bytes=size_bytes,
        signature=info.signature,
    )
    if is_new:
        store.image_facts.put([image_id], came)
    reason = _tag(store, rules, image_id, tag_ids, is_new=is_new)
    if is_new:
        return Upload(name, "stored", reason, image_id, file.arrival.note)
    return Upload(name, "duplicate", reason or _duplicate(tag_ids), image_id, file.arrival.note)


def _write(store: Store, places: Sequence[tuple[ReadFile, Path, Path]], limits: Limits) -> None:
    """Write what is missing of the files that may be stored: originals and thumbnails, each to its path."""
    originals, thumbnails, links = {}, {}, {}
    for file, original, thumbnail in places:
        if not quotas.refusal(store, {file.digest: len(file.arrival.data)}, limits):
            originals[original] = file.arrival.data
            if file.info.thumbnail is file.arrival.data:
                links[original] = thumbnail
            else:
                thumbnails[thumbnail] = file.info.thumbnail
    blobs.write_missing(originals)
    blobs.write_missing(thumbnails, durable=False)
    for original, thumbnail in links.items():
        lending.link(original, thumbnail)


def _tag(store: Store, rules: tagging.Rules, image_id: str, tag_ids: Sequence[str], *, is_new: bool) -> str:
    """Add tags to an image; returns why they cannot be added, or an empty text."""
    before = () if is_new else store.images.get(image_id).tag_ids
    try:
        tagging.check_by(rules, (*before, *tag_ids))
    except Conflict as error:
        return t("its tags were not changed: {reason}", reason=error)
    store.tags.attach([image_id], tag_ids)
    return ""


def _duplicate(tag_ids: Sequence[str]) -> str:
    if tag_ids:
        return t("the project has this image already, the tags were added to it")
    return t("the project has this image already")


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
