"""An empty project, rows to put into it, processes that use a home all at once, and a small disk."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from cvcore import evaluation, validation
from cvcore.files import blobs
from cvcore.networks import backbones
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import Store
from cvcore.training.steps import pipeline

ROOT = Path(__file__).resolve().parents[1]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


class AtOnce(Protocol):
    """Runs a script in several processes that start together: the fixture `at_once`."""

    def __call__(self, script: str, home: Path, *, processes: int) -> list[str]:
        """What each process printed, or its error."""


@pytest.fixture
def project(store: Store) -> Project:
    """An empty Multilabel project."""
    return store.projects.add("flowers", description="", classification_type=MULTILABEL, domain_id="general")


@pytest.fixture
def add_rows(store: Store) -> Callable[[Project, int], list[str]]:
    """Adds so many rows of images, without files, to a project's workspace; their ids, the oldest first."""

    def add(project: Project, count: int) -> list[str]:
        start = store.images.count(project.id)
        return [
            store.images.add(
                project.id,
                f"{number:064x}",
                name=f"{number}.png",
                width=16,
                height=8,
                size_bytes=100,
                signature=bytes(192),
            )[0]
            for number in range(start, start + count)
        ]

    return add


@pytest.fixture
def end_training(store: Store) -> Callable[[], Iteration]:
    """Ends the next queued training as the worker would, with made-up probabilities; the trained iteration.

    Images are split as the training's evaluation says. An image has 0.9 for its own tags and 0.1 for others.
    """

    def end() -> Iteration:
        job = store.jobs.claim()
        assert job is not None
        iteration = store.iterations.get(job.iteration_id or "")
        assert iteration.evaluation is not None
        snapshot = store.iterations.images(iteration.id)
        tags = evaluation.trained_tags(iteration, store.iterations.tags(iteration.id))
        truth = pipeline.truth_matrix(snapshot, len(tags))
        rows = np.arange(len(snapshot))
        is_test = np.array([image.is_test for image in snapshot])
        plan = validation.plan(iteration.evaluation.method, truth, rows, is_test)
        probabilities = np.where(plan.folds[:, None] < 0, np.nan, 0.1 + 0.8 * truth)
        built_in = backbones.built_in()
        out_of_fold = evaluation.OutOfFold(
            truth,
            probabilities.astype(np.float32),
            plan.folds,
            rows,
            np.zeros((built_in.dimension, len(tags)), np.float32),
            np.linspace(0, 1, len(tags), dtype=np.float32),
            iteration.classification_type == MULTILABEL,
        )
        with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
            scores = evaluation.save(folder, out_of_fold)
        names = {"backbone": built_in.name, "fingerprint": built_in.fingerprint}
        store.iterations.complete(
            iteration.id, **names, evaluation=plan.evaluation, scores=scores, seconds={"total": 12.3}
        )
        store.jobs.finish(job.id, "done")
        return store.iterations.get(iteration.id)

    return end


@pytest.fixture(scope="session")
def at_once() -> AtOnce:
    """Runs a script in several processes that start together; what each printed, or its error.

    The script finds `Store`, `home`, its own `number`, and in `begin` the moment of the start.
    """

    def run(script: str, home: Path, *, processes: int) -> list[str]:
        started = [
            subprocess.Popen(
                [sys.executable, "-c", _AT_ONCE + textwrap.dedent(script), str(home), str(number)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=ENVIRON,
            )
            for number in range(processes)
        ]
        for process in started:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        begin = time.time()
        for process in started:
            assert process.stdin
            process.stdin.write(f"{begin}\n")
            process.stdin.flush()
        return [process.communicate(timeout=60)[0].strip() for process in started]

    return run


_AT_ONCE = """
import sys
from pathlib import Path
from cvcore.store import Store
home, number = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
begin = float(sys.stdin.readline())
"""


@pytest.fixture(scope="session")
def on_small_disk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[str]]:
    """Runs a script whose `disk` is a file system of its own, mounted with the options given; the lines it printed.

    The mount lives in a namespace that ends with the script. Skips where this is not allowed.
    """
    mount_point = tmp_path_factory.mktemp("disk")
    namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    mount_and_run = 'mount -t tmpfs -o "$1" tmpfs "$0" && shift && exec "$@"'

    def run(options: str, script: str) -> list[str]:
        command = [*namespace, "sh", "-c", mount_and_run, str(mount_point), options]
        python = [sys.executable, "-c", _ON_SMALL_DISK + script, str(mount_point)]
        done = subprocess.run([*command, *python], capture_output=True, text=True, env=ENVIRON, timeout=300)
        assert (done.stderr, done.returncode) == ("", 0)
        return done.stdout.splitlines()

    try:
        allowed = subprocess.run([*namespace, "sh", "-c", mount_and_run, str(mount_point), "size=64k", "true"])
    except FileNotFoundError:
        allowed = None
    if allowed is None or allowed.returncode:
        pytest.skip("needs a small disk to fill: unshare and mount of a tmpfs, which this machine does not allow")
    return run


_ON_SMALL_DISK = """
import contextlib, sys
from pathlib import Path
from cvcore.errors import TagwiseError
disk = Path(sys.argv[1])

@contextlib.contextmanager
def refusals():
    try:
        yield
        print("no refusal")
    except TagwiseError as error:
        print(type(error).__name__, str(error).replace(str(disk), "DISK"))

def fill():
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))

def files():
    there = (path.relative_to(disk).as_posix() for path in disk.rglob("*") if path.is_file())
    return sorted(path for path in there if path != "filler")
"""
