"""Labelled pictures in bulk: from a folder or zip into a project, and the sample project."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cvcore import archives, domains, names, projects, samples, tagging, training, uploads
from cvcore.errors import Conflict, InvalidInput
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

SAMPLE = "Sample: three schools of painting"
SAMPLE_DESCRIPTION = "Drawn pictures in the manner of three schools of painting; two of them are easily confused."


@dataclass(frozen=True)
class Import:
    """What became of each file of a folder or zip."""

    uploads: tuple[uploads.Upload, ...]

    def count(self, status: str) -> int:
        """How many files were stored, duplicate or refused."""
        return sum(upload.status == status for upload in self.uploads)


def bring_in(
    store: Store,
    project: Project,
    listing: archives.Listing,
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
    stored = (_bring_in(store, project, entry, limits, tag_ids) for entry in listing.entries)
    for fate in itertools.chain(skipped, stored):
        fates.append(fate)
        on_file(fate)
    training.embed_soon(store, project)
    return Import(tuple(fates))


def make_sample(store: Store, *, limits: Limits) -> Project:
    """A new project of drawn paintings, ready to train at once and anywhere: its domain needs no download."""
    with store.transaction():
        taken = {project.name for project in store.projects.all()}
        number = 1
        while (name := SAMPLE if number == 1 else f"{SAMPLE} {number}") in taken:
            number += 1
        project = projects.create(store, name, description=SAMPLE_DESCRIPTION, domain=domains.BUILT_IN.id)
        tag_ids = {tag.name: [tag.id] for tag in tagging.ensure(store, project, samples.TAGS, limits=limits)}

    def keep(painting: samples.Sample) -> None:
        uploads.add(store, project, painting.name, painting.data, tag_ids=tag_ids[painting.tag], limits=limits)

    # The next painting is drawn while the disk still writes the last: 1.9 s in place of 2.7.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(keep, samples.paintings()))
    training.embed_soon(store, project)
    return project


def _bring_in(
    store: Store, project: Project, entry: archives.Entry, limits: Limits, tag_ids: Sequence[str]
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
        tagging.keep_for_testing(store, project, [fate.image_id], True)
    return fate
