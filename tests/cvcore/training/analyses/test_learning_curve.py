"""Learning curves are measured once, in the worker, and what goes wrong with one harms no iteration."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cvcore import analyses, evaluation, learning_curves, training
from cvcore.errors import NotTrained
from cvcore.files import blobs
from cvcore.records import Iteration, JobKind, Project
from cvcore.store import Store
from cvcore.training import job_runner
from cvcore.training.analyses import made, request

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

KIND: JobKind = "learning-curve"


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of 12 roses and 12 tulips."""
    return trained(fill(rose=12, tulip=12))


def test_a_job_measures_and_keeps_it(store: Store, iteration: Iteration) -> None:
    """The worker does what was asked for; asking twice is one job, and what is kept is not measured again."""
    job = request(store, iteration, KIND)
    assert job == request(store, iteration, KIND)
    claimed = store.jobs.claim()
    assert claimed is not None
    stages: list[str] = []
    job_runner.run_job(store, claimed, threading.Event(), lambda stage, fraction: stages.append(stage))
    assert "done" == store.jobs.get(job.id).status
    assert "Training on fewer images" == stages[-1]
    kept = learning_curves.load(store, iteration)
    assert kept is not None
    again = made(store, iteration, KIND, lambda stage, fraction: pytest.fail("measured again"))
    np.testing.assert_array_equal(kept.levels, again.levels)


@pytest.mark.parametrize("stage", ["", "Training on fewer images"])
def test_an_iteration_deleted_meanwhile(store: Store, iteration: Iteration, stage: str) -> None:
    """Whenever it is deleted, the job ends with that as its reason, and no file of it is left."""
    job = request(store, iteration, KIND)
    claimed = store.jobs.claim()
    assert claimed is not None

    def delete(said: str, fraction: float) -> None:
        if said.startswith(stage) and store.iterations.of_project(iteration.project_id):
            training.delete_iteration(store, iteration)

    job_runner.run_job(store, claimed, threading.Event(), delete)
    ended = store.jobs.get(job.id)
    assert "failed" == ended.status
    assert "unexpected" not in ended.error
    assert iteration.id in ended.error
    assert not blobs.iteration_folder(store.home, iteration.id).exists()


def test_iterations_do_not_push_each_other_out(
    store: Store, iteration: Iteration, fill: Fill, trained: Trained
) -> None:
    """Two people who look at two iterations of a project in turn wait for two jobs, however often they look."""
    newer = trained(store.projects.get(iteration.project_id))
    jobs = {request(store, each, KIND).id for _ in range(3) for each in (iteration, newer)}
    assert 2 == len(jobs) == len(store.jobs.active())


def test_its_end_is_the_iteration(store: Store, iteration: Iteration) -> None:
    """All images' point rests on the iteration's own probabilities, so it shows the page's numbers."""
    measurement = made(store, iteration, KIND)
    predictions = evaluation.load(store, iteration)
    curve = learning_curves.curve(measurement, predictions.truth, predictions.groups, 0.5)
    assert evaluation.report(store, iteration).overall.f1 == pytest.approx(curve.measured.values[2, -1, -1])


def test_trainings_go_first(store: Store, iteration: Iteration) -> None:
    """A queued training is claimed before a learning curve that was asked for earlier."""
    request(store, iteration, KIND)
    training = store.jobs.add("train", iteration.project_id, iteration.id)
    claimed = store.jobs.claim()
    assert claimed is not None
    assert training.id == claimed.id


def test_a_training_that_waits_stops_it(store: Store, iteration: Iteration) -> None:
    """It is put back, and nothing half-done is kept."""
    job = request(store, iteration, KIND)
    claimed = store.jobs.claim()
    assert claimed is not None
    store.jobs.add("train", iteration.project_id, iteration.id)
    job_runner.run_job(store, claimed, threading.Event())
    assert ("queued", 0) == (store.jobs.get(job.id).status, store.jobs.get(job.id).attempts)
    assert learning_curves.load(store, iteration) is None


def test_a_failure_is_told_and_the_iteration_stays(store: Store, iteration: Iteration) -> None:
    """An image that is gone ends the job with a reason; the iteration is as it was."""
    for image in store.iterations.images(iteration.id):
        blobs.delete(blobs.original_path(store.home, image.sha256))
    job = request(store, iteration, KIND)
    claimed = store.jobs.claim()
    assert claimed is not None
    job_runner.run_job(store, claimed, threading.Event())
    assert "failed" == store.jobs.get(job.id).status
    assert "missing or damaged" in store.jobs.get(job.id).error
    assert iteration == store.iterations.get(iteration.id)


def test_a_dead_workers_measurement_is_done_again(store: Store, iteration: Iteration) -> None:
    """A job that a dead worker left goes back into the queue, although its iteration is complete."""
    job = request(store, iteration, KIND)
    assert store.jobs.claim() is not None
    job_runner.recover(store)
    assert "queued" == store.jobs.get(job.id).status


def test_cancelled_or_given_up_it_harms_no_iteration(store: Store, iteration: Iteration) -> None:
    """Cancelling deletes no iteration, and a measurement that kills its worker three times fails none."""
    job = request(store, iteration, KIND)
    for _ in range(3):
        assert store.jobs.claim() is not None
        job_runner.recover(store)
    assert "failed" == store.jobs.get(job.id).status
    other = request(store, iteration, KIND)
    assert store.jobs.claim() is not None
    store.jobs.cancel(other.id)
    job_runner.recover(store)
    assert "cancelled" == store.jobs.get(other.id).status
    assert iteration == store.iterations.get(iteration.id)


def test_an_iteration_without_a_model_has_none(store: Store, iteration: Iteration) -> None:
    """Asking for it is refused with what to do."""
    with pytest.raises(NotTrained, match="a learning curve needs a trained iteration, 'Iteration 1' is not: train it"):
        request(store, replace(iteration, status="Failed"), KIND)


@pytest.mark.parametrize("damage", ["cut", "other", "rows", "points", "twice"])
def test_a_damaged_file_is_no_measurement(store: Store, iteration: Iteration, damage: str) -> None:
    """A file that is cut short, or of other images, is measured again."""
    measurement = made(store, iteration, KIND)
    path = blobs.iteration_folder(store.home, iteration.id) / learning_curves.FILE.name
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "other":
        analyses.save(store, iteration, learning_curves.FILE, replace(measurement, levels=measurement.levels[:, :-1]))
    else:
        by_point = ("shares", "images", "levels", "average_precision", "ap_low", "ap_high")
        broken = {
            "rows": replace(measurement, rows=measurement.rows + 1),
            "twice": replace(measurement, rows=np.zeros_like(measurement.rows)),
            "points": replace(
                measurement, **{name: np.repeat(getattr(measurement, name), 9, axis=0) for name in by_point}
            ),
        }
        analyses.save(store, iteration, learning_curves.FILE, broken[damage])
    assert learning_curves.load(store, iteration) is None
    np.testing.assert_array_equal(measurement.levels, made(store, iteration, KIND).levels)
