"""Projects: made, changed, shown and deleted."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from functools import partial

from cvcore import domains, names
from cvcore.errors import InvalidInput, NameTaken, ProjectNotFound, TagsRefused, TypeUnknown
from cvcore.files import blobs
from cvcore.projects import uploads
from cvcore.records import MULTICLASS, MULTILABEL, ClassificationType, Image, Iteration, Project, ProjectSettings
from cvcore.store import Store

NAME_LETTERS = 128
NOTED = 64


@dataclass(frozen=True)
class Card:
    """A project at a glance: how much it holds, its newest pictures, at most 4, and its last trained iteration."""

    project: Project
    images: int
    tags: int
    newest: list[Image]
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
    """A new, empty project; `domain` is a domain's name or id, General when empty.

    Raises:
        InvalidInput: a value breaks its rule.
        NameTaken: another project has that name.
    """
    return store.projects.add(
        names.clean("project", name, letters=NAME_LETTERS),
        description=names.description(description),
        classification_type=known_type(classification_type),
        domain_id=domains.find(domain).id if domain else domains.DEFAULT.id,
        settings=_checked(settings or ProjectSettings()),
    )


def find(store: Store, name_or_id: str) -> Project:
    """The project of that name or id.

    Raises:
        ProjectNotFound: there is none; the message lists those there are.
    """
    project = store.projects.find(name_or_id)
    if project is None:
        there = ", ".join(repr(other.name) for other in store.projects.all()[:10]) or "none yet"
        raise ProjectNotFound(f"there is no project {name_or_id[:80]!r}: there are {there}")
    return project


def update(store: Store, project: Project) -> Project:
    """Write back a project's name, description, classification type, domain and settings.

    Raises:
        InvalidInput: a value breaks its rule.
        NameTaken: another project has that name.
        ProjectNotFound: it was deleted meanwhile.
        TagsRefused: it would be Multiclass, but pictures carry several tags (`tagged_twice` lists them).
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
        if changed.classification_type == MULTICLASS and (several := tagged_twice(store, project)):
            shown = ", ".join(repr(image.name) for image in several[:3]) + (", …" if len(several) > 3 else "")
            raise TagsRefused(
                "one",
                f"in a Multiclass project a picture carries one tag, {len(several)} carry more ({shown}): "
                "leave one tag on each first",
            )
        store.projects.update(changed)
    return changed


def change(
    store: Store, project: Project, *, classification_type: str | None = None, domain: str | None = None
) -> Project:
    """Give a project another classification type or domain, where one is named.

    Raises:
        InvalidInput, TagsRefused: as `update`.
    """
    wanted = dataclasses.replace(
        project,
        classification_type=known_type(classification_type or project.classification_type),
        domain_id=domains.find(domain or project.domain_id).id,
    )
    return project if wanted == project else update(store, wanted)


def delete(store: Store, project: Project) -> None:
    """Remove a project with its pictures, tags and iterations, files too."""
    with store.transaction():
        for iteration in store.iterations.of_project(project.id):
            store.after_commit(partial(blobs.delete, blobs.iteration_folder(store.home, iteration.id)))
        uploads.forget(store, store.projects.delete(project.id))


def free_name(store: Store, name: str) -> str:
    """The name, or with a number where another project has it."""
    taken = {project.name for project in store.projects.all()}
    numbered = (f"{name[: NAME_LETTERS - 10]} ({number})" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free not in taken)


def checked_name(store: Store, name: str) -> str:
    """A name that a new project can have, as it is kept.

    Raises:
        NameRefused, NameTaken: it cannot.
    """
    cleaned = names.clean("project", name, letters=NAME_LETTERS)
    if free_name(store, cleaned) != cleaned:
        raise NameTaken("project", f"the project's name must be unique, {cleaned!r} is taken: choose another")
    return cleaned


def tagged_twice(store: Store, project: Project) -> list[Image]:
    """The pictures that stand in the way of Multiclass: those with more than one tag."""
    return store.images.with_many_tags(project.id)


def cards(store: Store) -> list[Card]:
    """Every project at a glance, the one changed last first."""
    return [_card(store, project) for project in store.projects.all()]


def _card(store: Store, project: Project) -> Card:
    return Card(
        project=project,
        images=store.images.count(project.id),
        tags=len(store.tags.of_project(project.id)),
        newest=store.images.page(project.id, take=4),
        iteration=store.iterations.newest_trained(project.id),
    )


def known_type(text: str) -> ClassificationType:
    """A classification type, in any case.

    Raises:
        TypeUnknown: there is no such type.
    """
    for known in (MULTICLASS, MULTILABEL):
        if text.casefold() == known.casefold():
            return known
    raise TypeUnknown(f"a classification type must be Multiclass or Multilabel, got {text[:80]!r}")


def _checked(settings: ProjectSettings) -> ProjectSettings:
    given = (*settings.target_export_platforms, *(name for name, _ in settings.augmentation_methods))
    if len(given) > NOTED or any(len(each) > NAME_LETTERS for each in given):
        raise InvalidInput(
            f"export platforms and augmentation methods must be at most {NOTED}, of {NAME_LETTERS} letters each, "
            f"got {len(given)}: leave some out"
        )
    return settings
