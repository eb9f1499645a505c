"""Rows of iterations: a snapshot that never changes, and what only it still holds."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cvcore.errors import NameTaken, NotFound
from cvcore.records import MULTICLASS, Evaluation, Iteration, Project, Scores, Thresholds
from cvcore.store import SnapshotImage, SnapshotTag, Store

AddRows = Callable[[Project, int], list[str]]


def train(store: Store, project: Project, *image_ids: str) -> Iteration:
    """A new iteration of these images and all the project's tags."""
    return store.iterations.add(project, "digest", store.tags.of_project(project.id), store.images.with_ids(image_ids))


def test_a_new_iteration_is_in_training(store: Store, project: Project, add_rows: AddRows) -> None:
    """It takes the project's type and domain, counts its snapshot, and nothing has come of it yet."""
    store.tags.add(project.id, "rose")
    iteration = train(store, project, *add_rows(project, 2))
    assert iteration == Iteration(
        id=iteration.id,
        project_id=project.id,
        number=1,
        name="Iteration 1",
        status="Training",
        classification_type=project.classification_type,
        domain_id=project.domain_id,
        backbone="",
        fingerprint="",
        note="",
        evaluation=None,
        scores=None,
        seconds={},
        image_count=2,
        tag_count=1,
        error="",
        created_at=iteration.created_at,
        trained_at=None,
    )
    assert store.iterations.snapshot_digest(iteration.id) == "digest"


def test_a_snapshot_stays_as_it_was(store: Store, project: Project, add_rows: AddRows) -> None:
    """Renaming and deleting tags, retagging and removing images: the iteration keeps what it was made of."""
    images = add_rows(project, 3)
    red, rose = (store.tags.add(project.id, name) for name in ("red", "rose"))
    store.tags.attach(images[:2], [rose.id, red.id])
    iteration = train(store, project, images[1], images[2], images[0])
    store.tags.update(dataclasses.replace(red, name="crimson"))
    store.tags.delete(rose.id)
    store.images.remove(images[:2])
    store.projects.update(dataclasses.replace(project, classification_type=MULTICLASS))
    assert store.iterations.get(iteration.id) == iteration
    assert store.iterations.tags(iteration.id) == [
        SnapshotTag(red.id, "red", "Regular"),
        SnapshotTag(rose.id, "rose", "Regular"),
    ]
    assert store.iterations.images(iteration.id) == [
        SnapshotImage(images[1], f"{1:064x}", "1.png", bytes(192), (0, 1)),
        SnapshotImage(images[2], f"{2:064x}", "2.png", bytes(192), ()),
        SnapshotImage(images[0], f"{0:064x}", "0.png", bytes(192), (0, 1)),
    ]


def test_some_rows_of_a_snapshot(store: Store, project: Project, add_rows: AddRows) -> None:
    """Images are found by their rows, in the order asked for; rows that are not there are left out."""
    images = add_rows(project, 5)
    iteration = train(store, project, *images)
    other = train(store, project, *images[::-1])
    whole = store.iterations.images(iteration.id)
    store.images.remove(images[3:])
    assert store.iterations.images_at(iteration.id, [4, 0, 9, 2]) == [whole[4], whole[0], whole[2]]
    assert store.iterations.images_at(other.id, [4])[0].image_id == images[0]
    assert store.iterations.images_at(iteration.id, []) == []
    store.iterations.delete(iteration.id)
    assert store.iterations.images_at(iteration.id, [0]) == []


def test_tags_left_out_of_a_snapshot_leave_no_trace(store: Store, project: Project, add_rows: AddRows) -> None:
    """An image's tags that are not among the snapshot's are not among its columns."""
    (image,) = add_rows(project, 1)
    red, rose = (store.tags.add(project.id, name) for name in ("red", "rose"))
    store.tags.attach([image], [red.id, rose.id])
    iteration = store.iterations.add(project, "digest", [rose], store.images.with_ids([image]))
    assert [each.columns for each in store.iterations.images(iteration.id)] == [(0,)]


def test_iterations_are_numbered_and_newest_first(store: Store, project: Project) -> None:
    """Each gets the next number; a name that is taken already gets a mark."""
    first = train(store, project)
    store.iterations.rename(first, "Iteration 2")
    second = train(store, project)
    assert [(each.number, each.name) for each in store.iterations.of_project(project.id)] == [
        (2, "Iteration 2'"),
        (1, "Iteration 2"),
    ]
    assert store.iterations.ids() == {first.id, second.id}


def test_a_name_is_one_iterations(store: Store, project: Project) -> None:
    """An iteration can be renamed, but not to another's name."""
    first, second = train(store, project), train(store, project)
    store.iterations.rename(first, "best")
    assert store.iterations.get(first.id).name == "best"
    with pytest.raises(NameTaken) as refusal:
        store.iterations.rename(second, "best")
    assert str(refusal.value) == "the iteration's name must be unique, 'best' is taken: choose another"


