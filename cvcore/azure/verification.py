"""What came of an Azure project, held against what Azure says of it, image by image and count by count."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cvcore import domains
from cvcore.azure import client
from cvcore.errors import InvalidInput
from cvcore.records import Image, Project, Tag
from cvcore.store import Origin, Store

SHOWN_LETTERS = 80


@dataclass(frozen=True)
class Counts:
    """How much a project holds; `per_tag` counts the images of each tag, by our name for it."""

    images: int
    tags: int
    per_tag: dict[str, int]


NOTHING = Counts(0, 0, {})


@dataclass(frozen=True)
class MigrationResult:
    """What became of an Azure project: ours, or None where it was left out, and both sides' counts.

    `complete` says that every image that Azure counts is here and has its tags; images with equal content are one
    here. `notes` are sentences about all that differs.
    """

    azure_name: str
    project: Project | None
    azure: Counts
    here: Counts
    notes: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class SourceSnapshot:
    """All that Azure says of a project, our tags' ids by its own, and why images did not come, by their ids."""

    theirs: client.Project
    tags: Sequence[client.Tag]
    tag_ids: Mapping[str, str]
    image_count: int
    images: Sequence[client.Image]
    failures: Mapping[str, str]


def verify(store: Store, project: Project, arrival: SourceSnapshot) -> MigrationResult:
    """Both sides' counts, and all that differs, of a project as it is here by now.

    Raises:
        NotFound: it was deleted meanwhile.
    """
    project = store.projects.get(project.id)
    ours = {tag.id: tag for tag in store.tags.of_project(project.id)}
    images = {image.id: image for image in store.images.page(project.id, take=store.images.count(project.id))}
    origins = store.origins.of_project(project.id, "image")
    azure = _counts(arrival, ours, arrival.image_count, {tag.id: tag.image_count for tag in arrival.tags})
    carried = Counter(tag_id for image in arrival.images for tag_id in image.tag_ids)
    lost = list(_lost(arrival, origins, images))
    if azure != _counts(arrival, ours, len(arrival.images), carried):
        lost.append("Azure counts other images than it lists: when nobody changes them there any longer, run it again")
    here = Counts(len(images), len(ours), {tag.name: tag.image_count for tag in ours.values()})
    added = len(images.keys() - {origin.local_id for origin in origins.values()})
    notes = (*_changes(project, arrival, ours), *lost, *_twins(arrival, origins), *_differences(azure, here, added))
    return MigrationResult(arrival.theirs.name, project, azure, here, notes, complete=not lost)


def _counts(arrival: SourceSnapshot, ours: Mapping[str, Tag], images: int, per_tag: Mapping[str, int]) -> Counts:
    known = {tag.id: ours[arrival.tag_ids[tag.id]] for tag in arrival.tags if arrival.tag_ids[tag.id] in ours}
    return Counts(images, len(arrival.tags), {tag.name: per_tag.get(azure_id, 0) for azure_id, tag in known.items()})


def _changes(project: Project, arrival: SourceSnapshot, ours: Mapping[str, Tag]) -> Iterator[str]:
    """What is called or set otherwise here, and what there is no place for."""
    theirs = arrival.theirs
    if project.name != unicodedata.normalize("NFC", theirs.name):
        yield f"the project {_shown(theirs.name)} is called {project.name!r} here"
    if project.domain_id != theirs.domain_id:
        yield f"the domain {_domain(theirs.domain_id)} is {_domain(project.domain_id)} here"
    for tag in arrival.tags:
        our = ours.get(arrival.tag_ids[tag.id])
        if our is None:
            yield f"the tag {_shown(tag.name)} was deleted here"
        elif our.name != unicodedata.normalize("NFC", tag.name):
            yield f"the tag {_shown(tag.name)} is called {our.name!r} here"
        if our and tag.is_negative != (our.kind == "Negative"):
            yield f"the tag {our.name!r} is {'negative' if tag.is_negative else 'regular'} in Azure only"
    if copies := sum(image.is_copy for image in arrival.images):
        yield f"of {_images(copies)} Azure has smaller copies only, and so has Tagwise"


def _lost(arrival: SourceSnapshot, origins: Mapping[str, Origin], images: Mapping[str, Image]) -> Iterator[str]:
    """Which of Azure's images, or their tags, are not here, and why."""
    for image in arrival.images:
        origin = origins.get(image.id)
        if origin is None:
            reason = arrival.failures.get(image.id, "it was deleted here")
        elif origin.local_id is None:
            reason = origin.note
        elif origin.local_id not in images:
            reason = "it was deleted here"
        elif not {arrival.tag_ids.get(each) for each in image.tag_ids} <= {*images[origin.local_id].tag_ids}:
            reason = origin.note or "its tags are others here"
        else:
            continue
        yield f"image {_shown(image.id)}: {reason}"


def _twins(arrival: SourceSnapshot, origins: Mapping[str, Origin]) -> Iterator[str]:
    """Which of Azure's images are one picture here, as their content is equal."""
    first: dict[str, str] = {}
    for image in arrival.images:
        local_id = origins[image.id].local_id if image.id in origins else None
        if local_id and first.setdefault(local_id, image.id) != image.id:
            yield f"image {_shown(image.id)}: its content is that of {_shown(first[local_id])}, so both are one here"


def _differences(azure: Counts, here: Counts, added: int) -> Iterator[str]:
    for name, count in azure.per_tag.items():
        if count != here.per_tag[name]:
            yield f"the tag {name!r} has {_images(count)} in Azure and {here.per_tag[name]} here"
    if added:
        yield f"the project has {_images(added)} here that did not come from Azure"


def _domain(domain_id: str) -> str:
    try:
        return domains.find(domain_id).name
    except InvalidInput:
        return _shown(domain_id)


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _shown(text: str) -> str:
    # repr, as it may hold what a terminal takes for commands.
    return repr(text[:SHOWN_LETTERS])
