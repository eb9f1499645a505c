"""What trains is known to whoever has no network library, and is no reason to fail."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cvcore.networks import keras_backend

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_hidden_gpu_is_none(hidden: str) -> None:
    """CUDA's own setting hides GPUs here too."""
    assert not keras_backend.gpu_present({"CUDA_VISIBLE_DEVICES": hidden})


@pytest.mark.parametrize(("status", "gpus"), [(0, 2), (100, 0)])
def test_gpus_are_counted_by_their_driver(monkeypatch: pytest.MonkeyPatch, status: int, gpus: int) -> None:
    """NVIDIA's driver says how many there are; one that does not start has none."""

    class Driver:
        def __init__(self, name: str) -> None:
            assert "cuda" in name

        def cuInit(self, flags: int) -> int:  # noqa: N802 - NVIDIA's name
            return status

        def cuDeviceGetCount(self, count: ctypes.Array[ctypes.c_int]) -> int:  # noqa: N802 - NVIDIA's name
            ctypes.cast(count, ctypes.POINTER(ctypes.c_int))[0] = 2
            return 0

    monkeypatch.setattr(ctypes, "CDLL", Driver)
    assert gpus == keras_backend._nvidia_gpus.__wrapped__()


def test_nothing_has_trained_yet(tmp_path: Path) -> None:
    """Without a word of the worker there is none for the page."""
    assert "" == keras_backend.saved_device(tmp_path)


def test_a_processor(tmp_path: Path) -> None:
    """The title names the cores that this process may use, and is written once."""
    keras_backend.save_device(tmp_path, "cpu")
    assert f"CPU, {len(os.sched_getaffinity(0))} core" == keras_backend.saved_device(tmp_path).removesuffix("s")
    os.utime(tmp_path / keras_backend.FILE, (1, 1))
    keras_backend.save_device(tmp_path, "cpu")
    assert 1 == (tmp_path / keras_backend.FILE).stat().st_mtime


def test_another_device_takes_its_place(tmp_path: Path) -> None:
    """After a home was moved to another machine, the title is that one's as soon as it trains there."""
    (tmp_path / keras_backend.FILE).write_text("NVIDIA H100 80GB HBM3 (TensorFlow)\n")
    assert "NVIDIA H100 80GB HBM3 (TensorFlow)" == keras_backend.saved_device(tmp_path)
    keras_backend.save_device(tmp_path, "cpu")
    assert keras_backend.saved_device(tmp_path).startswith("CPU, ")


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    """Nothing is said, and nothing breaks."""
    (tmp_path / "home").write_text("a file, where a folder should be")
    keras_backend.save_device(tmp_path / "home", "cpu")
    assert "" == keras_backend.saved_device(tmp_path / "home")


def test_a_damaged_note(tmp_path: Path) -> None:
    """What is no text comes as far as it is one, and not at length."""
    (tmp_path / keras_backend.FILE).write_bytes(b"\xffCPU" + b"x" * 10_000)
    assert ("�CPU", keras_backend.LETTERS) == (
        keras_backend.saved_device(tmp_path)[:4],
        len(keras_backend.saved_device(tmp_path)),
    )


@pytest.mark.network
def test_a_graphics_processor_whose_name_is_unknown(tmp_path: Path) -> None:
    """The title is its backend's."""
    if keras_backend.prepare_backend() == "gpu":
        pytest.skip("needs a machine without a GPU, this one has one")
    keras_backend.save_device(tmp_path, "gpu")
    assert "GPU (TensorFlow)" == keras_backend.saved_device(tmp_path)


@pytest.mark.network
def test_the_worker_tells_it(tmp_path: Path) -> None:
    """A worker that has come up has written it down."""
    environ = os.environ | {"TAGWISE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", "cvcore.training.worker"], stdin=subprocess.PIPE, env=environ)
    assert process.stdin
    try:
        for _ in range(600):
            if keras_backend.saved_device(tmp_path):
                break
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.1)
    finally:
        process.stdin.close()
        process.wait(30)
    assert keras_backend.saved_device(tmp_path)
