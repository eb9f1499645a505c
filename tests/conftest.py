"""Fixtures every test may use, and the types of those that are functions: `from tests.conftest import Fill`."""

from __future__ import annotations

import asyncio
import gc
import io
import itertools
import os
import shutil
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PIL import Image as Pillow

from cvcore import evaluation, projects, training
from cvcore.files import blobs
from cvcore.networks import backbones
from cvcore.projects import tagging, uploads
from cvcore.records import Evaluation, EvaluationMethod, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.steps import pipeline

ROOT = Path(__file__).resolve().parents[1]

# A file system in memory that Linux has, and how much a run of all tests may need of it, with room to spare.
IN_MEMORY = Path("/dev/shm")
IN_MEMORY_BYTES = 2 * 2**30

Result = TypeVar("Result")


def pytest_configure() -> None:
    """Temporary folders lie in memory where there is room: on a disk, every short test waits for its own writes."""
    if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > IN_MEMORY_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def pytest_collection() -> None:
    """Of what collecting makes nothing becomes garbage: looking for some among a million objects takes a quarter."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor does it later."""
    gc.freeze()
    gc.enable()


class DrawImage(Protocol):
    """Draws a PNG that differs clearly from every other number's: the fixture `drawn_image`."""

    def __call__(self, number: int, side: int = 48) -> bytes:
        """The PNG's bytes."""


class Fill(Protocol):
    """Makes a project whose tags carry the given numbers of drawn images: the fixture `fill`."""

    def __call__(self, name: str = "Flowers", *, classification_type: str = "Multiclass", **counts: int) -> Project:
        """The project, in the fixture `store`."""


class Trained(Protocol):
    """Completes a training with out-of-fold probabilities from the test, not from a network: the fixture `trained`."""

    def __call__(
        self, project: Project, probabilities: ArrayLike | None = None, evaluation_method: EvaluationMethod = "k-fold"
    ) -> Iteration:
        """The iteration; without `probabilities` every image has 0.9 for its own tags and 0.1 for others."""


def awaited(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns, run in a thread of its own: in this one Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and weights that lies beside a developer's checkout; skips where there is none."""
    folder = ROOT.parent / "shared"
    if not (folder / "datasets").is_dir():
        pytest.skip(f"needs real images and weights in {folder}, which this machine does not have")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder that the environment names."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TAGWISE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder as a first start leaves it: to be copied, because all migrations take as long as a short test."""
    store = Store(tmp_path_factory.mktemp("new") / "home")
    store.close()
    return store.home


@pytest.fixture
def store(home: Path, new_home: Path) -> Store:
    """A store in that home."""
    if not (home / "tagwise.db").exists():
        shutil.copytree(new_home, home, dirs_exist_ok=True)
    return Store(home)


@pytest.fixture
def limits() -> Limits:
    """What is accepted where the environment sets nothing."""
    return Limits()


@cache
def draw_image(number: int, side: int = 48) -> bytes:
    noise = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(noise).resize((side, side), Pillow.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def drawn_image() -> DrawImage:
    """Draws a PNG that differs clearly from every other number's."""
    return draw_image


@cache
def read_image(number: int) -> uploads.ReadFile:
    """What an upload finds out of a drawn image: it takes longer than to store the image."""
    return uploads.read(draw_image(number), Limits())


def fill_in(store: Store, name: str = "Flowers", *, classification_type: str = "Multiclass", **counts: int) -> Project:
    """A project whose tags carry the given numbers of drawn images."""
    limits = Limits()
    project = projects.create(store, name, classification_type=classification_type, domain="Built-in")
    numbers = itertools.count(1)
    for tag_name, count in counts.items():
        (tag,) = tagging.ensure(store, project, [tag_name], limits=limits)
        files = {f"{number}.png": read_image(number) for number in itertools.islice(numbers, count)}
        with uploads.kept(store, list(files.values()), limits):
            rules = tagging.rules_of(store, project)
            for file_name, file in files.items():
                uploads.put(store, rules, file_name, file, tag_ids=[tag.id], limits=limits, came=uploads.NOWHERE)
            store.projects.touch(project.id)
    return project


def train(
    store: Store,
    project: Project,
    probabilities: ArrayLike | None = None,
    evaluation_method: EvaluationMethod = "k-fold",
) -> Iteration:
    """Complete a project's training with the given out-of-fold probabilities in place of a network's."""
    built_in = backbones.built_in()
    job = training.start(store, project, force=True, evaluation=evaluation_method)
    assert store.jobs.claim(job.id) is not None
    iteration = store.iterations.get(job.iteration_id or "")
    snapshot = store.iterations.images(iteration.id)
    tags = evaluation.trained_tags(iteration, store.iterations.tags(iteration.id))
    truth = pipeline.truth_matrix(snapshot, len(tags))
    rows = np.arange(len(snapshot))
    out_of_fold = evaluation.OutOfFold(
        truth,
        np.asarray(0.1 + 0.8 * truth if probabilities is None else probabilities, np.float32),
        rows % 2,
        rows,
        np.zeros((built_in.dimension, len(tags)), np.float32),
        np.linspace(0, 1, len(tags), dtype=np.float32),
        iteration.classification_type == "Multilabel",
    )
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        scores = evaluation.save(folder, out_of_fold)
    store.iterations.complete(
        iteration.id,
        backbone=built_in.name,
        fingerprint=built_in.fingerprint,
        evaluation=Evaluation(evaluation_method, 2, 0),
        scores=scores,
        seconds={"features": 0.1, "fit": 0.2, "total": 0.3},
    )
    store.jobs.finish(job.id, "done")
    return store.iterations.get(iteration.id)


@pytest.fixture
def fill(store: Store) -> Fill:
    """Makes a project whose tags carry the given numbers of drawn images."""
    return partial(fill_in, store)


@pytest.fixture
def trained(store: Store) -> Trained:
    """Completes a project's training with the given out-of-fold probabilities in place of a network's."""
    return partial(train, store)


@pytest.fixture(scope="session")
def ready_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder for browsers to look at: *Flowers*, trained twice, of 60 roses and 50 tulips; *Other* is empty."""
    store = Store(tmp_path_factory.mktemp("ready") / "home")
    projects.create(store, "Other", domain="Built-in")
    flowers = fill_in(store, rose=60, tulip=50)
    train(store, flowers)
    train(store, flowers)
    store.close()
    return store.home
