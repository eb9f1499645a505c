"""The export formats: how a model is written in each, what it needs, and how much it may differ from the page."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import InvalidInput, Unavailable

# Writes a Keras model into a folder. The images, uint8 (n, side, side, 3), are examples of its input.
Writer = Callable[[Any, Path, NDArray[np.uint8]], None]

# The largest difference to a probability on the page that is allowed for 32-bit floats.
FLOAT = 1e-3

# With 16-bit floats, of 11 significant bits, MobileNetV2 differs by up to 0.009 on flowers5, with equal answers.
HALF = 5e-2

# 8-bit integers change some answers. Any difference is allowed; the export reports how many answers changed.
ANY = 1.0


@dataclass(frozen=True)
class Format:
    """An export format.

    `write` writes the model. `loader` is the file in `templates` whose `load_model` goes into predict.py; `files` are
    copied beside it. `requirements`: what predict.py needs beside Pillow and numpy, for pip. `packages`: modules that
    making the export needs and that are not always installed. `tolerance`: the largest allowed difference between a
    probability and the page's.
    """

    name: str
    write: Writer
    loader: str
    requirements: tuple[str, ...]
    files: tuple[str, ...] = ()
    tolerance: float = FLOAT
    packages: tuple[str, ...] = ()


def find(name: str) -> Format:
    """The format with this name.

    Raises:
        InvalidInput: there is none; the message lists the names.
        Unavailable: packages that it needs are not installed.

    >>> find("tflite").requirements
    ('ai-edge-litert>=2.1',)
    """
    for export_format in FORMATS:
        if export_format.name == name:
            _check_installed(export_format)
            return export_format
    raise InvalidInput(f"the format must be one of {', '.join(NAMES)}, got {name[:80]!r}")


def _check_installed(export_format: Format) -> None:
    missing = [package for package in export_format.packages if importlib.util.find_spec(package) is None]
    if missing:
        raise Unavailable(
            f"the {export_format.name} export needs packages that are not installed ({', '.join(missing)}): "
            "install Tagwise with its extra `export`"
        )


def _write_keras(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    model.save(folder / "model.keras")


def _write_savedmodel(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    model.export(folder / "model", verbose=False)


def _write_tflite(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    model.export(folder / "model.tflite", format="litert", verbose=False)


def _write_float16(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    import tensorflow as tf

    half = {"optimizations": [tf.lite.Optimize.DEFAULT], "target_spec": {"supported_types": [tf.float16]}}
    model.export(folder / "model.tflite", format="litert", verbose=False, **half)


def _write_int8(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    import tensorflow as tf

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for image in images:
            yield [image[None].astype(np.float32)]

    quantized = {"optimizations": [tf.lite.Optimize.DEFAULT], "representative_dataset": samples}
    model.export(folder / "model.tflite", format="litert", verbose=False, **quantized)


def _write_onnx(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    import keras

    for network in model.layers:
        for layer in getattr(network, "layers", ()):
            # EfficientNet's mean and variance are tensors, which tf2onnx would turn into inputs of the model.
            if isinstance(layer, keras.layers.Normalization):
                layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)
    model(images[:1].astype(np.float32))  # Keras refuses a model that was never called
    model.export(str(folder / "model.onnx"), format="onnx", verbose=False)


def _write_openvino(model: Any, folder: Path, images: NDArray[np.uint8]) -> None:
    # Without this package OpenVINO sends no usage reports to Intel.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    model.export(str(folder / "model.xml"), format="openvino", verbose=False)


_LITERT = ("ai-edge-litert>=2.1",)

FORMATS = (
    Format("keras", _write_keras, "load_keras.py", ("keras>=3.12", "tensorflow>=2.20")),
    Format("savedmodel", _write_savedmodel, "load_savedmodel.py", ("tensorflow>=2.20",)),
    Format("tflite", _write_tflite, "load_tflite.py", _LITERT),
    Format("tflite-fp16", _write_float16, "load_tflite.py", _LITERT, tolerance=HALF),
    Format("tflite-int8", _write_int8, "load_tflite.py", _LITERT, tolerance=ANY),
    Format(
        "onnx",
        _write_onnx,
        "load_onnx.py",
        ("onnxruntime>=1.22",),
        packages=("onnx", "onnxruntime", "tf2onnx"),
    ),
    Format("openvino", _write_openvino, "load_openvino.py", ("openvino>=2025.4",), packages=("openvino",)),
    Format("container", _write_tflite, "load_tflite.py", _LITERT, files=("server.py", "Dockerfile")),
)
NAMES = tuple(export_format.name for export_format in FORMATS)
