"""Iterations are compared on what they share: images, tags, and the newest truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from cvcore.errors import InvalidInput
from cvcore.evaluation import comparisons, saved_thresholds
from cvcore.projects import tagging
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]


def test_each_answers_at_its_own_threshold(store: Store, fill: Fill, trained: Trained) -> None:
    """One that is always right, but answers at 95 % only, never answers."""
    project = fill(rose=5, tulip=5)
    first, second = trained(project), trained(project)
    saved_thresholds.save(store, first, 0.95)
    comparison = comparisons.compare(store, second, [store.iterations.get(first.id)])
    assert (10, 10, 0) == (comparison.images, comparison.right[0].first, comparison.right[0].second)
    assert (1.0, 0.0) == (comparison.differences[0].first[1, -1], comparison.differences[0].second[1, -1])


def test_the_newest_truth_counts(store: Store, fill: Fill, trained: Trained) -> None:
    """Renamed tags are the same tags, and images that were retagged are counted and evaluated by the new tag."""
    project = fill(rose=6, tulip=6)
    first = trained(project)
    rose, tulip = store.tags.of_project(project.id)
    moved = store.images.page(project.id, tag_id=rose.id, take=1)[0]
    tagging.remove_tags(store, project, [moved.id], [rose.id])
    tagging.add_tags(store, project, [moved.id], [tulip.id])
    tagging.rename(store, tulip, "lily", limits=Limits())
    comparison = comparisons.compare(store, first, [trained(project)])
    assert (("lily", "rose"), [7, 5], 1) == (comparison.tags, comparison.counts.tolist(), comparison.retagged)
    assert (11, 12) == (comparison.right[0].first, comparison.right[0].second)


def test_a_tag_that_only_one_knows(store: Store, fill: Fill, trained: Trained) -> None:
    """Its images, which the other could not answer, are left out, and the tag is named."""
    project = fill(rose=5, tulip=5, lily=5)
    known = [tag.id for tag in store.tags.of_project(project.id) if tag.name != "lily"]
    first = trained(project)
    lily = next(tag for tag in store.tags.of_project(project.id) if tag.name == "lily")
    assert lily.id not in known
    tagging.delete(store, lily)
    comparison = comparisons.compare(store, trained(project), [first])
    assert (10, ("lily",), 0) == (comparison.images, comparison.only_some, comparison.left_out)


def test_what_cannot_be_compared(store: Store, fill: Fill, trained: Trained) -> None:
    """Another type, and another project's iteration, which shares nothing, are refused with what to do."""
    first, other = trained(fill(rose=5, tulip=5)), trained(fill("Other", cat=5, dog=5))
    several = dataclasses.replace(other, classification_type="Multilabel")
    with pytest.raises(InvalidInput, match=r"is Multiclass and Iteration 1 is Multilabel: choose another"):
        comparisons.compare(store, first, [several])
    with pytest.raises(InvalidInput, match="must share at least one tag to be compared, got 0: choose another"):
        comparisons.compare(store, first, [other])
