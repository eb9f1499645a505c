"""Rows of tags, and which image carries which."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from cvcore.errors import NameTaken, NotFound
from cvcore.records import MULTILABEL, Project
from cvcore.store import Store

AddRows = Callable[[Project, int], list[str]]


@pytest.fixture
def other(store: Store) -> Project:
    """A second project."""
    return store.projects.add("trees", description="", classification_type=MULTILABEL, domain_id="general")


def test_tags_come_by_name(store: Store, project: Project) -> None:
    """A project's tags are in the order of their names, each as it was added."""
    added = [store.tags.add(project.id, name) for name in ("tulip", "rose")]
    assert store.tags.of_project(project.id) == added[::-1]
    assert store.tags.get(added[0].id) == added[0]


def test_a_project_has_each_name_once(store: Store, project: Project, other: Project) -> None:
    """A second tag of a name is refused in the same project, by renaming too, and welcome in another."""
    rose = store.tags.add(project.id, "rose")
    with pytest.raises(NameTaken) as refusal:
        store.tags.add(project.id, "rose")
    assert str(refusal.value) == "the tag's name must be unique, 'rose' is taken: choose another"
    tulip = store.tags.add(project.id, "tulip")
    with pytest.raises(NameTaken):
        store.tags.update(dataclasses.replace(tulip, name="rose"))
    assert store.tags.add(other.id, "rose") != rose


def test_name_and_kind_are_written_back(store: Store, project: Project) -> None:
    """A tag can be called otherwise and made negative."""
    tag = store.tags.add(project.id, "rose")
    changed = dataclasses.replace(tag, name="nothing", kind="Negative")
    store.tags.update(changed)
    assert store.tags.get(tag.id) == changed


def test_an_unknown_tag_is_not_found(store: Store, project: Project) -> None:
    """A tag that is gone cannot be got or changed; deleting it again is fine."""
    tag = store.tags.add(project.id, "rose")
    store.tags.delete(tag.id)
    store.tags.delete(tag.id)
    with pytest.raises(NotFound) as refusal:
        store.tags.get(tag.id)
    assert str(refusal.value) == f"there is no tag {tag.id!r}: it may have been deleted"
    with pytest.raises(NotFound):
        store.tags.update(tag)


def test_every_tag_goes_on_every_image(store: Store, project: Project, add_rows: AddRows) -> None:
    """Tags are added in the order given, those on already stay, and each tag counts its images."""
    images = add_rows(project, 3)
    rose, red = (store.tags.add(project.id, name) for name in ("rose", "red"))
    store.tags.attach(images[:1], [red.id])
    store.tags.attach(images[:2], [rose.id, red.id])
    assert [image.tag_ids for image in store.images.with_ids(images)] == [(red.id, rose.id), (rose.id, red.id), ()]
    assert {tag.name: tag.image_count for tag in store.tags.of_project(project.id)} == {"red": 2, "rose": 2}
    assert store.tags.get(rose.id).image_count == 2


def test_tags_come_off(store: Store, project: Project, add_rows: AddRows) -> None:
    """The tags named come off the images named, or all of them; an empty list takes none."""
    images = add_rows(project, 3)
    tags = [store.tags.add(project.id, name).id for name in ("red", "rose")]
    store.tags.attach(images, tags)
    store.tags.detach(images[:1], tags[:1])
    store.tags.detach(images[1:2])
    store.tags.detach(images, [])
    assert [image.tag_ids for image in store.images.with_ids(images)] == [(tags[1],), (), tuple(tags)]


def test_what_is_gone_takes_no_tag(store: Store, project: Project, other: Project, add_rows: AddRows) -> None:
    """Images out of the workspace, unknown ids and other projects' tags are left out without a word."""
    kept, held = add_rows(project, 2)
    tag, gone, foreign = (
        store.tags.add(each.id, name) for each, name in ((project, "a"), (project, "b"), (other, "c"))
    )
    store.iterations.add(project, "digest", [tag], store.images.with_ids([held]))
    store.images.remove([held])
    store.tags.delete(gone.id)
    store.tags.attach([kept, held, "nowhere"], [tag.id, gone.id, foreign.id])
    assert [image.tag_ids for image in store.images.with_ids([kept, held])] == [(tag.id,), ()]
    assert store.tags.get(tag.id).image_count == 1
    assert store.tags.get(foreign.id).image_count == 0


def test_a_deleted_tag_comes_off_its_images(store: Store, project: Project, add_rows: AddRows) -> None:
    """With a tag its marks go, its images stay."""
    images = add_rows(project, 2)
    tag = store.tags.add(project.id, "rose")
    store.tags.attach(images, [tag.id])
    store.tags.delete(tag.id)
    assert [image.tag_ids for image in store.images.with_ids(images)] == [(), ()]


def test_images_that_are_not_trained_on_are_not_counted(store: Store, project: Project, add_rows: AddRows) -> None:
    """Those for testing and those out of the workspace are left out, and tags that have no others."""
    rose, tulip = (store.tags.add(project.id, name) for name in ("rose", "tulip"))
    first, second, third, fourth = add_rows(project, 4)
    store.tags.attach([first, second, third], [rose.id])
    store.tags.attach([fourth], [tulip.id])
    store.images.mark_for_testing([first, fourth], True)
    assert {"rose": 2} == store.tags.training_counts(project.id)
    store.images.trash([second])
    assert {"rose": 1} == store.tags.training_counts(project.id)
