"""Robustness is measured by classifiers that did not train on the images, and goes on where it was stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cvcore import analyses, evaluation, robustness, training
from cvcore.errors import InvalidInput
from cvcore.evaluation import out_of_fold
from cvcore.files import blobs
from cvcore.progress import Stopped
from cvcore.records import HOLD_OUT, K_FOLD, EvaluationMethod, Iteration
from cvcore.robustness import stored
from cvcore.robustness.changes import CONDITIONS
from cvcore.robustness.measurement import IMAGES, drawn
from cvcore.store import Store
from cvcore.training import job_runner
from cvcore.training.analyses import made, request
from tests.conftest import Fill, Trained

Few = Callable[..., Iteration]


@pytest.fixture
def few(store: Store, fill: Fill, trained: Trained) -> Few:
    """Trains five roses and five tulips and evaluates only some rows, by a classifier drawn by chance."""

    def train(method: EvaluationMethod = HOLD_OUT, folds: dict[int, int] | None = None) -> Iteration:
        iteration = trained(fill(rose=5, tulip=5), evaluation_method=method)
        folder = out_of_fold.folder(store, iteration)
        arrays = out_of_fold.read(folder / evaluation.ARRAYS)
        evaluated = np.full(10, -1)
        for row, fold in ({1: 0, 7: 0} if folds is None else folds).items():
            evaluated[row] = fold
        kernel = np.random.default_rng(0).normal(0, 0.1, arrays.kernel.shape).astype(np.float32)
        evaluation.save(folder, replace(arrays, folds=evaluated, kernel=kernel))
        return iteration

    return train


def stopped_after(images: int) -> Callable[[str, float], None]:
    """A progress callback that stops when so many images are done."""

    def progress(stage: str, fraction: float) -> None:
        if stage.startswith(f"Changing images and judging them: {images} of"):
            raise Stopped

    return progress


def test_a_job_measures_and_keeps_it(store: Store, few: Few) -> None:
    """The worker does it once; unchanged images keep the levels that the iteration gave them."""
    iteration = few()
    job = request(store, iteration, "robustness")
    claimed = store.jobs.claim()
    assert claimed is not None
    job_runner.run_job(store, claimed, threading.Event())
    assert ("done", "") == (store.jobs.get(job.id).status, store.jobs.get(job.id).error)
    kept = robustness.load(store, iteration)
    assert kept is not None
    assert [1, 7] == kept.rows.tolist()
    assert (1 + len(CONDITIONS), 2, 2) == kept.levels.shape
    assert bool(kept.is_own)
    predictions = evaluation.load(store, iteration)
    reported = evaluation.report(store, iteration, 0.5)
    found = robustness.numbers(kept, predictions.truth, predictions.groups, 0.5)
    assert reported.overall.recall == found.values[1, 0, -1]


def test_it_goes_on_where_it_was_stopped(store: Store, few: Few) -> None:
    """What was done before a training came is not done again, and the result is as if nothing had happened."""
    iteration = few()
    with pytest.raises(Stopped):
        made(store, iteration, "robustness", stopped_after(1))
    part = analyses.load(store, iteration, stored.UNFINISHED)
    assert part is not None
    assert [1] == part.rows.tolist()
    stages: list[str] = []
    resumed = made(store, iteration, "robustness", lambda stage, fraction: stages.append(stage))
    assert "Changing images and judging them: 1 of 2" == stages[0]
    assert analyses.load(store, iteration, stored.UNFINISHED) is None
    blobs.delete(out_of_fold.folder(store, iteration) / robustness.FILE.name)
    np.testing.assert_array_equal(made(store, iteration, "robustness").levels, resumed.levels)


def test_a_deleted_iteration_leaves_nothing(store: Store, few: Few) -> None:
    """Where the iteration was deleted meanwhile, what was measured is not kept."""
    iteration = few()
    folder = out_of_fold.folder(store, iteration)

    def progress(stage: str, fraction: float) -> None:
        if stage.startswith("Changing images and judging them: 1 of"):
            training.delete_iteration(store, iteration)
            raise Stopped

    with pytest.raises(Stopped):
        made(store, iteration, "robustness", progress)
    assert not folder.exists()


def test_what_a_network_was_trained_on_is_not_judged_by_it(store: Store, few: Few) -> None:
    """Where the network has seen the images, as Advanced's in cross-validation, Quick's classifiers judge."""
    iteration = few(K_FOLD, {1: 0, 7: 1})
    images = store.iterations.images(iteration.id)
    store.trainings.note_tuned_on(iteration.fingerprint, [images[1].sha256])
    assert not bool(made(store, iteration, "robustness").is_own)


def test_a_missing_image_is_told(store: Store, few: Few) -> None:
    """Without an image's file nothing is measured, and the reason names what is missing."""
    iteration = few()
    blobs.delete(blobs.original_path(store.home, store.iterations.images(iteration.id)[7].sha256))
    job = request(store, iteration, "robustness")
    claimed = store.jobs.claim()
    assert claimed is not None
    job_runner.run_job(store, claimed, threading.Event())
    assert "failed" == store.jobs.get(job.id).status
    assert "is missing from the home folder" in store.jobs.get(job.id).error


