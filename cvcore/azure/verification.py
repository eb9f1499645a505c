"""Compares a copied project with Azure's own data, image by image and count by count."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cvcore import domains
from cvcore.azure import client
from cvcore.errors import InvalidInput
from cvcore.languages import t, tn
from cvcore.projects import moving_in
from cvcore.records import Image, Project, Tag
from cvcore.store import Origin, Store

SHOWN_LETTERS = 80


@dataclass(frozen=True)
class Counts:
    """Counts of a project's images and tags; `per_tag` has the number of images of each tag, by our name for it."""

    images: int
    tags: int
    per_tag: dict[str, int]


NOTHING = Counts(0, 0, {})


@dataclass(frozen=True)
class MigrationResult:
    """The result of copying an Azure project: our project, or None if it was left out, and both sides' counts.

    `complete`: every image that Azure counts is here and has its tags; images with equal content are one image here.
    `notes` are sentences about all differences.
    """

    azure_name: str
    project: Project | None
    azure: Counts
    here: Counts
    notes: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class SourceSnapshot:
    """A project as Azure lists it, our tags' ids by Azure's, and why images failed, by their ids."""

    project: client.Project
    tags: Sequence[client.Tag]
    tag_ids: Mapping[str, str]
    image_count: int
    images: Sequence[client.Image]
    failures: Mapping[str, str]


def verify(store: Store, project: Project, source: SourceSnapshot) -> MigrationResult:
    """Compare a project, as it is here now, with Azure's lists; returns both sides' counts and all differences.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    project = store.projects.get(project.id)
    ours = {tag.id: tag for tag in store.tags.of_project(project.id)}
    images = {image.id: image for image in store.images.page(project.id, take=store.images.count(project.id))}
    origins = store.origins.of_project(project.id, "image")
    azure = _counts(source, ours, source.image_count, {tag.id: tag.image_count for tag in source.tags})
    carried = Counter(tag_id for image in source.images for tag_id in image.tag_ids)
    missing = list(_missing(source, origins, images))
    if azure != _counts(source, ours, len(source.images), carried):
        missing.append(t("Azure's counts differ from its list of images: run it again when nobody changes them there"))
    here = Counts(len(images), len(ours), {tag.name: tag.image_count for tag in ours.values()})
    added = len(images.keys() - {origin.local_id for origin in origins.values()})
    notes = (
        *_changes(project, source, ours),
        *missing,
        *moving_in.equal_images((image.id for image in source.images), origins, _shown),
        *moving_in.differences(azure.per_tag, here.per_tag, added, service="Azure"),
    )
    return MigrationResult(source.project.name, project, azure, here, notes, complete=not missing)


def _counts(source: SourceSnapshot, ours: Mapping[str, Tag], images: int, per_tag: Mapping[str, int]) -> Counts:
    known = {tag.id: ours[source.tag_ids[tag.id]] for tag in source.tags if source.tag_ids[tag.id] in ours}
    return Counts(images, len(source.tags), {tag.name: per_tag.get(azure_id, 0) for azure_id, tag in known.items()})


def _changes(project: Project, source: SourceSnapshot, ours: Mapping[str, Tag]) -> Iterator[str]:
    """Names and settings that differ here."""
    azure_project = source.project
    if project.name != unicodedata.normalize("NFC", azure_project.name):
        yield t("the project {azure} is called {name!r} here", azure=_shown(azure_project.name), name=project.name)
    if project.domain_id != azure_project.domain_id:
        yield t(
            "the domain {azure} is {domain} here",
            azure=_domain(azure_project.domain_id),
            domain=_domain(project.domain_id),
        )
    for tag in source.tags:
        our = ours.get(source.tag_ids[tag.id])
        if our is None:
            yield t("the tag {tag} was deleted here", tag=_shown(tag.name))
        elif our.name != unicodedata.normalize("NFC", tag.name):
            yield t("the tag {tag} is called {name!r} here", tag=_shown(tag.name), name=our.name)
        if our and tag.is_negative != (our.kind == "Negative"):
            yield (
                t("the tag {tag!r} is negative in Azure only", tag=our.name)
                if tag.is_negative
                else t("the tag {tag!r} is regular in Azure only", tag=our.name)
            )
    if copies := sum(image.is_copy for image in source.images):
        yield tn(
            copies,
            "Azure has only smaller copies of {n} image: Tagwise has these copies",
            "Azure has only smaller copies of {n} images: Tagwise has these copies",
        )


def _missing(source: SourceSnapshot, origins: Mapping[str, Origin], images: Mapping[str, Image]) -> Iterator[str]:
    """Azure's images that are not here or have other tags here, with the reason."""
    for image in source.images:
        origin = origins.get(image.id)
        if origin is None:
            reason = source.failures.get(image.id, t("it was deleted here"))
        elif origin.local_id is None:
            reason = origin.note
        elif origin.local_id not in images:
            reason = t("it was deleted here")
        elif not {source.tag_ids.get(tag_id) for tag_id in image.tag_ids} <= {*images[origin.local_id].tag_ids}:
            reason = origin.note or t("it has other tags here")
        else:
            continue
        yield t("image {image}: {reason}", image=_shown(image.id), reason=reason)


def _domain(domain_id: str) -> str:
    try:
        return domains.find(domain_id).name
    except InvalidInput:
        return _shown(domain_id)


def _shown(text: str) -> str:
    # repr, because the text can contain control characters for terminals.
    return repr(text[:SHOWN_LETTERS])