def test_a_trained_iteration_says_what_came_of_it(store: Store, project: Project) -> None:
    """Backbone, evaluation, scores with undefined ones, and seconds come back as they were told."""
    iteration = train(store, project)
    told = {
        "backbone": "MobileNetV2",
        "fingerprint": "f1",
        "note": "a note",
        "evaluation": Evaluation("k-fold", 5, 0),
        "scores": Scores(0.5, None, None, 1.0),
        "seconds": {"fit": 1.5},
    }
    store.iterations.complete(iteration.id, **told)
    found = store.iterations.get(iteration.id)
    assert found.status == "Completed"
    assert {name: getattr(found, name) for name in told} == told
    assert found.trained_at is not None
    assert iteration.created_at <= found.trained_at <= datetime.now(UTC)


def test_a_failed_iteration_says_why(store: Store, project: Project) -> None:
    """A training that failed keeps its reason and has no date of its end."""
    iteration = train(store, project)
    store.iterations.fail(iteration.id, "out of memory")
    found = store.iterations.get(iteration.id)
    assert (found.status, found.error, found.trained_at) == ("Failed", "out of memory", None)


def test_an_iteration_that_is_gone_is_not_found(store: Store, project: Project) -> None:
    """It cannot be got, renamed or deleted again."""
    iteration = train(store, project)
    store.iterations.delete(iteration.id)
    with pytest.raises(NotFound) as refusal:
        store.iterations.get(iteration.id)
    assert str(refusal.value) == f"there is no iteration {iteration.id!r}: it may have been deleted"
    with pytest.raises(NotFound):
        store.iterations.rename(iteration, "best")
    with pytest.raises(NotFound):
        store.iterations.delete(iteration.id)


def test_deleting_drops_only_what_it_alone_held(store: Store, project: Project, add_rows: AddRows) -> None:
    """Images of the workspace and of another iteration stay; those of this one alone go, and are told."""
    alone, shared, present = add_rows(project, 3)
    first = train(store, project, alone, shared, present)
    second = train(store, project, shared)
    assert store.iterations.count_held_alone(first.id) == 0
    store.images.remove([alone, shared])
    assert store.iterations.count_held_alone(first.id) == 1
    assert store.iterations.count_held_alone(second.id) == 0
    assert store.iterations.delete(first.id) == [f"{0:064x}"]
    assert [image.id for image in store.images.with_ids([alone, shared, present])] == [shared, present]
    assert store.iterations.delete(second.id) == [f"{1:064x}"]
    assert [image.id for image in store.images.with_ids([alone, shared, present])] == [present]


def test_the_database_itself_guards_held_images(store: Store, project: Project, add_rows: AddRows) -> None:
    """Even past our rules no image's row can go while an iteration holds it."""
    (image,) = add_rows(project, 1)
    train(store, project, image)
    with sqlite3.connect(store.home / "tagwise.db") as connection:
        connection.execute("pragma foreign_keys = on")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("delete from images")
    connection.close()


@pytest.mark.parametrize("thresholds", [0.0, 0.62, (0.1, 1.0)])
def test_thresholds_are_saved_with_the_iteration(
    store: Store, project: Project, add_rows: AddRows, thresholds: Thresholds
) -> None:
    """One for all or one a tag comes back as it was given, the last one saved counts, and None forgets it."""
    iteration = train(store, project, *add_rows(project, 1))
    store.iterations.set_thresholds(iteration.id, 0.5)
    store.iterations.set_thresholds(iteration.id, thresholds)
    assert store.iterations.get(iteration.id) == dataclasses.replace(iteration, thresholds=thresholds)
    assert [each.thresholds for each in store.iterations.of_project(project.id)] == [thresholds]
    store.iterations.set_thresholds(iteration.id, None)
    assert store.iterations.get(iteration.id) == iteration


def test_thresholds_go_with_their_iteration(store: Store, project: Project, add_rows: AddRows) -> None:
    """A deleted iteration has none, and none can be saved for it."""
    iteration = train(store, project, *add_rows(project, 1))
    store.iterations.set_thresholds(iteration.id, 0.5)
    store.iterations.delete(iteration.id)
    with pytest.raises(NotFound, match="it may have been deleted"):
        store.iterations.set_thresholds(iteration.id, 0.5)


def test_a_snapshot_counts_its_training_images(store: Store, project: Project, add_rows: AddRows) -> None:
    """By tag, as the workspace counts them: without those for testing, and as they were at the training."""
    rose, tulip = (store.tags.add(project.id, name) for name in ("rose", "tulip"))
    first, second, third = add_rows(project, 3)
    store.tags.attach([first, second], [rose.id])
    store.tags.attach([second, third], [tulip.id])
    store.images.mark_for_testing([third], True)
    iteration = train(store, project, first, second, third)
    store.tags.detach([first])
    assert {"rose": 2, "tulip": 1} == store.iterations.training_counts(iteration.id)
    assert {"rose": 1, "tulip": 1} == store.tags.training_counts(project.id)
