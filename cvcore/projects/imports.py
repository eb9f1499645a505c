"""Labelled pictures in bulk: from a folder or zip into a project, and the sample project."""

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
    """What became of each file of a folder or zip."""

    uploads: tuple[uploads.Upload, ...]

    def count(self, status: str) -> int:
        """How many files were stored, duplicate or refused."""
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
    """Store every picture of a listing with its own tags and `tag_ids`; each file's fate is told as it is known.

    `on_file` is told each fate, those that the listing left out first.

    Raises:
        StorageFull, HomeUnusable: what came before is kept.
        NotFound: the project was deleted meanwhile.
    """
    fates = []
    skipped = (uploads.Upload(name, "refused", reason) for name, reason in listing.skipped)
    stored = (_import_image(store, project, entry, limits, tag_ids) for entry in listing.entries)
    for fate in itertools.chain(skipped, stored):
        fates.append(fate)
        on_file(fate)
    store.jobs.embed_soon(project.id)
    return Import(tuple(fates))


def _import_image(
    store: Store, project: Project, entry: datasets.Entry, limits: Limits, tag_ids: Sequence[str]
) -> uploads.Upload:
    try:
        with store.transaction():
            own = [tag.id for tag in tagging.ensure(store, project, entry.tags, limits=limits)]
            wanted = list(dict.fromkeys((*own, *tag_ids)))
            tagging.check(store, project, wanted)
        fate = uploads.add(store, project, entry.name, entry.read(), tag_ids=wanted, limits=limits)
    except (InvalidInput, Conflict) as refusal:
        return uploads.Upload(names.file(entry.name), "refused", str(refusal))
    if entry.is_test and fate.image_id:
        tagging.mark_for_testing(store, project, [fate.image_id], True)
    return fate
