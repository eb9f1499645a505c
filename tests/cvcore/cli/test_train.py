"""What the options of `tagwise train` come to, and one line for each that cannot be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from cvcore import cli, training
from cvcore.evaluation import report_files
from cvcore.projects import tagging
from cvcore.records import ADVANCED, Iteration, Project, TrainingOptions, TuningEpoch, TuningOutcome
from cvcore.store import Store
from cvcore.training import worker
from tests.conftest import ROOT

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]


def queued(store: Store, project: Project, *arguments: str) -> tuple[TrainingOptions, list[str]]:
    """The options and tags of the training that the command queues; the training is cancelled before it begins."""
    before = store.jobs.latest(project.id, "train")
    environ = os.environ | {"TAGWISE_HOME": str(store.home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cvcore.cli", "train", project.name, *arguments]
    with worker.worker_lock(store.home):
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while (job := store.jobs.latest(project.id, "train")) == before or job is None:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        iteration_id = job.iteration_id or ""
        result = store.trainings.options(iteration_id), [tag.name for tag in store.iterations.tags(iteration_id)]
        training.cancel(store, job)
        process.communicate(timeout=30)
    return result


def test_every_option(store: Store, fill: Fill, trained: Trained) -> None:
    """Every option reaches the training: tags by name, an iteration by number, and the remaining transforms."""
    project = fill(rose=5, tulip=5, **{"a=b": 5})
    base = trained(project)
    store.trainings.add(base.id, TrainingOptions(is_advanced=True))
    options, tags = queued(
        store,
        project,
        *("--tag", "rose", "--tag", "a=b", "--cost", "a=b=2.5", "--cost", "rose=3", "--start-from", "1"),
        *("--advanced", "--budget-minutes", "5", "--without", "mirror", "--without", "zoom"),
        *("--notify", "https://example.com/done"),
    )
    costs = {tagging.find(store, project, "a=b").id: 2.5, tagging.find(store, project, "rose").id: 3.0}
    assert ["a=b", "rose"] == sorted(tags)
    assert options == TrainingOptions(
        is_advanced=True,
        budget_minutes=5,
        transforms=("turn", "shift", "light"),
        costs=tuple(sorted(costs.items())),
        start_from=base.id,
        notify_url="https://example.com/done",
    )


@pytest.mark.parametrize("without", [(), ("--without", "mirror")])
def test_views_with_and_without_mirror(store: Store, fill: Fill, without: tuple[str, ...]) -> None:
    """Quick takes the kind of embedding, and leaves out the mirrored view if asked to."""
    options, _ = queued(store, fill(rose=5, tulip=5), "--embedding", "views", *without)
    transforms = ("turn", "zoom", "shift", "light") if without else None
    assert TrainingOptions(embedding="views", transforms=transforms) == options


def test_no_option(store: Store, fill: Fill) -> None:
    """Without any it is Quick, of all tags; Advanced alone has three views and two networks."""
    project = fill(rose=5, tulip=5)
    assert (TrainingOptions(), ["rose", "tulip"]) == queued(store, project)
    assert (ADVANCED, ["rose", "tulip"]) == queued(store, project, "--advanced")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tag", "weed"], "'Flowers' has no tag 'weed': there are 'rose', 'tulip'"),
        (["--cost", "weed=3"], "'Flowers' has no tag 'weed': there are 'rose', 'tulip'"),
        (["--cost", "rose"], "--cost must be like rose=3, got 'rose'"),
        (["--cost", "rose=much"], "--cost must be like rose=3, got 'rose=much'"),
        (["--cost", "rose=1000"], "a cost must be in 0.01..100, got 1000"),
        (["--start-from", "7"], "'Flowers' has no iteration 7: there are 1"),
        (["--without", "mirror"], "--without needs --advanced: add it, or leave --without out"),
        (["--embedding", "views", "--without", "zoom"], "--without needs --advanced: add it, or leave --without out"),
        (
            ["--budget-minutes", "5"],
            "--budget-minutes needs --advanced: add it, or leave --budget-minutes out",
        ),
        (
            ["--advanced", "--without", "jitter"],
            "a transform must be one of mirror, turn, spin, zoom, shift, light, colour, cover, got 'jitter'",
        ),
    ],
)
def test_what_cannot_be(
    store: Store,
    fill: Fill,
    trained: Trained,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """One line on standard error with status 1, and nothing is queued."""
    trained(fill(rose=5, tulip=5))
    capfd.readouterr()
    assert 1 == cli.main(["train", "Flowers", "--force", *arguments])
    assert ("", f"tagwise: {message}\n") == capfd.readouterr()
    assert [] == store.jobs.active()


def test_performance_shows_the_training(store: Store, fill: Fill, trained: Trained) -> None:
    """For an Advanced training the JSON has its budget and, once it is known, its outcome."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    store.trainings.add(iteration.id, TrainingOptions(is_advanced=True, budget_minutes=5))

    def training_json() -> object:
        return report_files.performance_json(store, project, iteration, 0.5)["training"]

    assert {"advanced": True, "budget_minutes": 5, "outcome": None} == training_json()
    store.trainings.set_outcome(iteration.id, TuningOutcome(10, 9, 8, 0.5, 1, 6, 42.5, "converged", "cpu"))
    outcome = {"images": 10, "right": 9, "quick_right": 8, "p_value": 0.5, "attempts": 1, "rounds": 6}
    outcome |= {"seconds": 42.5, "ended": "converged", "device": "cpu"}
    assert {"advanced": True, "budget_minutes": 5, "outcome": outcome} == training_json()


def test_ctrl_c_keeps_the_best_and_again_cancels(store: Store, fill: Fill) -> None:
    """Once an epoch is finished, the first Ctrl-C ends the training early; the second leaves no iteration."""
    project = fill(rose=5, tulip=5)
    environ = os.environ | {"TAGWISE_HOME": str(store.home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cvcore.cli", "train", project.name, "--advanced"]
    with worker.worker_lock(store.home):
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while (job := store.jobs.latest(project.id, "train")) is None:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        iteration_id = job.iteration_id or ""
        store.trainings.put_epoch(iteration_id, 0, TuningEpoch(0, 0, 1e-4, 0.7, 0.9, 0.5, 100.0, 1.0))
        # Python must have come from queueing the job to waiting for it.
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 30
        while not store.trainings.is_finishing_early(iteration_id):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert store.jobs.get(job.id).is_active
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=30)
    assert 1 == process.returncode
    assert complained.endswith(
        "tagwise: ending early and keeping the best network so far: press Ctrl-C again to cancel\n"
        "tagwise: interrupted\n"
    )
    assert [] == store.iterations.of_project(project.id)
