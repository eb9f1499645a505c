"""A page of images: as they were at the training, as they were answered, and as the workspace has them now."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cvcore import evaluation, training
from cvcore.errors import NotFound
from cvcore.evaluation import analysis, drill_down, report_files, review
from cvcore.evaluation.review import PAGE, ReviewedImage
from cvcore.files import blobs
from cvcore.metrics.confusion import Cell, TagOutcome
from cvcore.projects import retagging, tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

ROSE, TULIP = 0, 1


def looked(
    store: Store, iteration: Iteration, asked: drill_down.Selection, *, threshold: float = 0.5
) -> list[ReviewedImage]:
    """The first page of a list."""
    return review.page(store, iteration, threshold, drill_down.images_behind(store, iteration, threshold, asked))


def names(tags: tuple[object, ...]) -> list[str]:
    return [tag.name for tag in tags]


@pytest.fixture
def tulips(fill: Fill, trained: Trained) -> Iteration:
    """Five roses and five tulips, all taken for tulips."""
    return trained(fill(rose=5, tulip=5), [[0.25, 0.75]] * 10)


def test_a_picture_tells_what_a_gallery_needs(store: Store, tulips: Iteration) -> None:
    """What it is, what it was tagged, what the model said and how sure it was, and what could be changed."""
    found = looked(store, tulips, Cell(ROSE, TULIP))
    snapshot = {image.image_id: image for image in store.iterations.images(tulips.id)}
    assert 5 == len(found)
    for each in found:
        image = snapshot[each.image_id]
        assert (image.sha256, image.name) == (each.sha256, each.name)
        assert (("rose",), ("tulip",), "tulip", 0.75) == (each.tags, each.answer, each.about, each.probability)
        assert (("rose",), False, True, None) == (each.now, each.is_changed, each.is_evaluated, each.number)
        assert each.suggestion is not None
        assert (["tulip"], []) == (names(each.suggestion.add), names(each.suggestion.remove))


def test_the_workspace_has_moved_on(store: Store, tulips: Iteration) -> None:
    """Retagged, deleted, and tags renamed: the training's names stay, and what is done is not suggested again."""
    project = store.projects.get(tulips.project_id)
    rose, tulip = store.tags.of_project(project.id)
    one, other, *_ = (each.image_id for each in looked(store, tulips, Cell(ROSE, TULIP)))
    retagging.retag(store, project, [one], add=[tulip.id])
    uploads.delete(store, [other])
    tagging.rename(store, tulip, "tulipa", limits=Limits())
    tagging.delete(store, rose)
    found = looked(store, tulips, Cell(ROSE, TULIP))
    assert [(("rose",), ("tulipa",), True, None), (("rose",), None, False, None)] == [
        (each.tags, each.now, each.is_changed, each.suggestion) for each in found[:2]
    ]


def test_a_tag_that_is_gone_is_not_suggested(store: Store, tulips: Iteration) -> None:
    """No button leads to a tag that cannot be put on."""
    tagging.delete(store, store.tags.of_project(tulips.project_id)[TULIP])
    assert [None] * 5 == [each.suggestion for each in looked(store, tulips, Cell(ROSE, TULIP))]


def test_corrections_change_no_number(store: Store, tulips: Iteration) -> None:
    """An iteration's matrix, lists and reports are what they were."""
    project = store.projects.get(tulips.project_id)
    before = drill_down.matrix(store, tulips, 0.5).tolist(), report_files.performance_json(store, project, tulips, 0.5)
    every = [each.image_id for each in looked(store, tulips, Cell(ROSE, TULIP))]
    retagging.retag(store, project, every, add=[store.tags.of_project(project.id)[TULIP].id])
    analysis._load.cache_clear()
    assert before == (
        drill_down.matrix(store, tulips, 0.5).tolist(),
        report_files.performance_json(store, project, tulips, 0.5),
    )


def test_no_answer(store: Store, tulips: Iteration) -> None:
    """Above every probability there is no answer; the most probable tag is shown all the same."""
    found = looked(store, tulips, Cell(ROSE, 2), threshold=0.8)
    assert [((), "tulip", 0.75, None)] * 5 == [
        (each.answer, each.about, each.probability, each.suggestion) for each in found
    ]


def test_pages(store: Store, fill: Fill, trained: Trained) -> None:
    """A list comes page by page, each image once, in its order."""
    iteration = trained(fill(rose=PAGE + 5, tulip=5), np.random.default_rng(1).dirichlet(np.ones(2), PAGE + 10))
    listed = drill_down.images_behind(store, iteration, 0.0, TagOutcome(ROSE, "tp"))
    rose_probabilities = evaluation.load(store, iteration).probabilities[:, ROSE]
    listed = dataclasses.replace(listed, rows=np.argsort(-rose_probabilities), about=np.zeros(PAGE + 10, int))
    everyone = {name: np.full(PAGE + 10, -1) for name in ("add_tags", "remove_tags", "numbers")}
    listed = dataclasses.replace(listed, **everyone)
    pages = [review.page(store, iteration, 0.0, listed, number) for number in (1, 2, 3)]
    assert [PAGE, 10, 0] == [len(page) for page in pages]
    shown = [each.probability for page in pages for each in page]
    assert sorted(rose_probabilities.tolist(), reverse=True) == shown


def test_an_image_that_was_not_evaluated_has_no_probability(store: Store, fill: Fill, trained: Trained) -> None:
    """Near duplicates include images that could not be evaluated; groups are numbered."""
    iteration = trained(fill(rose=5, tulip=5), [[0.25, 0.75]] * 10)
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | {"folds": np.arange(10) % 2, "groups": np.arange(10)}
    fields["folds"][9], fields["groups"][7:], fields["probabilities"][9] = -1, 7, np.nan
    evaluation.save(folder, evaluation.OutOfFold(**fields))
    analysis._load.cache_clear()
    found = looked(store, iteration, "duplicates")
    assert [(True, 0.75, 1), (True, 0.75, 1), (False, None, 1)] == [
        (each.is_evaluated, each.probability, each.number) for each in found
    ]
    assert () == found[2].answer


def test_a_negative_tag_in_multilabel(store: Store, fill: Fill, trained: Trained) -> None:
    """It is no column, yet an image that carries it says so."""
    project = fill(classification_type=MULTILABEL, rose=5, tulip=5, nothing=5)
    nothing = next(tag for tag in store.tags.of_project(project.id) if tag.name == "nothing")
    tagging.set_kind(store, project, nothing, "Negative")
    iteration = trained(project, [[0.9, 0.1]] * 15)
    found = looked(store, iteration, TagOutcome(ROSE, "fp"))
    assert {("tulip",), ("nothing",)} == {each.tags for each in found}
    assert {"rose"} == {name for each in found for name in names(each.suggestion.add)}


def test_an_iteration_that_was_deleted(store: Store, tulips: Iteration) -> None:
    """In another tab, while its arrays are still in memory here."""
    listed = drill_down.images_behind(store, tulips, 0.5, Cell(ROSE, TULIP))
    training.delete_iteration(store, tulips)
    with pytest.raises(NotFound, match="it may have been deleted"):
        review.page(store, tulips, 0.5, listed)
