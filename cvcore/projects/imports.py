"""Import labelled images from a folder or zip into a project."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cvcore import datasets, names
from cvcore.datasets import reading
from cvcore.datasets.lookalikes import lookalikes
from cvcore.errors import Conflict, HomeUnusable, InvalidInput, StorageFull
from cvcore.languages import t, tn
from cvcore.projects import registry, tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import count

_Batch = Sequence[reading.Reading[uploads.ReadFile]]


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


@contextlib.contextmanager
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
    left out. Files that were read within a fifth of a second are stored together, and told of when they are.

    Raises:
        StorageFull, HomeUnusable: the images before are kept.
        NotFound: the project was deleted meanwhile.
    """
    outcomes: list[uploads.Upload] = []
    arrival = partial(uploads.came, source or count(len(listing.entries), "image"), moment=datetime.now())
    store_batch = partial(_store_batch, store, project, limits=limits, tag_ids=tag_ids, came=arrival)
    with contextlib.closing(reading.batches(listing.entries, partial(uploads.read, limits=limits))) as batches:
        skipped = (uploads.Upload(name, "refused", reason) for name, reason in listing.skipped)
        stored = (upload for batch in batches for upload in _as_far_as_it_goes(store_batch, batch))
        for upload in itertools.chain(skipped, stored):
            outcomes.append(upload)
            on_file(upload)
    store.jobs.embed_soon(project.id)
    return Import(tuple(outcomes))


def _as_far_as_it_goes(
    store_batch: Callable[[_Batch], list[uploads.Upload]], batch: _Batch
) -> Iterable[uploads.Upload]:
    """The outcomes of a batch that is stored as a whole; or file by file, where the disk has no room for all."""
    try:
        return store_batch(batch)
    except (StorageFull, HomeUnusable):
        if len(batch) == 1:
            raise
        return (upload for file in batch for upload in store_batch([file]))


def _store_batch(
    store: Store,
    project: Project,
    batch: _Batch,
    *,
    limits: Limits,
    tag_ids: Sequence[str],
    came: Callable[[str], Mapping[str, str]],
) -> list[uploads.Upload]:
    """Store a batch in one transaction, with the tags that are new; those that no image got are gone at its end."""
    with uploads.kept(store, [file.made for file in batch if file.made], limits):
        before = tagging.rules_of(store, project)
        for name in dict.fromkeys(name for file in batch if file.made for name in file.entry.tags):
            if name not in before.ids:
                # If it cannot be a tag's name, each file that has it is refused.
                with contextlib.suppress(InvalidInput):
                    tagging.ensure_ids(store, project, [name], limits=limits)
        rules = tagging.rules_of(store, project)
        outcomes = [_store_file(store, rules, file, limits=limits, tag_ids=tag_ids, came=came) for file in batch]
        forget_tags(store, [tag_id for tag_id in rules.tags if tag_id not in before.tags])
        if any(upload.image_id for upload in outcomes):
            store.projects.touch(project.id)
    return outcomes


def _store_file(
    store: Store,
    rules: tagging.Rules,
    file: reading.Reading[uploads.ReadFile],
    *,
    limits: Limits,
    tag_ids: Sequence[str],
    came: Callable[[str], Mapping[str, str]],
) -> uploads.Upload:
    entry = file.entry
    if file.made is None:
        return uploads.Upload(names.file(entry.name), "refused", file.refusal)
    try:
        own = [rules.ids[names.tag(name, letters=limits.tag_letters)] for name in entry.tags]
        all_tag_ids = list(dict.fromkeys((*own, *tag_ids)))
        tagging.check_by(rules, all_tag_ids)
    except (InvalidInput, Conflict) as refusal:
        uploads.forget(store, [file.made.digest])
        return uploads.Upload(names.file(entry.name), "refused", str(refusal))
    upload = uploads.put(
        store, rules, entry.name, file.made, tag_ids=all_tag_ids, limits=limits, came=came(entry.folder)
    )
    if upload.image_id and entry.metadata:
        store.metadata.put([upload.image_id], dict(entry.metadata))
    if upload.image_id and entry.is_test:
        store.images.mark_for_testing([upload.image_id], True)
    return upload


def forget_tags(store: Store, tag_ids: Sequence[str]) -> None:
    """Delete those of the tags that no image has: the one for which they were created did not get them."""
    for tag_id in tag_ids:
        with store.transaction():
            if not store.tags.image_ids(tag_id):
                store.tags.delete(tag_id)
