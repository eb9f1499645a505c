"""Kept predictions are looked through by what they say, how useful they are, and when they were asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cvcore import training
from cvcore.active_learning import prediction_queue
from cvcore.active_learning.prediction_queue import QueueFilter
from cvcore.evaluation import saved_thresholds
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Iteration, Prediction, Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store

Keep = Callable[..., StoredPrediction]


@pytest.fixture
def project(fill: Callable[..., Project]) -> Project:
    """Roses and tulips, to be trained."""
    return fill(rose=5, tulip=5)


@pytest.fixture
def iteration(project: Project, trained: Callable[..., Iteration]) -> Iteration:
    """Their iteration."""
    return trained(project)


def keep(store: Store, iteration: Iteration, picture: int, **said: float) -> StoredPrediction:
    """Keep an answer about an image that is a number, without its file."""
    ids = {tag.name: tag.tag_id for tag in store.iterations.tags(iteration.id)}
    found = [Prediction(name, "Regular", value, ids[name]) for name, value in said.items()]
    return store.predictions.add(
        iteration.project_id,
        iteration.id,
        application="",
        sha256=f"{picture:064x}",
        predictions=sorted(found, key=lambda each: -each.probability),
    )


def pictures(store: Store, project: Project, wanted: QueueFilter) -> list[int]:
    """The numbers of the images found."""
    return [int(each.kept.sha256, 16) for each in prediction_queue.find(store, project, wanted)]


def test_orders(store: Store, project: Project, iteration: Iteration) -> None:
    """By age either way, and the most unsure first where nothing else is known."""
    for picture, rose in ((1, 0.9), (2, 0.55), (3, 0.3)):
        keep(store, iteration, picture, rose=rose, tulip=1 - rose)
    assert [3, 2, 1] == pictures(store, project, QueueFilter("newest"))
    assert [1, 2, 3] == pictures(store, project, QueueFilter("oldest"))
    assert [2, 3, 1] == pictures(store, project, QueueFilter("useful"))


def test_what_is_new_comes_before_what_is_known(store: Store, project: Project, iteration: Iteration) -> None:
    """Of two sure answers the one about an image unlike all training images is the more useful."""
    vectors = np.random.default_rng(0).random((10, 4), np.float32) + np.array([9, 0, 0, 0], np.float32)
    contents = store.images.digests(project.id)
    store.embeddings.put(iteration.fingerprint, dict(zip(contents, vectors, strict=True)))
    copy, stranger, _blank = (keep(store, iteration, picture, rose=0.9, tulip=0.1) for picture in (1, 2, 3))
    embeddings = {copy.sha256: vectors[0], stranger.sha256: np.array([0, 0, 0, 1], np.float32)}
    store.embeddings.put(iteration.fingerprint, embeddings)
    assert [2, 3, 1] == pictures(store, project, QueueFilter("useful"))


def test_without_training_embeddings_nothing_is_new(store: Store, project: Project, iteration: Iteration) -> None:
    """Where the training images' embeddings are gone, the order is by uncertainty alone."""
    for picture, rose in ((1, 0.9), (2, 0.55)):
        kept = keep(store, iteration, picture, rose=rose, tulip=1 - rose)
        store.embeddings.put(iteration.fingerprint, {kept.sha256: np.eye(4, dtype=np.float32)[picture]})
    assert [2, 1] == pictures(store, project, QueueFilter("useful"))


def test_filters(store: Store, project: Project, iteration: Iteration) -> None:
    """By answer, by no answer, and by the probability of what an image would be added as, both ends in."""
    saved_thresholds.save(store, iteration, 0.6)
    for picture, rose in ((1, 0.9), (2, 0.55), (3, 0.2)):
        keep(store, iteration, picture, rose=rose, tulip=1 - rose)
    assert [2, 1] == pictures(store, project, QueueFilter("newest", tag="rose"))
    assert [2] == pictures(store, project, QueueFilter("newest", has_answer=False))
    assert [3, 1] == pictures(store, project, QueueFilter("newest", low=0.8, high=0.9))
    assert [] == pictures(store, project, QueueFilter("newest", tag="tulip", high=0.7))


def test_time(store: Store, project: Project, iteration: Iteration) -> None:
    """What was asked since a moment, told in any time zone."""
    kept = keep(store, iteration, 1, rose=0.9, tulip=0.1)
    elsewhere = kept.created_at.astimezone(datetime.fromisoformat("2026-01-01T00:00+11:00").tzinfo)
    assert [1] == pictures(store, project, QueueFilter(since=elsewhere - timedelta(seconds=1)))
    assert [] == pictures(store, project, QueueFilter(since=datetime.now(UTC)))


def test_a_picture_stands_once(
    store: Store, project: Project, iteration: Iteration, trained: Callable[..., Iteration]
) -> None:
    """However often it was asked about, the last answer is told, and how often; an iteration's own can be asked for."""
    other = trained(project)
    keep(store, iteration, 1, rose=0.9, tulip=0.1)
    keep(store, other, 1, rose=0.2, tulip=0.8)
    (found,) = prediction_queue.find(store, project, QueueFilter())
    assert (other.id, 2, ["tulip"]) == (found.iteration.id, found.times, [tag.tag for tag in found.tags])
    (found,) = prediction_queue.find(store, project, QueueFilter(iteration_id=iteration.id))
    assert (1, ["rose"]) == (found.times, [tag.tag for tag in found.tags])


def test_tags_go_by_the_names_that_they_have_now(store: Store, project: Project, iteration: Iteration) -> None:
    """A tag renamed since is told by its new name, one deleted since by its old."""
    keep(store, iteration, 1, rose=0.9, tulip=0.1)
    keep(store, iteration, 2, rose=0.1, tulip=0.9)
    rose, tulip = store.tags.of_project(project.id)
    tagging.rename(store, rose, "dog rose", limits=Limits())
    tagging.delete(store, tulip)
    found = prediction_queue.find(store, project, QueueFilter("oldest"))
    assert ["dog rose", "tulip"] == [each.tags[0].tag for each in found]
    assert [1] == pictures(store, project, QueueFilter(tag="dog rose"))


def test_several_tags(store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration]) -> None:
    """In Multilabel an image is added as its whole answer; where it has none, as its most probable tag alone."""
    project = fill(classification_type=MULTILABEL, rose=5, tulip=5)
    iteration = trained(project)
    keep(store, iteration, 1, rose=0.9, tulip=0.7)
    keep(store, iteration, 2, rose=0.3, tulip=0.4)
    both, neither = prediction_queue.find(store, project, QueueFilter("oldest"))
    assert (["rose", "tulip"], 2) == ([tag.tag for tag in both.tags], len(both.answer))
    assert (["tulip"], ()) == ([tag.tag for tag in neither.tags], neither.answer)
    assert [1] == pictures(store, project, QueueFilter(tag="tulip", low=0.7))


def test_an_iteration_deleted_takes_its_answers_along(store: Store, project: Project, iteration: Iteration) -> None:
    """Nothing is shown that no iteration stands for any longer."""
    keep(store, iteration, 1, rose=0.9, tulip=0.1)
    training.delete_iteration(store, iteration)
    assert [] == pictures(store, project, QueueFilter())
