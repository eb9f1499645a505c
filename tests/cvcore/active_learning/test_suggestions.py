"""What an iteration suggests for untagged images: in order, within bounds, and of tags that are still there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cvcore import evaluation
from cvcore.active_learning import suggestions
from cvcore.errors import NotTrained, TagsRefused
from cvcore.evaluation import analysis, saved_thresholds
from cvcore.files import blobs
from cvcore.projects import retagging, tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import UNTAGGED, Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

LIMITS = Limits()


def set_head(store: Store, iteration: Iteration, told: dict[str, list[float]]) -> None:
    """Give images, by their SHA-256, embeddings of which the iteration makes these scores."""
    judged = evaluation.load(store, iteration)
    tags = judged.truth.shape[1]
    kernel = np.zeros_like(judged.kernel)
    kernel[:tags] = np.eye(tags)
    arrays = {name: getattr(judged, name) for name in evaluation.OutOfFold.__dataclass_fields__}
    arrays |= {"kernel": kernel, "bias": np.zeros(tags, np.float32)}
    evaluation.save(blobs.iteration_folder(store.home, iteration.id), evaluation.OutOfFold(**arrays))
    analysis._load.cache_clear()
    vectors = {digest: np.zeros(len(kernel), np.float32) for digest in told}
    for digest, scores in told.items():
        vectors[digest][:tags] = scores
    store.embeddings.put(iteration.fingerprint, vectors)


@pytest.fixture
def untagged(store: Store, fill: Fill, trained: Trained) -> Callable[..., tuple[Project, Iteration]]:
    """Makes a trained project of roses and tulips, with untagged images that are scored so."""

    def make(*scores: list[float], **options: Any) -> tuple[Project, Iteration]:
        project = fill(rose=5 + len(scores), tulip=5, **options)
        free = store.images.page(project.id, tag_id=None, take=99)[::-1][: len(scores)]
        tagging.remove_tags(store, project, [each.id for each in free])
        iteration = trained(project)
        set_head(store, iteration, {each.sha256: told for each, told in zip(free, scores, strict=True)})
        return project, iteration

    return make


def names(store: Store, batch: suggestions.Batch) -> list[tuple[str, str]]:
    """Each image's name and what is suggested for it."""
    known = {tag.id: tag.name for tag in batch.tags}
    return [(each.image.name, " ".join(known[tag] for tag in each.suggested)) for each in batch.candidates]


def test_multiclass_by_confidence(store: Store, untagged: Callable[..., tuple[Project, Iteration]]) -> None:
    """Each image has its most probable tag, however unsure, and the order is the one asked for."""
    project, iteration = untagged([3, 0], [0, 0.5], [0, 5])
    surest = suggestions.next_batch(store, project, iteration, surest_first=True, take=9)
    assert [("3.png", "tulip"), ("1.png", "rose"), ("2.png", "tulip")] == names(store, surest)
    assert (3, 3) == (surest.waiting, surest.sorted)
    first = surest.candidates[0]
    assert first.probabilities == pytest.approx((1 / (1 + np.e**5), 1 / (1 + np.e**-5)), abs=1e-4)
    assert first.confidence == first.probabilities[1]
    least = suggestions.next_batch(store, project, iteration, surest_first=False, take=2)
    assert [("2.png", "tulip"), ("1.png", "rose")] == names(store, least)


def test_multilabel_by_saved_thresholds(store: Store, untagged: Callable[..., tuple[Project, Iteration]]) -> None:
    """All tags that reach the iteration's threshold are suggested; images with none come last of the surest."""
    project, iteration = untagged([3, 2], [-9, -9], [0.2, -3], classification_type=MULTILABEL)
    found = suggestions.next_batch(store, project, iteration, surest_first=True, take=9)
    assert [("1.png", "rose tulip"), ("3.png", "rose"), ("2.png", "")] == names(store, found)
    saved_thresholds.save(store, iteration, (0.7, 0.5))
    found = suggestions.next_batch(store, project, store.iterations.get(iteration.id), surest_first=True, take=9)
    assert [("1.png", "rose tulip"), ("2.png", ""), ("3.png", "")] == sorted(names(store, found))


def test_tags_as_they_are_now(store: Store, untagged: Callable[..., tuple[Project, Iteration]]) -> None:
    """A deleted tag is not suggested, a new one has no probability, and without any known tag nothing is suggested."""
    project, iteration = untagged([0, 5])
    tags = {tag.name: tag for tag in store.tags.of_project(project.id)}
    tagging.create(store, project, "lily", limits=LIMITS)
    tagging.delete(store, tags["tulip"])
    found = suggestions.next_batch(store, project, iteration, surest_first=True, take=9)
    assert ["lily", "rose"] == [tag.name for tag in found.tags]
    assert ("1.png", "rose") in names(store, found)
    assert all(each.probabilities[0] is None for each in found.candidates)
    tagging.delete(store, tags["rose"])
    found = suggestions.next_batch(store, project, iteration, surest_first=True, take=9)
    assert {""} == {suggested for _, suggested in names(store, found)}


def test_a_batch_looks_at_a_bounded_number(store: Store, fill: Fill, trained: Trained) -> None:
    """The first batch comes soon, the next looks further, and a missing file does not hold up those behind it."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    tagging.remove_tags(store, project, [each.id for each in store.images.page(project.id, take=5)])
    newest, *_ = store.images.page(project.id, tag_id=UNTAGGED, take=1)
    blobs.delete(blobs.original_path(store.home, newest.sha256))

    def batch(*without: str) -> suggestions.Batch:
        return suggestions.next_batch(
            store, project, iteration, surest_first=True, take=9, without=without, embed_at_most=1
        )

    told = [batch() for _ in range(4)]
    assert [1, 2, 3, 4] == [each.sorted for each in told]
    assert {5} == {each.waiting for each in told}
    assert len(told[-1].candidates) == 4
    skipped = told[-1].candidates[0].image.id
    left = batch(skipped)
    assert (4, 3) == (left.waiting, left.sorted)


def test_an_untrained_iteration(store: Store, fill: Fill, trained: Trained) -> None:
    """One that failed suggests nothing, before any image is looked at."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    store.iterations.fail(iteration.id, "out of memory")
    with pytest.raises(NotTrained):
        suggestions.next_batch(store, project, store.iterations.get(iteration.id), surest_first=True, take=9)


def test_give_leaves_alone_what_others_changed(store: Store, fill: Fill) -> None:
    """Images tagged or deleted meanwhile and tags that are gone hold up nobody else's, and all can be taken back."""
    project = fill(rose=4, tulip=1)
    rose, tulip = (tag.id for tag in store.tags.of_project(project.id))
    images = [each.id for each in store.images.page(project.id, tag_id=rose, take=9)]
    tagging.remove_tags(store, project, images)
    tagging.add_tags(store, project, images[1:2], [rose])
    uploads.delete(store, images[2:3])
    wanted = {images[0]: [tulip], images[1]: [tulip], images[2]: [tulip], images[3]: ["gone"]}
    made = retagging.tag_untagged(store, project, wanted)
    assert [images[0]] == [each.image_id for each in made.changes]
    assert ({images[1], images[3]}, (images[2],)) == (set(made.unchanged), made.gone)
    retagging.undo(store, project, made)
    assert () == store.images.get(images[0]).tag_ids
    with pytest.raises(TagsRefused):
        retagging.tag_untagged(store, project, {images[0]: [rose], images[3]: [rose, tulip]})
    assert () == store.images.get(images[0]).tag_ids
