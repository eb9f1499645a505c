"""Advanced training from its start to an iteration: stopped, killed, asked to end, and compared with Quick."""

from __future__ import annotations

import dataclasses
import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore import evaluation, metrics, prediction, projects, training
from cvcore.errors import InvalidInput, ModelDamaged, NothingChanged
from cvcore.files import blobs
from cvcore.finetuning import schedule
from cvcore.finetuning.schedule import Schedule
from cvcore.networks import architectures, backbones, feature_extraction, keras_backbones, keras_backend
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, Job, Project, TrainingOptions
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import job_runner, worker
from tests.conftest import Fill, Trained

LIMITS = Limits()
ADVANCED = TrainingOptions(is_advanced=True, budget_minutes=9, transforms=("shift", "light"))
SPLITS = 6


def stripes(is_rising: bool, number: int) -> bytes:
    """A PNG of slanted stripes in two drawn colours, rising or falling."""
    rng = np.random.default_rng([number, is_rising])
    down, across = np.mgrid[:128, :128]
    width = rng.integers(18, 40)
    painted = ((across + down if is_rising else across - down) + rng.integers(40)) % width < width // 2
    pixels = np.where(painted[..., None], rng.integers(0, 256, 3), rng.integers(0, 256, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def project(store: Store) -> Project:
    """A project of fifteen rising and fifteen falling stripes."""
    made = projects.create(store, "Stripes", classification_type=MULTICLASS, domain="Built-in")
    for name in ("rising", "falling"):
        (tag,) = tagging.ensure(store, made, [name], limits=LIMITS)
        for number in range(15):
            data = stripes(name == "rising", number)
            uploads.add(store, made, f"{name} {number}.png", data, tag_ids=[tag.id], limits=LIMITS)
    return made


def started(store: Store, project: Project, planned: Schedule) -> tuple[Job, str]:
    """An Advanced training whose schedule does not depend on how fast this machine is; and its iteration's id."""
    job = training.start(store, project, options=ADVANCED)
    iteration_id = job.iteration_id or ""
    schedule.save(planned, blobs.checkpoint_folder(store.home, iteration_id))
    return job, iteration_id


def planned(epochs: int) -> Schedule:
    return Schedule(epochs, (1,) * SPLITS, 32, is_short=False)


@pytest.mark.network
def test_from_start_to_iteration(store: Store, project: Project) -> None:
    """Epochs are reported, the outcome agrees with the iteration's own arrays, and no checkpoint is left."""
    job, iteration_id = started(store, project, planned(3))
    assert ("done", "") == ((ended := worker.finish_job(store, job)).status, ended.error)
    epochs = store.trainings.epochs(iteration_id)
    assert [(1, 1), (1, 2), (1, 3)] == [(epoch.attempt, epoch.number) for epoch in epochs]
    outcome = store.trainings.outcome(iteration_id)
    assert outcome is not None
    assert (30, 1, 3) == (outcome.images, outcome.attempts, outcome.rounds)
    assert ("converged", "cpu") == (outcome.ended, outcome.device)
    iteration = store.iterations.get(iteration_id)
    out_of_fold = evaluation.load(store, iteration)
    answers = metrics.answers(out_of_fold.probabilities, np.asarray(0.5), multilabel=False)
    assert outcome.right == (answers == out_of_fold.truth).all(axis=1).sum()
    assert not blobs.checkpoint_folder(store.home, iteration_id).exists()
    # The shipped model predicts, fine-tuned or not.
    assert 2 == len(prediction.predict(store, iteration, stripes(True, 99), limits=LIMITS))
    with pytest.raises(NothingChanged):
        training.start(store, project, options=dataclasses.replace(ADVANCED, notify_url="https://example.com/"))
    quick = training.start(store, project)
    training.cancel(store, quick)


@pytest.mark.slow
@pytest.mark.network
def test_stopped_killed_and_asked_to_end(store: Store, project: Project) -> None:
    """A worker that ends leaves its epochs, unchanged, to the next; asked to end, that one keeps the best so far."""
    job, iteration_id = started(store, project, planned(50))
    keras_backend.prepare_backend()
    stop = threading.Event()

    def stop_after_two_epochs(stage: str, fraction: float) -> None:
        if len(store.trainings.epochs(iteration_id)) == 2:
            stop.set()

    claimed = store.jobs.claim(job.id)
    assert claimed is not None
    job_runner.run_job(store, claimed, stop, stop_after_two_epochs)
    assert "queued" == store.jobs.get(job.id).status
    folder = blobs.checkpoint_folder(store.home, iteration_id)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("view-*")}
    assert before
    epochs = store.trainings.epochs(iteration_id)
    assert epochs[0].loss != epochs[1].loss
    assert epochs[0].validation_loss != epochs[1].validation_loss
    job_runner.recover(store)
    training.finish_early(store, job)
    assert "done" == worker.finish_job(store, job).status
    outcome = store.trainings.outcome(iteration_id)
    assert outcome is not None
    assert (2, "asked") == (outcome.rounds, outcome.ended)
    # Losses, seconds and images a second are those that were measured when the epochs were trained.
    assert epochs == store.trainings.epochs(iteration_id)
    assert [1, 2] == [epoch.number for epoch in epochs]


def test_checkpoints_go_with_their_trainings(store: Store, project: Project) -> None:
    """A cancelled training's checkpoint goes with it, and a worker sweeps those that no training will need."""
    job, iteration_id = started(store, project, planned(1))
    folder = blobs.checkpoint_folder(store.home, iteration_id)
    stray = blobs.checkpoint_folder(store.home, "of nobody")
    stray.mkdir(parents=True)
    job_runner.recover(store)
    assert (True, False) == (folder.exists(), stray.exists())
    training.cancel(store, job)
    assert not folder.exists()


@pytest.mark.slow
@pytest.mark.network
def test_a_tuned_network_is_saved_used_and_deleted(home: Path) -> None:
    """LiteRT and Keras give the same embeddings, it is found by its fingerprint, and no file of it is left."""
    keras_backend.prepare_backend()
    base = backbones.prepare(architectures.NAME_BUILT_IN, 128, home)
    before = set(home.iterdir())
    model = keras_backbones.load(base, home)
    model.set_weights([1.02 * array for array in model.get_weights()])
    tuned = keras_backbones.save_tuned(model, base, home)
    assert ("Built-in network, fine-tuned", True) == (tuned.title, tuned.fingerprint != base.fingerprint)
    assert tuned == backbones.find(tuned.fingerprint, home)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)
    by_litert = feature_extraction.load(tuned, home)(pixels)
    np.testing.assert_allclose(feature_extraction.load(tuned, home, device="gpu")(pixels), by_litert, atol=1e-4)
    assert np.abs(by_litert - feature_extraction.load(base, home)(pixels)).max() > 0.01
    weights = home / f"tuned-{tuned.fingerprint}.npz"
    weights.write_bytes(b"no weights")
    with pytest.raises(ModelDamaged) as refusal:
        keras_backbones.load(tuned, home)
    assert (
        f"the weights {weights} of the network that this was trained with are missing or damaged: train again"
    ) == str(refusal.value)
    keras_backbones.delete_tuned(tuned.fingerprint, home)
    assert before == set(home.iterdir())


