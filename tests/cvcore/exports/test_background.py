"""Exports in the background: one at a time, with their progress, kept with their agreement."""

from __future__ import annotations

import json
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cvcore import training
from cvcore.errors import InvalidInput, NotTrained
from cvcore.evaluation import saved_thresholds
from cvcore.exports import background
from cvcore.exports.agreement import Agreement
from cvcore.exports.background import ExportJob
from cvcore.files import blobs
from cvcore.networks import architectures, backbones
from cvcore.records import Iteration, Project
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]


def ended(store: Store, iteration: Iteration) -> ExportJob:
    """The only export of an iteration, once it is no longer under way."""
    deadline = time.monotonic() + 180
    while (each := background.find(store, iteration)[0]).status == "Exporting":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return each


def pack(store: Store, iteration: Iteration, thresholds: list[float]) -> Path:
    """A finished export in LiteRT's format, as an earlier day left it."""
    path = blobs.iteration_folder(store.home, iteration.id) / "exports" / f"tflite-{'0' * 32}.zip"
    path.parent.mkdir()
    about = {
        "tags": [{"threshold": each} for each in thresholds],
        "agreement": {"pictures": 10, "difference": 0.25, "changed": 1},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(about))
    return path


@pytest.mark.network
def test_an_export_from_beginning_to_end(store: Store, fill: Fill, trained: Trained) -> None:
    """Two who ask at once get one export, which tells how far it is and at last its size and how well it agrees."""
    backbones.prepare(architectures.NAME_BUILT_IN, backbones.built_in().side, blobs.backbones_folder(store.home))
    iteration = trained(fill(rose=5, tulip=5))
    with ThreadPoolExecutor(2) as pool:
        begun = list(pool.map(lambda _: background.start(Store(store.home), iteration, "keras"), range(2)))
    assert ["Exporting"] * 2 == [each.status for each in begun]
    assert 1 == sum(thread.name == "export" for thread in threading.enumerate())
    done = ended(store, iteration)
    assert ("Done", "", True) == (done.status, done.error, done.is_current)
    assert done.agreement
    assert (10, 0) == (done.agreement.pictures, done.agreement.changed)
    path = background.path_of(store.home, iteration.id, done.file)
    assert path.stat().st_size == done.size_bytes
    assert {"model.keras", "predict.py", "labels.txt", "model.json"} < set(zipfile.ZipFile(path).namelist())
    assert done == background.start(store, iteration, "keras")


def test_a_failure_is_kept_and_begun_anew(store: Store, fill: Fill, trained: Trained) -> None:
    """The reason is the one sentence that `tagwise export` would print; asking again tries again."""
    iteration = trained(fill(rose=5, tulip=5))
    store.iterations.complete(iteration.id, fingerprint="0123456789abcdef")
    for _ in range(2):
        assert "Exporting" == background.start(store, iteration, "keras").status
        failed = ended(store, iteration)
        assert "Failed" == failed.status
        assert failed.error.startswith("the network 0123456789abcdef that this was trained with is not in")


def test_a_finished_export_tells_what_it_was_made_with(store: Store, fill: Fill, trained: Trained) -> None:
    """How well it agrees lies in it; once other thresholds are saved it is outdated."""
    iteration = trained(fill(rose=5, tulip=5))
    path = pack(store, iteration, [0.5, 0.5])
    (each,) = background.find(store, iteration)
    assert ("tflite", "Done", path.name, path.stat().st_size) == (each.format, each.status, each.file, each.size_bytes)
    assert (Agreement(10, 0.25, 1), True) == (each.agreement, each.is_current)
    saved_thresholds.save(store, iteration, (0.4, 0.5))
    assert [False] == [each.is_current for each in background.find(store, store.iterations.get(iteration.id))]


def test_a_damaged_zip_is_listed(store: Store, fill: Fill, trained: Trained) -> None:
    """It is listed all the same, and nothing else suffers."""
    iteration = trained(fill(rose=5, tulip=5))
    pack(store, iteration, [0.5]).write_bytes(b"no zip")
    (each,) = background.find(store, iteration)
    assert ("Done", None) == (each.status, each.agreement)


def test_what_cannot_be_begun(store: Store, fill: Fill, trained: Trained) -> None:
    """A format that is none, and an iteration without a model, are refused at once."""
    project = fill(rose=5, tulip=5)
    with pytest.raises(InvalidInput, match="the format must be one of keras, savedmodel"):
        background.start(store, trained(project), "pickle")
    job = training.start(store, project, force=True)
    with pytest.raises(NotTrained, match="only a trained iteration can be exported, Iteration 2 is not"):
        background.start(store, store.iterations.get(job.iteration_id or ""), "keras")
