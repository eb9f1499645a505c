"""Thresholds are suggested from what was saved at training, kept with their iteration, and used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cvcore import evaluation, metrics, training
from cvcore.errors import InvalidInput, NotFound, NotTrained
from cvcore.evaluation import report_files, saved_thresholds
from cvcore.metrics import threshold_tuning
from cvcore.metrics.threshold_tuning import Goal
from cvcore.projects import tagging
from cvcore.records import Iteration, Project, Thresholds
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

UNSURE = [[0.62, 0.38], [0.55, 0.45], [0.7, 0.3], [0.48, 0.52], [0.8, 0.2]] * 2


@pytest.mark.parametrize("thresholds", [0.62, (0.4, 1.0)])
def test_what_is_saved_is_used(store: Store, fill: Fill, trained: Trained, thresholds: Thresholds) -> None:
    """The report is that of answers at these thresholds; one asked for has its way; cleared, it is 0.5 again."""
    project = fill(rose=5, tulip=5)
    saved_thresholds.save(store, trained(project, UNSURE), thresholds)
    (iteration,) = store.iterations.of_project(project.id)
    assert thresholds == evaluation.threshold_in_use(iteration)
    assert 0.3 == evaluation.threshold_in_use(iteration, 0.3)
    predictions = evaluation.load(store, iteration)
    answered = metrics.answers(predictions.probabilities, np.asarray(thresholds), multilabel=False)
    reported = evaluation.report(store, iteration, thresholds).tags
    counts = metrics.count_answers(predictions.truth, answered)
    assert counts[:, :3].tolist() == [[tag.tp, tag.fp, tag.fn] for tag in reported]
    saved_thresholds.clear(store, iteration)
    assert 0.5 == evaluation.threshold_in_use(store.iterations.get(iteration.id))


def test_a_suggestion_is_that_of_its_arrays(store: Store, fill: Fill, trained: Trained) -> None:
    """And what is suggested can be saved as it is."""
    iteration = trained(fill(rose=5, tulip=5), UNSURE)
    predictions = evaluation.load(store, iteration)
    table = threshold_tuning.part_counts(
        predictions.truth, predictions.probabilities, predictions.folds, predictions.groups, multilabel=False
    )
    suggestion = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
    expected = threshold_tuning.suggest(table, Goal("f1"), per_tag=True)
    np.testing.assert_array_equal(expected.held_out, suggestion.held_out)
    saved_thresholds.save(store, iteration, tuple(suggestion.thresholds.tolist()))
    assert tuple(expected.thresholds) == store.iterations.get(iteration.id).thresholds


def test_thresholds_are_told_by_the_names_of_the_snapshot(store: Store, fill: Fill, trained: Trained) -> None:
    """A tag renamed later is still meant, and the negative tag of a Multilabel project has none."""
    project = fill(classification_type="Multilabel", a=5, b=5, none=5)
    a, _, none = store.tags.of_project(project.id)
    tagging.set_kind(store, project, none, "Negative")
    iteration = trained(project)
    store.tags.update(dataclasses.replace(a, name="c"))
    saved_thresholds.save(store, iteration, (0.25, 0.75))
    kept = store.iterations.get(iteration.id)
    assert {
        "threshold": None,
        "thresholds": {"a": 0.25, "b": 0.75},
        "threshold_saved": True,
    } == report_files.thresholds_json(store, kept, kept.thresholds or 0.5)


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        (1.4, "threshold must be in 0..1, got 1.4"),
        ((0.5, float("nan")), "threshold must be in 0..1, got nan"),
        ((0.5,), "there must be one threshold for all tags or one for each of 2, got 1"),
    ],
)
def test_impossible_thresholds_are_refused(
    store: Store, fill: Fill, trained: Trained, thresholds: Thresholds, message: str
) -> None:
    """The message states the rule and the value, and nothing is saved."""
    iteration = trained(fill(rose=5, tulip=5))
    with pytest.raises(InvalidInput) as refusal:
        saved_thresholds.save(store, iteration, thresholds)
    assert message == str(refusal.value)
    assert store.iterations.get(iteration.id).thresholds is None


def test_a_deleted_iteration_has_none(store: Store, fill: Fill, trained: Trained) -> None:
    """Whoever saves or clears after someone else has deleted it is told so."""
    iteration = trained(fill(rose=5, tulip=5))
    training.delete_iteration(store, iteration)
    for change in (
        lambda: saved_thresholds.save(store, iteration, 0.5),
        lambda: saved_thresholds.save(store, iteration, (0.5, 0.5)),
        lambda: saved_thresholds.clear(store, iteration),
    ):
        with pytest.raises(NotFound, match="it may have been deleted"):
            change()


def test_an_iteration_in_training_has_no_suggestion(store: Store, fill: Fill) -> None:
    """It says what it waits for."""
    job = training.start(store, fill(rose=5, tulip=5))
    with pytest.raises(NotTrained, match="wait for it"):
        evaluation.suggest_thresholds(store, store.iterations.get(job.iteration_id or ""), Goal("f1"), per_tag=False)
