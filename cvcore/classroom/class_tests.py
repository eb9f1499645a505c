"""A class's test set: images of a project of the teacher's, on which every pupil's iteration is tested."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from cvcore.array_types import Integers
from cvcore.errors import Conflict
from cvcore.languages import t
from cvcore.records import Image, Project, Tag
from cvcore.store import SchoolClass, Store
from cvcore.validation import near_duplicates


@dataclass(frozen=True, eq=False)
class ClassTest:
    """The images of a test set: their SHA-256, their tags by `folded` names, and their groups of near duplicates, (n,).

    `tags` are the names of all tags, `is_marked` says whether the images were marked for testing. `digest` is the same
    for the same images and tags.
    """

    digests: tuple[str, ...]
    truth: tuple[frozenset[str], ...]
    tags: tuple[str, ...]
    groups: Integers
    is_marked: bool
    digest: str


def choose(store: Store, school_class: SchoolClass, project: Project | None) -> SchoolClass:
    """Make a project the test set of a class; None is no test any more.

    Raises:
        Conflict: it has no tagged image.
    """
    if project is not None and not _images(store, project)[0]:
        raise Conflict(
            t(
                "a test set must have tagged images, {project!r} has none: tag some, or choose another",
                project=project.name,
            )
        )
    store.classes.update(replace(school_class, test_project_id=project.id if project else None))
    return store.classes.get(school_class.id)


def find(store: Store, school_class: SchoolClass) -> ClassTest | None:
    """A class's test set as it is now; None if there is none, or if its project has no tagged image any more.

    It is the images marked for testing, if any of these has a tag, otherwise all tagged images of the project.
    """
    if school_class.test_project_id is None:
        return None
    project = store.projects.get(school_class.test_project_id)
    return _find(store, project.id, project.modified_at, tuple(store.tags.of_project(project.id)))


# Read again only after the project was changed; of some changes only its tags tell, and how many images they have.
@functools.lru_cache(maxsize=8)
def _find(store: Store, project_id: str, modified_at: datetime, tags: tuple[Tag, ...]) -> ClassTest | None:
    project = store.projects.get(project_id)
    images, is_marked = _images(store, project)
    if not images:
        return None
    names = {tag.id: tag.name for tag in tags if tag.kind == "Regular"}
    truth = tuple(frozenset(folded(names[each]) for each in image.tag_ids if each in names) for image in images)
    digests = tuple(image.sha256 for image in images)
    carried = {tag_id for image in images for tag_id in image.tag_ids}
    content = json.dumps([digests, [sorted(each) for each in truth]])
    return ClassTest(
        digests=digests,
        truth=truth,
        tags=tuple(name for tag_id, name in names.items() if tag_id in carried),
        groups=near_duplicates.groups(_signatures(store, images)),
        is_marked=is_marked,
        digest=hashlib.sha256(content.encode()).hexdigest(),
    )


def folded(name: str) -> str:
    """A tag's name as it is compared between pupils, who type it themselves.

    >>> folded(" Rose ")
    'rose'
    """
    return name.strip().casefold()


def _images(store: Store, project: Project) -> tuple[list[Image], bool]:
    """The images of the test set, and whether they were marked for testing."""
    tagged = store.images.tagged(project.id)
    marked = [image for image in tagged if image.is_test]
    return marked or tagged, bool(marked)


def _signatures(store: Store, images: Sequence[Image]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    by_id = {image_id: signature for image_id, *_, signature in store.images.files([image.id for image in images])}
    return np.stack([np.frombuffer(by_id[image.id], np.uint8) for image in images])
