"""Finds the device that networks compute on, prepares Keras where it is needed, and keeps the device's title in a file.

Keras and TensorFlow take seconds to import and 500 MB of memory. Without a GPU, only what needs them loads them.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from cvcore.errors import TagwiseError
from cvcore.files import blobs
from cvcore.languages import marked, t

Device = Literal["cpu", "gpu"]

FILE = "device.txt"
LETTERS = 120

# How `cpu_title` says it; it is stored, and said again in the language of whoever looks.
CPU_TITLES = (marked("CPU, 1 core"), marked("CPU, {cores} cores"))

# Keras' own names of its backends, and the names that people know.
BACKENDS = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}


def saved_device(home: Path) -> str:
    """The title of the device that trained last in a home folder, such as "CPU, 2 cores"; empty before the first."""
    try:
        return (home / FILE).read_text(encoding="utf-8", errors="replace").strip()[:LETTERS]
    except OSError:
        return ""


def save_device(home: Path, device: Device) -> None:
    """Save the title of the device that trains from now on, once Keras is ready; a failure is ignored."""
    if device == "gpu":
        import keras

        backend = keras.backend.backend()
        text = gpu_title(_gpu_name(backend), backend)
    else:
        text = cpu_title(_cores())
    if text != saved_device(home):
        with contextlib.suppress(TagwiseError, OSError):
            blobs.write(home / FILE, text.encode())


def cpu_title(cores: int) -> str:
    """The title of a CPU.

    >>> cpu_title(2), cpu_title(1)
    ('CPU, 2 cores', 'CPU, 1 core')
    """
    return CPU_TITLES[cores != 1].format(cores=cores)


def gpu_title(name: str, backend: str) -> str:
    """The title of a GPU, with the backend that computes on it; its name may be unknown.

    >>> gpu_title("NVIDIA H100 80GB HBM3", "tensorflow"), gpu_title("", "jax")
    ('NVIDIA H100 80GB HBM3 (TensorFlow)', 'GPU (JAX)')
    """
    return f"{name or 'GPU'} ({BACKENDS.get(backend, backend)})"


def _cores() -> int:
    # The cores that this process can use: a container often has fewer than the machine.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpu_name(backend: str) -> str:
    try:
        if backend == "tensorflow":
            import tensorflow as tf

            details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
            return str(details.get("device_name", ""))
        if backend == "torch":
            import torch

            return str(torch.cuda.get_device_name(0))
    except Exception:  # noqa: S110 - each backend has its own errors, and a missing name is no reason to fail
        pass
    return ""


def device(on_stage: Callable[[str], None] = lambda stage: None) -> Device:
    """The device that networks compute on; where the machine may have a GPU, Keras is loaded to say so."""
    return prepare_backend(on_stage) if gpu_present() else "cpu"


def gpu_present(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the machine has a driver of NVIDIA or AMD and a GPU for it; loads no network library.

    `CUDA_VISIBLE_DEVICES` hides GPUs here as it does in TensorFlow.

    >>> gpu_present({"CUDA_VISIBLE_DEVICES": "-1"})
    False
    """
    if environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return _nvidia_gpus() > 0 or Path("/dev/kfd").exists()


@functools.cache
def _nvidia_gpus() -> int:
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        started = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return 0
    return count.value if started else 0


def is_loaded() -> bool:
    """Whether this process has Keras ready."""
    return _load_keras.cache_info().currsize > 0


def prepare_backend(on_stage: Callable[[str], None] = lambda stage: None) -> Device:
    """Import Keras, make it deterministic and quiet; returns its device. Repeated calls do nothing.

    `on_stage` is called with a description if this takes seconds.
    """
    if not is_loaded():
        on_stage(t("Starting TensorFlow"))
    return _load_keras()


@functools.cache
def _load_keras() -> Device:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_loading():
        import keras

        # Keras prints progress to standard output, where commands print their results.
        keras.utils.disable_interactive_logging()
        if keras.backend.backend() != "tensorflow":
            return "gpu" if "gpu" in str(keras.distribution.list_devices()) else "cpu"
        import tensorflow as tf

        # TensorFlow writes programs into the temporary folder, and takes them away at the end, but not their bytecode.
        sys.dont_write_bytecode = True
        tf.config.experimental.enable_op_determinism()
        # TensorFloat-32 keeps three decimal digits, too few for embeddings that agree with LiteRT's to 1e-3.
        tf.config.experimental.enable_tensor_float_32_execution(False)
        devices = tf.config.list_physical_devices("GPU")
        for device in devices:
            tf.config.experimental.set_memory_growth(device, True)
        return "gpu" if devices else "cpu"


_one_at_a_time = threading.Lock()


@contextlib.contextmanager
def quiet_loading() -> Iterator[None]:
    """A block in which standard error, of Python and of C++, is discarded.

    TensorFlow and LiteRT write there before their own log settings take effect.
    """
    with _one_at_a_time, Path(os.devnull).open("w") as nowhere:
        try:
            terminal = os.dup(2)
        except OSError:  # closed, for example under pythonw
            yield
            return
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
