"""Compares a project that moved in with what AWS has of it, image by image and count by count."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cvcore.projects import moving_in
from cvcore.records import Image, Project, Tag
from cvcore.rekognition.migration.snapshot import SHOWN_LETTERS, Counts, Snapshot
from cvcore.store import Origin, Store


@dataclass(frozen=True)
class MigrationResult:
    """The result of copying a project: ours, or None if it was left out, and both sides' counts.

    `complete`: every image that AWS counts is here, has its labels as tags and is for training or testing as there;
    images with equal content are one image here. `notes` are sentences about all differences.
    """

    arn: str
    project: Project | None
    aws: Counts
    here: Counts
    notes: tuple[str, ...]
    complete: bool


def verify(
    store: Store, project: Project, snapshot: Snapshot, *, tag_ids: Mapping[str, str], failures: Mapping[str, str]
) -> MigrationResult:
    """Compare a project, as it is here now, with the snapshot.

    tag_ids: our tags' ids by AWS' labels. failures: why images were not copied, by their addresses.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    project = store.projects.get(project.id)
    tags = {tag.id: tag for tag in store.tags.of_project(project.id)}
    images = {image.id: image for image in store.images.page(project.id, take=store.images.count(project.id))}
    origins = store.origins.of_project(project.id, "image")
    missing = [*snapshot.losses, *_missing(snapshot, origins, images, tag_ids=tag_ids, failures=failures)]
    if not snapshot.losses and snapshot.counts != snapshot.listed:
        missing.append("AWS' counts differ from its entries: run it again when nobody changes them there")
    names = {label: tags[tag_ids[label]].name for label in snapshot.labels if tag_ids[label] in tags}
    aws = _renamed(snapshot.counts, names)
    here = Counts(
        images=len(images),
        for_testing=sum(image.is_test for image in images.values()),
        tags=len(tags),
        per_tag={tag.name: tag.image_count for tag in tags.values()},
    )
    added = len(images.keys() - {origin.local_id for origin in origins.values()})
    notes = (
        *_changes(project, snapshot, tag_ids, tags),
        *snapshot.remarks,
        *missing,
        *moving_in.equal_images((entry.source for entry in snapshot.entries), origins, _shown),
        *moving_in.differences(aws.per_tag, here.per_tag, added, service="AWS"),
    )
    return MigrationResult(snapshot.project.arn, project, aws, here, notes, complete=not missing)


def _renamed(counts: Counts, names: Mapping[str, str]) -> Counts:
    per_tag = {name: counts.per_tag.get(label, 0) for label, name in names.items()}
    return Counts(counts.images, counts.for_testing, counts.tags, per_tag)


def _missing(
    snapshot: Snapshot,
    origins: Mapping[str, Origin],
    images: Mapping[str, Image],
    *,
    tag_ids: Mapping[str, str],
    failures: Mapping[str, str],
) -> Iterator[str]:
    """AWS' images that are not here, or not as AWS has them, with the reason."""
    for_testing = {
        origins[each.source].local_id for each in snapshot.entries if each.is_test and each.source in origins
    }
    for entry in snapshot.entries:
        origin = origins.get(entry.source)
        image = images.get(origin.local_id or "") if origin else None
        if origin is None:
            reason = failures.get(entry.source, "it was deleted here")
        elif image is None:
            reason = origin.note if origin.local_id is None else "it was deleted here"
        elif not {tag_ids[label] for label in entry.labels} <= {*image.tag_ids}:
            reason = origin.note or "it has other tags here"
        elif image.is_test != (image.id in for_testing):
            reason = f"it is for {'testing' if image.is_test else 'training'} here"
        else:
            reason = entry.reason
        if reason:
            yield f"image {_shown(entry.source)}: {reason}"


def _changes(
    project: Project, snapshot: Snapshot, tag_ids: Mapping[str, str], tags: Mapping[str, Tag]
) -> Iterator[str]:
    """Names that differ here."""
    if project.name != snapshot.project.name:
        yield f"the project {_shown(snapshot.project.name)} is called {project.name!r} here"
    for label in snapshot.labels:
        tag = tags.get(tag_ids[label])
        if tag is None:
            yield f"the label {_shown(label)} was deleted here"
        elif tag.name != unicodedata.normalize("NFC", label):
            yield f"the label {_shown(label)} is called {tag.name!r} here"


def _shown(text: str) -> str:
    # repr, because the text can contain control characters for terminals. Of an address the end tells most.
    return repr(text[-SHOWN_LETTERS:])
