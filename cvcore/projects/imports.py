"""Import labelled images from a folder or zip into a project."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cvcore import datasets, names
from cvcore.errors import Conflict, InvalidInput
from cvcore.projects import tagging, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store


@dataclass(frozen=True)
class Import:
    """The outcomes for all files of a folder or zip."""

    uploads: tuple[uploads.Upload, ...]

    def count(self, status: str) -> int:
        """How many files have that status: stored, duplicate or refused."""
        return sum(upload.status == status for upload in self.uploads)


def import_images(
    store: Store,
    project: Project,
    listing: datasets.Listing,
    *,
    limits: Limits,
    tag_ids: Sequence[str] = (),
    on_file: Callable[[uploads.Upload], None] = lambda upload: None,
) -> Import:
    """Store all images of a listing, each with its own tags and `tag_ids`.

    `on_file` is called with the outcome for each file as soon as it is known, first for the files that the listing
    left out.

    Raises:
        StorageFull, HomeUnusable: the images before are kept.
        NotFound: the project was deleted meanwhile.
    """
    outcomes = []
    skipped = (uploads.Upload(name, "refused", reason) for name, reason in listing.skipped)
    stored = (_import_image(store, project, entry, limits, tag_ids) for entry in listing.entries)
    for upload in itertools.chain(skipped, stored):
        outcomes.append(upload)
        on_file(upload)
    store.jobs.embed_soon(project.id)
    return Import(tuple(outcomes))


def _import_image(
    store: Store, project: Project, entry: datasets.Entry, limits: Limits, tag_ids: Sequence[str]
) -> uploads.Upload:
    try:
        with store.transaction():
            own = tagging.ensure_ids(store, project, entry.tags, limits=limits)
            all_tag_ids = list(dict.fromkeys((*own, *tag_ids)))
            tagging.check(store, project, all_tag_ids)
        upload = uploads.add(store, project, entry.name, entry.read(), tag_ids=all_tag_ids, limits=limits)
    except (InvalidInput, Conflict) as refusal:
        return uploads.Upload(names.file(entry.name), "refused", str(refusal))
    if entry.is_test and upload.image_id:
        tagging.mark_for_testing(store, project, [upload.image_id], True)
    return upload