@pytest.mark.network
def test_images_the_network_was_tuned_on_are_not_evaluated(store: Store, project: Project) -> None:
    """Images that the starting network was fine-tuned on train, and only the others are evaluated."""
    first = worker.finish_job(store, training.start(store, project)).iteration_id or ""
    iteration = store.iterations.get(first)
    snapshot = store.iterations.images(first)
    store.trainings.note_tuned_on(iteration.fingerprint, [image.sha256 for image in snapshot[::3]])
    again = training.start(store, project, options=TrainingOptions(start_from=first))
    assert "done" == worker.finish_job(store, again).status
    out_of_fold = evaluation.load(store, store.iterations.get(again.iteration_id or ""))
    known = np.arange(len(snapshot)) % 3 == 0
    assert {-1} == set(out_of_fold.folds[known])
    assert set(range(5)) == set(out_of_fold.folds[~known])
    store.trainings.note_tuned_on(iteration.fingerprint, [image.sha256 for image in snapshot])
    vain = training.start(store, project, options=TrainingOptions(start_from=first), force=True)
    assert (
        "the network that training starts from was trained on all images that could be evaluated: add new images, "
        "keep new ones for testing, or start from the domain's network"
    ) == worker.finish_job(store, vain).error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TrainingOptions(is_advanced=True, budget_minutes=0), "got 0"),
        (TrainingOptions(is_advanced=True, budget_minutes=float("nan")), "got nan"),
        (TrainingOptions(is_advanced=True, budget_minutes=1441), "got 1441"),
    ],
)
def test_budgets_have_a_range(store: Store, project: Project, options: TrainingOptions, message: str) -> None:
    """The message says the rule and what was given, and nothing is queued."""
    with pytest.raises(InvalidInput) as refusal:
        training.start(store, project, options=options)
    assert f"a budget must be above 0 and at most 1440 minutes, {message}" == str(refusal.value)
    assert [] == store.jobs.active()


def test_a_tuned_network_goes_with_its_last_iteration(store: Store, fill: Fill, trained: Trained) -> None:
    """While another iteration uses it, it stays."""
    project = fill(rose=5, tulip=5)
    iterations = [trained(project), trained(project)]
    networks = blobs.backbones_folder(store.home)
    networks.mkdir(parents=True, exist_ok=True)
    file = networks / f"tuned-{iterations[0].fingerprint}.npz"
    file.write_bytes(b"weights")
    store.trainings.note_tuned_on(iterations[0].fingerprint, ["0" * 64])
    training.delete_iteration(store, iterations[0])
    assert (True, {"0" * 64}) == (file.exists(), store.trainings.tuned_on(iterations[0].fingerprint))
    training.delete_iteration(store, iterations[1])
    assert (False, set()) == (file.exists(), store.trainings.tuned_on(iterations[0].fingerprint))
