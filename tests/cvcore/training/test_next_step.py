"""How far a project has come, and what comes next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cvcore import projects
from cvcore.projects import tagging
from cvcore.store import Store
from cvcore.training.next_step import Progress, Step, progress
from tests.conftest import Fill, Trained


def state(store: Store, project_id: str) -> Progress:
    """How far the stored project has come."""
    return progress(store, store.projects.get(project_id))


def test_an_empty_project_needs_images(store: Store) -> None:
    """Images come first."""
    project = projects.create(store, "Empty")
    found = state(store, project.id)
    assert (0, 0, set(), "images") == (found.images, found.tags, found.done, found.next_step())


def test_a_tag_with_few_images_is_named(store: Store, fill: Fill) -> None:
    """The step says which tag lacks how many images; images for testing do not count."""
    project = fill(rose=5, tulip=5)
    assert state(store, project.id).is_trainable
    tulip = next(tag for tag in store.tags.of_project(project.id) if tag.name == "tulip")
    store.images.mark_for_testing(store.tags.image_ids(tulip.id)[:2], True)
    found = state(store, project.id)
    assert ({"tulip": 2}, "images") == (found.missing, found.next_step())


@pytest.mark.parametrize(
    ("at", "step"),
    [
        ("images", "performance"),
        ("train", "performance"),
        ("performance", "quick_test"),
        ("quick_test", "publish"),
        ("publish", None),
    ],
)
def test_after_a_training_each_page_leads_to_the_next(
    store: Store, fill: Fill, trained: Trained, at: Step, step: Step | None
) -> None:
    """Images and Train lead to the numbers, those to Quick Test, that to Publish."""
    project = fill(rose=6, tulip=6)
    assert "train" == state(store, project.id).next_step(at)
    trained(project)
    found = state(store, project.id)
    assert step == found.next_step(at)
    assert {"images", "train", "performance"} == found.done


def test_a_changed_project_is_trained_again(store: Store, fill: Fill, trained: Trained) -> None:
    """After the training every change of tags makes Train the next step."""
    project = fill(rose=6, tulip=6)
    trained(project)
    tulip = next(tag for tag in store.tags.of_project(project.id) if tag.name == "tulip")
    tagging.remove_tags(store, project, store.tags.image_ids(tulip.id)[:1], [tulip.id])
    found = state(store, project.id)
    assert ("train", {"images", "performance"}) == (found.next_step("performance"), found.done)


def test_a_new_name_is_nothing_to_train_on(store: Store, fill: Fill, trained: Trained) -> None:
    """Who renames a project is not asked to train it again."""
    project = fill(rose=6, tulip=6)
    trained(project)
    projects.update(store, replace(store.projects.get(project.id), name="Garden"))
    found = state(store, project.id)
    assert ("quick_test", {"images", "train", "performance"}) == (found.next_step("performance"), found.done)
