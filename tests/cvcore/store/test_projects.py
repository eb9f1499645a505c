"""Rows of projects."""

from __future__ import annotations

import dataclasses

import pytest

from cvcore.errors import NameTaken, NotFound
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.store import Store


def test_a_project_is_found_by_id_and_by_name(store: Store, project: Project) -> None:
    """A project that was added is the same by its id, by its name and in the list."""
    assert store.projects.get(project.id) == project
    assert store.projects.find(project.id) == project
    assert store.projects.find("flowers") == project
    assert store.projects.all() == [project]
    assert project.created_at <= project.modified_at


def test_an_id_comes_before_a_name(store: Store, project: Project) -> None:
    """A project that is called like another's id does not take its place."""
    impostor = store.projects.add(project.id, description="", classification_type=MULTILABEL, domain_id="general")
    assert store.projects.find(project.id) == project
    assert store.projects.find(impostor.id) == impostor


def test_an_unknown_project_is_not_found(store: Store) -> None:
    """Asking for an id that is not there says so and shows it short; looking for a name gives None."""
    with pytest.raises(NotFound) as refusal:
        store.projects.get("x" * 1000)
    assert str(refusal.value) == f"there is no project '{'x' * 80}': it may have been deleted"
    assert store.projects.find("nobody") is None


def test_two_projects_cannot_have_one_name(store: Store, project: Project) -> None:
    """A second project of a name is refused, and so is renaming to one."""
    with pytest.raises(NameTaken) as refusal:
        store.projects.add("flowers", description="", classification_type=MULTILABEL, domain_id="general")
    assert str(refusal.value) == "the project's name must be unique, 'flowers' is taken: choose another"
    other = store.projects.add("trees", description="", classification_type=MULTILABEL, domain_id="general")
    with pytest.raises(NameTaken):
        store.projects.update(dataclasses.replace(other, name="flowers"))
    assert store.projects.get(other.id) == other


def test_a_project_can_be_changed(store: Store, project: Project) -> None:
    """Name, description, type and domain are written back, and the change is noted."""
    changed = dataclasses.replace(
        project, name="trees", description="in winter", classification_type=MULTICLASS, domain_id="food"
    )
    store.projects.update(changed)
    found = store.projects.get(project.id)
    assert dataclasses.replace(found, modified_at=project.modified_at) == changed
    assert found.modified_at > project.modified_at


def test_a_deleted_project_cannot_be_changed(store: Store, project: Project) -> None:
    """Writing back a project that someone deleted says so."""
    store.projects.delete(project.id)
    with pytest.raises(NotFound):
        store.projects.update(project)


def test_the_one_changed_last_comes_first(store: Store, project: Project) -> None:
    """The list is in the order of the last change."""
    other = store.projects.add("trees", description="", classification_type=MULTILABEL, domain_id="general")
    assert [each.id for each in store.projects.all()] == [other.id, project.id]
    store.projects.touch(project.id)
    assert [each.id for each in store.projects.all()] == [project.id, other.id]


def test_a_project_takes_all_its_rows_with_it(store: Store, project: Project) -> None:
    """With a project its tags, images, iterations and jobs go; it tells the content of every image it held."""
    tag = store.tags.add(project.id, "rose")
    images = [
        store.images.add(project.id, digit * 64, name="1.png", width=1, height=1, size_bytes=1, signature=b"")[0]
        for digit in "ab"
    ]
    store.tags.attach(images, [tag.id])
    iteration = store.iterations.add(project, "digest", [tag], store.images.with_ids(images))
    job = store.jobs.add("train", project.id, iteration.id)
    store.images.remove(images[:1])
    assert sorted(store.projects.delete(project.id)) == ["a" * 64, "b" * 64]
    assert store.projects.all() == []
    assert not store.images.is_known("a" * 64)
    for get, gone in ((store.tags.get, tag.id), (store.images.get, images[0]), (store.iterations.get, iteration.id)):
        with pytest.raises(NotFound):
            get(gone)
    with pytest.raises(NotFound):
        store.jobs.get(job.id)
    assert store.projects.delete(project.id) == []