def test_without_evaluated_images_there_is_none(store: Store, few: Few) -> None:
    """An iteration of which no image was evaluated is refused."""
    with pytest.raises(InvalidInput, match="robustness needs images that were evaluated, 'Iteration 1' has none"):
        made(store, few(folds={}), "robustness")


def test_of_many_images_some_of_each_tag_are_drawn() -> None:
    """Rare tags are drawn completely, common ones in part, and always the same ones."""
    truth = np.repeat(np.eye(3, dtype=bool), (5_000, 900, 20), axis=0)
    rows = drawn(truth, np.ones(len(truth), bool))
    counts = truth[rows].sum(axis=0)
    assert [200, 200, 20] == counts.tolist()
    assert np.array_equal(rows, drawn(truth, np.ones(len(truth), bool)))
    few_rows = np.arange(len(truth)) < IMAGES
    assert np.array_equal(np.flatnonzero(few_rows), drawn(truth, few_rows))


def test_images_without_a_tag_are_drawn_too() -> None:
    """In Multilabel they tell how often nothing is taken for something."""
    truth = np.zeros((2_000, 2), bool)
    truth[:900, 0] = True
    rows = drawn(truth, np.ones(2_000, bool))
    assert [300, 0, 300] == [*truth[rows].sum(axis=0), (~truth[rows].any(axis=1)).sum()]


@pytest.mark.slow
def test_unchanged_the_numbers_are_those_of_the_page(store: Store, fill: Fill) -> None:
    """At strength 0 every rate is exactly the Performance page's, after a real training, and so are the intervals."""
    project = fill(rose=8, tulip=8)
    training.start(store, project)
    for _ in range(2):
        if (job := store.jobs.claim()) is not None:
            job_runner.run_job(store, job, threading.Event())
    (iteration,) = store.iterations.trained(project.id)
    measured = made(store, iteration, "robustness")
    assert bool(measured.is_own)
    predictions = evaluation.load(store, iteration)
    for threshold in (0.2, 0.5, 0.9):
        found = robustness.numbers(measured, predictions.truth, predictions.groups, threshold)
        reported = evaluation.report(store, iteration, threshold)
        for row, name in enumerate(("precision", "recall", "f1")):
            for column, each in enumerate((*reported.tags, reported.overall)):
                rates = [getattr(each, name), *getattr(each, f"{name}_interval")]
                shown = [values[row, 0, column] for values in (found.values, found.low, found.high)]
                np.testing.assert_array_equal(rates[0], shown[0])
                # The page computes the intervals of all its thresholds at once, in single precision.
                np.testing.assert_allclose(rates[1:], shown[1:], atol=1e-6)
