"""The process for exports: shared by all formats, started anew after it ended, and a crash is one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cvcore.errors import Unavailable
from cvcore.exports import process
from cvcore.files import blobs
from cvcore.networks import architectures, backbones
from cvcore.records import Iteration, Project
from cvcore.store import Store

pytestmark = pytest.mark.network


def run(store: Store, iteration: Iteration, name: str, folder: Path) -> list[str]:
    """The stages of an export."""
    stages: list[str] = []
    process.run(store.home, iteration.id, name, folder, lambda message: stages.append(message.get("stage", "")))
    return [stage for stage in stages if stage]


@pytest.mark.slow
def test_formats_share_what_was_converted(
    store: Store,
    fill: Callable[..., Project],
    trained: Callable[..., Iteration],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second format is made by the same process, which loads nothing again, whatever backend Keras trains on."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    backbones.prepare(architectures.NAME_BUILT_IN, backbones.built_in().side, blobs.backbones_folder(store.home))
    iteration = trained(fill(rose=5, tulip=5))
    system = tmp_path / "system"
    system.mkdir()
    monkeypatch.setenv("TMPDIR", str(system))
    first = run(store, iteration, "tensorflow", tmp_path / "pb")
    (running,) = process._processes
    second = run(store, iteration, "tflite", tmp_path / "tflite")
    assert [running] == process._processes
    assert ["Computing the page's probabilities", "Starting TensorFlow", "Converting to tensorflow"] == first[:3]
    assert ["Converting to tflite", "Testing it on 10 images"] == second
    about = json.loads((tmp_path / "tflite" / "model.json").read_text("utf-8"))
    assert [] == list(system.iterdir()), "what a killed process leaves there, nobody deletes"
    assert (10, 0) == (about["agreement"]["pictures"], about["agreement"]["changed"])

    with pytest.raises(Unavailable, match=r"^OUT_DIR must be a new or an empty folder"):
        run(store, iteration, "tflite", tmp_path / "tflite")
    assert [running] == process._processes


def test_a_process_that_ended_is_started_anew(
    store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration], tmp_path: Path
) -> None:
    """After a crash the export says so, and the next one gets a new process; so does another environment."""
    with pytest.raises(Unavailable, match=r"^the export stopped unexpectedly \(exit status 1\): try again$"):
        process.run(Path("\0"), "", "", tmp_path, lambda message: None)
    assert [] == process._processes
    iteration = trained(fill(rose=5, tulip=5))
    store.iterations.complete(iteration.id, fingerprint="0123456789abcdef")
    running = []
    for variable in ("1", "1", "2"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TAGWISE_TEST", variable)
            with pytest.raises(Unavailable, match=r"^the network 0123456789abcdef that this was trained with"):
                run(store, iteration, "keras", tmp_path / "out")
            running += process._processes
    assert running[0] is running[1]
    assert running[0].popen.pid != running[2].popen.pid
    assert running[0].popen.returncode is not None
    process.stop()
    assert [] == process._processes
