"""Hands a project out to pupils, a copy each, and collects their images into one project of the teacher's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from cvcore import archive
from cvcore.classroom import class_tests, homes
from cvcore.errors import Conflict, HomeUnusable, TagwiseError
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.projects import registry, tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Image, Project
from cvcore.settings import Limits
from cvcore.store import Pupil, Store

# A collected image has its pupil's nickname as metadata, by which it can be filtered and grouped, and the ids of the
# class and the pupil as facts.
PUPIL, CLASS, PUPIL_ID = "pupil", "class", "class-pupil"


@dataclass(frozen=True)
class Handed:
    """The pupils who got a copy, and those who did not with the reason."""

    given: tuple[Pupil, ...]
    refused: tuple[tuple[Pupil, str], ...]


@dataclass(frozen=True)
class Collected:
    """How many images of each pupil came in, those that were there already, and what was refused with the reason."""

    new: tuple[tuple[Pupil, int], ...]
    known: int
    refused: tuple[tuple[Pupil, str], ...]


def hand_out(
    store: Store,
    project: Project,
    pupils: Sequence[Pupil],
    on_pupil: Callable[[int], None] = lambda done: None,
) -> Handed:
    """Give each pupil a copy of a project: its images, which take no further space, its tags and its iterations.

    A pupil who has a project of that name gets it under a name with a number. Of a class's test set, the images marked
    for testing stay with the teacher. `on_pupil` is called with the number of pupils who are done.

    Raises:
        Conflict: all tagged images of the project are the test set of a pupil's class.
    """
    tests = {class_id: _test_of(store, project, class_id) for class_id in {pupil.class_id for pupil in pupils}}
    given: list[Pupil] = []
    refused: list[tuple[Pupil, str]] = []
    for done, pupil in enumerate(pupils, 1):
        try:
            own = homes.store_of(store, pupil)
            copy = archive.copy(store, project, into=own)
            uploads.erase(own, list(own.images.ids_of(copy.id, tests[pupil.class_id]).values()))
            given.append(pupil)
        except TagwiseError as error:
            refused.append((pupil, str(error)))
        on_pupil(done)
    return Handed(tuple(given), tuple(refused))


def _test_of(store: Store, project: Project, class_id: str) -> tuple[str, ...]:
    """The SHA-256 of the project's images that no pupil of a class may have."""
    school_class = store.classes.get(class_id)
    test = class_tests.find(store, school_class) if school_class.test_project_id == project.id else None
    if test is not None and not test.is_marked:
        raise Conflict(
            t(
                "what is handed out must not be the test set, all tagged images of {project!r} are: mark some of them "
                "for testing, or choose another project",
                project=project.name,
            )
        )
    return test.digests if test else ()


def tag_names(store: Store, pupils: Sequence[Pupil]) -> list[str]:
    """The names of the tags that pupils' images have, each once, in the order of the alphabet."""
    found = set()
    for own in homes.usable(store, pupils):
        for project in own.projects.all():
            found |= {tag.name for tag in own.tags.of_project(project.id) if tag.image_count}
    return sorted(found)


def collect(
    store: Store, name: str, pupils: Sequence[Pupil], wanted: Sequence[str], *, limits: Limits
) -> tuple[Project, Collected]:
    """Pool the pupils' images of some tags in the project of that name, which is made if there is none.

    Each image has a note of whose it was. The same image of two pupils is stored once, under the first one's name. What
    the pupils have stays with them.

    Raises:
        InvalidInput, NameRefused: the name breaks its rule.
        Conflict: no pupil has an image with one of these tags.
    """
    refused: list[tuple[Pupil, str]] = []
    found = []
    for pupil in pupils:
        try:
            found += [(pupil, *each) for each in _tagged(homes.store_of(store, pupil), set(wanted))]
        except HomeUnusable as error:
            refused.append((pupil, str(error)))
    if not found:
        raise Conflict(t("images to collect must have one of the tags chosen, no pupil has one: choose other tags"))
    several = any(len(names) > 1 for _, _, names in found)
    project = store.projects.find(name) or registry.create(
        store, name, classification_type=MULTILABEL if several else MULTICLASS
    )
    new = dict.fromkeys(pupils, 0)
    known = 0
    for pupil, image, names in found:
        outcome = _take(store, project, pupil, image, names, limits=limits)
        if outcome is None:
            continue
        new[pupil] += outcome.status == "stored"
        known += outcome.status == "duplicate"
        if outcome.status == "refused":
            refused.append((pupil, f"{outcome.name}: {outcome.reason}"))
    store.jobs.embed_soon(project.id)
    return project, Collected(tuple(new.items()), known, tuple(refused))


def _tagged(own: Store, wanted: set[str]) -> list[tuple[Image, list[str]]]:
    """A pupil's images that have a wanted tag, each with the names of those, each content once."""
    found: dict[str, tuple[Image, list[str]]] = {}
    for project in own.projects.all():
        names = {tag.id: tag.name for tag in own.tags.of_project(project.id) if tag.name in wanted}
        for image in own.images.tagged(project.id):
            if carried := [names[tag_id] for tag_id in image.tag_ids if tag_id in names]:
                found.setdefault(image.sha256, (image, carried))
    return list(found.values())


def _take(
    store: Store, project: Project, pupil: Pupil, image: Image, names: Sequence[str], *, limits: Limits
) -> uploads.Upload | None:
    """Store a pupil's image with its tags; None if the pupil deleted it meanwhile."""
    with contextlib.suppress(TagwiseError):
        data = blobs.read(blobs.original_path(homes.store_of(store, pupil).home, image.sha256))
        tag_ids = tagging.ensure_ids(store, project, names, limits=limits)
        return uploads.add(
            store,
            project,
            image.name,
            data,
            tag_ids=tag_ids,
            limits=limits,
            came={CLASS: pupil.class_id, PUPIL_ID: pupil.id},
            on_stored=partial(_note, store, pupil),
        )
    return None


def _note(store: Store, pupil: Pupil, image_id: str, is_new: bool) -> None:
    if is_new:
        store.metadata.put([image_id], {PUPIL: pupil.nickname})
