"""Create, find, change, list and delete projects."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cvcore import domains, names
from cvcore.errors import InvalidInput, NameTaken, ProjectNotFound, TagsRefused, TypeUnknown
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import backbones
from cvcore.projects import uploads
from cvcore.records import MULTICLASS, MULTILABEL, ClassificationType, Image, Iteration, Project, ProjectSettings, Tag
from cvcore.store import Store

NAME_LETTERS = 128
SETTINGS_MAX = 64
CARD_IMAGES = 4


@dataclass(frozen=True)
class Card:
    """A project in the list of projects: its counts, up to 4 images, and its newest trained iteration.

    `shown` has the newest image of each of the largest tags, so that they differ; others only if there are too few.
    """

    project: Project
    images: int
    tags: int
    shown: list[Image]
    iteration: Iteration | None


def create(
    store: Store,
    name: str,
    *,
    description: str = "",
    classification_type: str = MULTICLASS,
    domain: str = "",
    settings: ProjectSettings | None = None,
) -> Project:
    """Create an empty project; `domain` is a domain's name or id, General when empty.

    A network that has not been used in this home folder yet is prepared in the background.

    Raises:
        InvalidInput: a value breaks its rule.
        NameTaken: another project has that name.
    """
    chosen = domains.find(domain) if domain else domains.DEFAULT
    with store.transaction():
        project = store.projects.add(
            names.clean("project", name, letters=NAME_LETTERS),
            description=names.description(description),
            classification_type=known_type(classification_type),
            domain_id=chosen.id,
            settings=_checked(settings or ProjectSettings()),
        )
        if not backbones.is_ready(chosen.backbone, chosen.side, blobs.backbones_folder(store.home)):
            store.jobs.embed_soon(project.id)
    return project


def find(store: Store, name_or_id: str) -> Project:
    """The project with that name or id.

    Raises:
        ProjectNotFound: there is no such project; the message lists the existing ones.
    """
    project = store.projects.find(name_or_id)
    if project is None:
        existing = ", ".join(repr(other.name) for other in store.projects.all()[:10]) or "none yet"
        raise ProjectNotFound(
            t("there is no project {project!r}: there are {existing}", project=name_or_id[:80], existing=existing)
        )
    return project


def update(store: Store, project: Project) -> Project:
    """Store a project's changed name, description, classification type, domain and settings.

    In a new domain its images are embedded in the background.

    Raises:
        InvalidInput: a value breaks its rule.
        NameTaken: another project has that name.
        ProjectNotFound: it was deleted meanwhile.
        TagsRefused: the new type is Multiclass, but images have several tags (`images_with_many_tags` lists them).
    """
    changed = dataclasses.replace(
        project,
        name=names.clean("project", project.name, letters=NAME_LETTERS),
        description=names.description(project.description),
        classification_type=known_type(project.classification_type),
        domain_id=domains.find(project.domain_id).id,
        settings=_checked(project.settings),
    )
    with store.transaction():
        if changed.classification_type == MULTICLASS and (several := images_with_many_tags(store, project)):
            shown = ", ".join(repr(image.name) for image in several[:3]) + (", …" if len(several) > 3 else "")
            raise TagsRefused(
                "one",
                t(
                    "an image of a Multiclass project must have at most one tag, {number} have more ({images}): "
                    "remove their other tags first",
                    number=len(several),
                    images=shown,
                ),
            )
        if changed.domain_id != store.projects.get(project.id).domain_id:
            store.jobs.embed_soon(project.id)
        store.projects.update(changed)
    return changed


def change(
    store: Store, project: Project, *, classification_type: str | None = None, domain: str | None = None
) -> Project:
    """Change a project's classification type or domain; None keeps the present one.

    Raises:
        InvalidInput, TagsRefused: as in `update`.
    """
    changed = dataclasses.replace(
        project,
        classification_type=known_type(classification_type or project.classification_type),
        domain_id=domains.find(domain or project.domain_id).id,
    )
    return project if changed == project else update(store, changed)


def delete(store: Store, project: Project) -> None:
    """Delete a project with its images, tags and iterations, including their files."""
    with store.transaction():
        for iteration in store.iterations.of_project(project.id):
            store.after_commit(partial(blobs.delete, blobs.iteration_folder(store.home, iteration.id)))
        store.after_commit(partial(blobs.delete, blobs.similar_folder(store.home, project.id)))
        uploads.forget(store, store.projects.delete(project.id))


def free_name(store: Store, name: str) -> str:
    """The name; with a number after it if another project has the name."""
    taken = {project.name for project in store.projects.all()}
    numbered = (f"{name[: NAME_LETTERS - 10]} ({number})" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free not in taken)


def checked_name(store: Store, name: str) -> str:
    """A name for a new project, checked and cleaned.

    Raises:
        NameRefused, NameTaken: a new project cannot have it.
    """
    cleaned = names.clean("project", name, letters=NAME_LETTERS)
    if free_name(store, cleaned) != cleaned:
        raise NameTaken(
            "project", t("the project's name must be unique, {name!r} is taken: choose another", name=cleaned)
        )
    return cleaned


def images_with_many_tags(store: Store, project: Project) -> list[Image]:
    """The images with more than one tag; while there are any, the project cannot become Multiclass."""
    return store.images.with_many_tags(project.id)


def cards(store: Store) -> list[Card]:
    """The cards of all projects, the last changed project first."""
    return [_card(store, project) for project in store.projects.all()]


def _card(store: Store, project: Project) -> Card:
    tags = store.tags.of_project(project.id)
    return Card(
        project=project,
        images=store.images.count(project.id),
        tags=len(tags),
        shown=_of_different_tags(store, project, tags),
        iteration=store.iterations.newest_trained(project.id),
    )


def _of_different_tags(store: Store, project: Project, tags: Sequence[Tag]) -> list[Image]:
    largest = sorted(tags, key=lambda tag: -tag.image_count)[:CARD_IMAGES]
    newest = [image for tag in largest for image in store.images.page(project.id, tag_id=tag.id, take=1)]
    newest += store.images.page(project.id, take=CARD_IMAGES)
    return list({image.id: image for image in newest}.values())[:CARD_IMAGES]


def known_type(text: str) -> ClassificationType:
    """The classification type with that name, in upper or lower case.

    Raises:
        TypeUnknown: there is no such type.
    """
    for known in (MULTICLASS, MULTILABEL):
        if text.casefold() == known.casefold():
            return known
    raise TypeUnknown(t("a classification type must be Multiclass or Multilabel, got {text!r}", text=text[:80]))


def _checked(settings: ProjectSettings) -> ProjectSettings:
    entries = (*settings.target_export_platforms, *(name for name, _ in settings.augmentation_methods))
    if len(entries) > SETTINGS_MAX or any(len(entry) > NAME_LETTERS for entry in entries):
        raise InvalidInput(
            t(
                "export platforms and augmentation methods must be at most {most}, of {letters} "
                "letters each, got {number}: leave some out",
                most=SETTINGS_MAX,
                letters=NAME_LETTERS,
                number=len(entries),
            )
        )
    return settings
