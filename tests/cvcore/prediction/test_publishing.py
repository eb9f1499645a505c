"""Iterations answer to names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvcore import training
from cvcore.errors import IterationNotFound, NameRefused, NotTrained, Published
from cvcore.prediction import publishing
from cvcore.records import Iteration, Project
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]


def test_a_name_moves_only_when_told(store: Store, fill: Fill, trained: Trained) -> None:
    """A name that another iteration has is refused, or moved where overwrite is set; the same again changes nothing."""
    project = fill(rose=5, tulip=5)
    first, second = trained(project), trained(project)
    publishing.publish(store, first, "garden", resource="r")
    publishing.publish(store, first, "garden", resource="r")
    with pytest.raises(Published, match="'garden' is of Iteration 1: unpublish it there, or set overwrite to true"):
        publishing.publish(store, second, "garden")
    assert first == publishing.find(store, project, "garden")
    publishing.publish(store, second, "garden", overwrite=True)
    assert second == publishing.find(store, project, "garden")


def test_an_iteration_has_several_names(store: Store, fill: Fill, trained: Trained) -> None:
    """The newest name is first; unpublishing takes all of them."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    for name in ("a", "b"):
        publishing.publish(store, iteration, name)
    assert ["b", "a"] == [each.name for each in store.publications.of_iteration(iteration.id)]
    assert [True, False] == [publishing.unpublish(store, iteration) for _ in range(2)]
    with pytest.raises(IterationNotFound, match="Invalid iteration: nothing is published as 'a' in 'Flowers'"):
        publishing.find(store, project, "a")


def test_one_name_is_taken_away(store: Store, fill: Fill, trained: Trained) -> None:
    """The others stay, whichever iteration they are of; a name that nobody has is no error."""
    project = fill(rose=5, tulip=5)
    iteration, other = trained(project), trained(project)
    for name in ("b", "a"):
        publishing.publish(store, iteration, name)
    publishing.publish(store, other, "c")
    assert [True, False] == [publishing.withdraw(store, project, "b") for _ in range(2)]
    assert [("a", iteration.id), ("c", other.id)] == [
        (each.name, each.iteration_id) for each in store.publications.of_project(project.id)
    ]


def test_a_published_iteration_is_not_deleted(store: Store, fill: Fill, trained: Trained) -> None:
    """Programs that ask it would fail, so it must be unpublished first."""
    iteration = trained(fill(rose=5, tulip=5))
    publishing.publish(store, iteration, "garden")
    with pytest.raises(Published, match="Iteration 1 is published as 'garden': unpublish it before deleting it"):
        training.delete_iteration(store, iteration)


@pytest.mark.parametrize("name", ["a/b", "a\\b", "..", ""])
def test_a_name_fits_into_an_address(store: Store, fill: Fill, trained: Trained, name: str) -> None:
    """A name with a slash, or none at all, is refused."""
    with pytest.raises(NameRefused) as refused:
        publishing.publish(store, trained(fill(rose=5, tulip=5)), name)
    assert "publication" == refused.value.noun


def test_only_what_is_trained_is_published(store: Store, fill: Fill) -> None:
    """An iteration in training has nothing to answer with."""
    job = training.start(store, fill(rose=5, tulip=5))
    with pytest.raises(NotTrained, match="an iteration must be trained to be published, Iteration 1 is not"):
        publishing.publish(store, store.iterations.get(job.iteration_id or ""), "garden")
