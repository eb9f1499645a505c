"""The export formats: how a model is written in each, what it needs, and how much it may differ from the page."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cvcore.errors import InvalidInput, Unavailable
from cvcore.exports import flavors
from cvcore.exports.writers import coreml, litert, onnx_files, tensorflow_files, web
from cvcore.exports.writers.network import Network
from cvcore.languages import t

# Writes a network into a folder.
Writer = Callable[[Network, Path], None]

# The largest difference to a probability on the page that is allowed for 32-bit floats.
FLOAT = 1e-3

# With 16-bit floats, of 11 significant bits, MobileNetV2 differs by up to 0.009 on flowers5, with equal answers.
HALF = 5e-2

# 8-bit integers change some answers. Any difference is allowed; the export reports how many answers changed.
ANY = 1.0


@dataclass(frozen=True)
class Format:
    """An export format.

    `write` writes the model, whose main file is `model`. `loader` is the file in `templates` whose `load_model` goes
    into predict.py; `files` are copied beside it. `requirements`: what predict.py needs beside Pillow and numpy, for
    pip. `packages`: modules that making the export needs and that are not always installed. `tolerance`: the largest
    allowed difference between a probability and the page's. `runs_on`: the only `sys.platform` that can run it; empty
    if all can.
    """

    name: str
    write: Writer
    model: str
    loader: str
    requirements: tuple[str, ...]
    files: tuple[str, ...] = ()
    tolerance: float = FLOAT
    packages: tuple[str, ...] = ()
    runs_on: str = ""

    @property
    def can_be_tested(self) -> bool:
        """Whether this computer can run it."""
        return self.runs_on in ("", sys.platform)


def find(name: str) -> Format:
    """The format with this name, or with this flavor of Custom Vision's.

    Raises:
        InvalidInput: there is none; the message lists the names.
        Unavailable: packages that it needs are not installed.

    >>> find("tflite").requirements
    ('ai-edge-litert>=2.1',)
    """
    export_format = by_name(name)
    _check_installed(export_format)
    return export_format


def by_name(name: str) -> Format:
    """The same, whether it can be made on this computer or not.

    Raises:
        InvalidInput: there is none; the message lists the names.

    >>> by_name("TensorFlowLiteFloat16").name, by_name("CoreML").name
    ('tflite-fp16', 'coreml')
    """
    known = name if name in NAMES else flavors.format_of_flavor(name)
    if known:
        return FORMATS[NAMES.index(known)]
    raise InvalidInput(t("the format must be one of {names}, got {name!r}", names=", ".join(NAMES), name=name[:80]))


def _check_installed(export_format: Format) -> None:
    missing = [package for package in export_format.packages if importlib.util.find_spec(package) is None]
    if missing:
        raise Unavailable(
            t(
                "the {format} export needs packages that are not installed ({packages}): install Tagwise with its "
                "extra `export`",
                format=export_format.name,
                packages=", ".join(missing),
            )
        )


_TENSORFLOW = ("tensorflow>=2.20",)
_LITERT = ("ai-edge-litert>=2.1",)
_ONNX = ("onnxruntime>=1.22",)
_MAKES_ONNX = ("onnx", "onnxruntime", "tf2onnx")
_OPENVINO = ("openvino>=2025.4",)

FORMATS = (
    Format("keras", tensorflow_files.write_keras, "model.keras", "load_keras.py", ("keras>=3.12", *_TENSORFLOW)),
    Format("savedmodel", tensorflow_files.write_savedmodel, "saved_model.pb", "load_savedmodel.py", _TENSORFLOW),
    Format("tensorflow", tensorflow_files.write_frozen_graph, "model.pb", "load_tensorflow.py", _TENSORFLOW),
    Format("tflite", litert.write, "model.tflite", "load_tflite.py", _LITERT),
    Format("tflite-fp16", litert.write_float16, "model.tflite", "load_tflite.py", _LITERT, tolerance=HALF),
    Format("tflite-int8", litert.write_int8, "model.tflite", "load_tflite.py", _LITERT, tolerance=ANY),
    Format("onnx", onnx_files.write, "model.onnx", "load_onnx.py", _ONNX, packages=_MAKES_ONNX),
    Format("onnx-nchw", onnx_files.write_nchw, "model.onnx", "load_onnx.py", _ONNX, packages=_MAKES_ONNX),
    Format(
        "onnx-fp16",
        onnx_files.write_nchw_float16,
        "model.onnx",
        "load_onnx.py",
        _ONNX,
        tolerance=HALF,
        packages=_MAKES_ONNX,
    ),
    Format("openvino", onnx_files.write_openvino, "model.xml", "load_openvino.py", _OPENVINO, packages=("openvino",)),
    Format("tfjs", web.write_tfjs, "model.json", "load_tfjs.py", _TENSORFLOW),
    Format(
        "coreml",
        coreml.write_coreml,
        "model.mlmodel",
        "load_coreml.py",
        ("coremltools>=9.0",),
        packages=("coremltools",),
        runs_on="darwin",
    ),
    Format("container", litert.write, "model.tflite", "load_tflite.py", _LITERT, files=("server.py", "Dockerfile")),
)
NAMES = tuple(export_format.name for export_format in FORMATS)
