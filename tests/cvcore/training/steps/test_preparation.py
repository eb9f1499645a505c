"""A network is prepared beside whoever needs it, who waits no longer than it takes, and sees how far it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore.errors import InvalidInput, Unavailable
from cvcore.networks import backbones, keras_backend
from cvcore.training.steps import preparation

BUILT_IN = backbones.built_in()


@pytest.fixture
def network(tmp_path: Path) -> tuple[str, int, Path]:
    """A network that its process prepares without TensorFlow."""
    return BUILT_IN.name, BUILT_IN.side, tmp_path / "backbones"


def test_a_process_prepares_a_network(network: tuple[str, int, Path]) -> None:
    """Whoever waits sees the stage meanwhile; then the network is there, and no process is left."""
    stages: list[str] = []
    preparation._wait(network, stages.append)
    assert {f"Preparing {BUILT_IN.name} (only once)"} == set(stages)
    assert len(backbones.litert_model(BUILT_IN, network[2])) > 1000
    assert {} == preparation._running


def test_its_error_is_the_waiters(tmp_path: Path) -> None:
    """What the process raises is raised here, with its message."""
    with pytest.raises(InvalidInput, match=r"backbone must be one of .*, got 'ResNet50'"):
        preparation._wait(("ResNet50", 224, tmp_path), lambda stage: None)


def test_a_process_that_was_killed(network: tuple[str, int, Path]) -> None:
    """The message says what happened, and that it can be tried again."""
    popen = preparation._started(network).popen
    with pytest.raises(Unavailable, match=r"the process that does it ended with status -9; .*: try again"):
        preparation._wait(network, lambda stage: popen.kill())


def test_it_goes_on_when_nobody_waits(network: tuple[str, int, Path]) -> None:
    """Who is called away comes back to the same process."""

    def step_aside(stage: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        preparation._wait(network, step_aside)
    process = preparation._running[network]
    assert process is preparation._started(network)
    preparation._wait(network, lambda stage: None)
    assert 0 == process.popen.returncode


def test_it_ends_with_the_process_that_began_it(network: tuple[str, int, Path]) -> None:
    """Nothing is prepared for a worker that is gone."""
    popen = preparation._started(network).popen
    assert popen.stdin
    popen.stdin.close()
    assert 1 == popen.wait(30)
    del preparation._running[network]


@pytest.mark.slow
@pytest.mark.network
def test_a_conversion_leaves_no_tensorflow_behind(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A downloaded network is converted in the other process, and is the one that this process would have made.

    No file of TensorFlow's is left in the temporary folder.
    """
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(shared / "keras"))
    monkeypatch.setattr(keras_backend, "is_loaded", lambda: False)
    stages: list[str] = []
    prepared = preparation.prepare("MobileNetV2", 96, tmp_path / "beside", on_stage=stages.append)
    assert {"Starting TensorFlow", "Preparing MobileNetV2 (only once)"} == set(stages)
    assert [] == list((tmp_path / "temporary").iterdir())
    assert prepared.fingerprint == backbones.prepare("MobileNetV2", 96, tmp_path / "here").fingerprint


def test_what_may_be_needed_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process starts for a network whose weights are on this machine, and for no other."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    network = ("EfficientNetV2B0", 224, tmp_path / "backbones")
    preparation.begin(*network)
    assert network not in preparation._running
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "efficientnetv2-b0_notop.h5").touch()
    preparation.begin(*network)
    popen = preparation._running.pop(network).popen
    assert popen.stdin
    popen.stdin.close()
    assert 1 == popen.wait(30)
