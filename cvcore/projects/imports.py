"""Import labelled images from a folder or zip into a project."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cvcore import datasets, languages, names
from cvcore.datasets import stand_ins
from cvcore.datasets.lookalikes import lookalikes
from cvcore.errors import Conflict, ImageRefused, InvalidInput
from cvcore.languages import t, tn
from cvcore.projects import registry, tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import count

# Decoding, and waiting for the disk, leave the interpreter to others.
READERS = min(4, os.cpu_count() or 1)
AHEAD = 2 * READERS


@dataclass(frozen=True)
class Import:
    """The outcomes for all files of a folder or zip."""

    uploads: tuple[uploads.Upload, ...]

    def count(self, status: str) -> int:
        """How many files have that status: stored, duplicate or refused."""
        return sum(upload.status == status for upload in self.uploads)


def import_project(
    store: Store,
    name: str,
    listing: datasets.Listing,
    *,
    limits: Limits,
    source: str = "",
    classification_type: str | None = None,
    domain: str | None = None,
    on_file: Callable[[uploads.Upload], None] = lambda upload: None,
) -> tuple[Project, Import]:
    """Store all images of a listing in the project with that name, which is created if there is none.

    `source` is as in `import_images`. Without a classification type a new project is Multilabel if an image has several
    tags. If no image is stored, the project, its type and its domain are as they were before.

    Raises:
        InvalidInput: nothing could be stored; the message has the first reason.
        StorageFull, HomeUnusable: the images before are kept.
    """
    with _undone_if_empty(store, name) as known:
        if known:
            project = registry.change(store, known, classification_type=classification_type, domain=domain)
        else:
            several = any(len(entry.tags) > 1 for entry in listing.entries)
            kind = classification_type or (MULTILABEL if several else MULTICLASS)
            project = registry.create(store, name, classification_type=kind, domain=domain or "")
        result = import_images(store, project, listing, limits=limits, source=source, on_file=on_file)
        if not result.count("stored") and not result.count("duplicate"):
            reason = next((upload.reason for upload in result.uploads if upload.reason), t("there are none"))
            raise InvalidInput(t("an import must hold images, nothing could be stored: {reason}", reason=reason))
    return project, result


@contextmanager
def _undone_if_empty(store: Store, name: str) -> Iterator[Project | None]:
    """The project with that name; after an error it is as before, unless it has more images than before."""
    before = store.projects.find(name)
    images = store.images.count(before.id) if before else 0
    try:
        yield before
    except BaseException:
        after = store.projects.find(name)
        if after and store.images.count(after.id) == images:
            if before is None:
                registry.delete(store, after)
            elif after != before:
                registry.change(store, after, classification_type=before.classification_type, domain=before.domain_id)
        raise


def remarks(store: Store, project: Project | None, tags: Iterable[str], untagged: int = 0) -> list[str]:
    """What a person should know before or after images with these tags come into a project, in sentences.

    untagged: how many of the images have no tag. Without a project it is a new one.
    """
    known = {name for name, _ in store.tags.names_and_kinds(project.id).values()} if project else set()
    before = lookalikes(known)
    told = [sentence for sentence in lookalikes({*known, *tags}) if sentence not in before]
    if untagged and project and project.classification_type == MULTILABEL:
        told.append(
            tn(
                untagged,
                "{n} image without tags will not be used to train: if an image shows none of the tags, give it the "
                "negative tag.",
                "{n} images without tags will not be used to train: if an image shows none of the tags, give it the "
                "negative tag.",
            )
        )
    return told


def import_images(
    store: Store,
    project: Project,
    listing: datasets.Listing,
    *,
    limits: Limits,
    source: str = "",
    tag_ids: Sequence[str] = (),
    on_file: Callable[[uploads.Upload], None] = lambda upload: None,
) -> Import:
    """Store all images of a listing, each with its own tags and `tag_ids`, its metadata and where it came from.

    `source` names what was uploaded, as flowers.zip; without it the number of images does.

    `on_file` is called with the outcome for each file as soon as it is known, first for the files that the listing
    left out.

    Raises:
        StorageFull, HomeUnusable: the images before are kept.
        NotFound: the project was deleted meanwhile.
    """
    outcomes = []
    skipped = (uploads.Upload(name, "refused", reason) for name, reason in listing.skipped)
    arrival = partial(uploads.came, source or count(len(listing.entries), "image"), moment=datetime.now())
    stored = (
        _import_image(store, project, entry, file, limits=limits, tag_ids=tag_ids, came=arrival)
        for entry, file in _read_ahead(listing.entries, limits)
    )
    for upload in itertools.chain(skipped, stored):
        outcomes.append(upload)
        on_file(upload)
    store.jobs.embed_soon(project.id)
    return Import(tuple(outcomes))


def _read_ahead(
    entries: Iterable[datasets.Entry], limits: Limits
) -> Iterator[tuple[datasets.Entry, Future[uploads.ReadFile]]]:
    """Each entry with its file, which other threads read and decode while the ones before are stored.

    A file's future raises as `uploads.read`, and as reading the entry does.
    """
    waiting: deque[tuple[datasets.Entry, Future[uploads.ReadFile]]] = deque()
    language = languages.current()
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="import")
    try:
        for entry in entries:
            waiting.append((entry, pool.submit(_read, entry, limits, language)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(entry: datasets.Entry, limits: Limits, language: str) -> uploads.ReadFile:
    # A refusal is said in the language of who imports, which another thread does not know.
    with languages.using(language):
        data = entry.read()
        if reason := stand_ins.reason(data):
            raise ImageRefused("format", reason)
        return uploads.read(data, limits)


def _import_image(
    store: Store,
    project: Project,
    entry: datasets.Entry,
    file: Future[uploads.ReadFile],
    *,
    limits: Limits,
    tag_ids: Sequence[str],
    came: Callable[[str], Mapping[str, str]],
) -> uploads.Upload:
    created: list[str] = []
    try:
        store.check_unlocked()
        with store.transaction():
            known = store.tags.names_and_kinds(project.id)
            own = tagging.ensure_ids(store, project, entry.tags, limits=limits)
            all_tag_ids = list(dict.fromkeys((*own, *tag_ids)))
            tagging.check(store, project, all_tag_ids)
            created = [tag_id for tag_id in own if tag_id not in known]
        upload = uploads.add_read(
            store,
            project,
            entry.name,
            file.result(),
            tag_ids=all_tag_ids,
            limits=limits,
            came=came(entry.folder),
            on_stored=lambda image_id, _: store.metadata.put([image_id], dict(entry.metadata)),
        )
    except (InvalidInput, Conflict) as refusal:
        upload = uploads.Upload(names.file(entry.name), "refused", str(refusal))
    forget_tags(store, created)
    if entry.is_test and upload.image_id:
        tagging.mark_for_testing(store, project, [upload.image_id], True)
    return upload


def forget_tags(store: Store, tag_ids: Sequence[str]) -> None:
    """Delete those of the tags that no image has: the one for which they were created did not get them."""
    for tag_id in tag_ids:
        with store.transaction():
            if not store.tags.image_ids(tag_id):
                store.tags.delete(tag_id)
