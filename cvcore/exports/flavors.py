"""Custom Vision's names for export formats: a platform and, for some, a flavor; remembers what was asked for."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from cvcore.files import blobs

FILE = "asked.json"


@dataclass(frozen=True)
class Flavor:
    """A platform's flavor, None for its first, and the name of the format that Tagwise makes for it."""

    platform: str
    flavor: str | None
    format: str

    def __str__(self) -> str:
        """The names as a message lists them."""
        return f"{self.platform} {self.flavor or ''}".strip()


# The first of a format is the one that an export's own files tell.
FLAVORS = (
    Flavor("TensorFlow", None, "tensorflow"),
    Flavor("TensorFlow", "TensorFlowNormal", "tensorflow"),
    Flavor("TensorFlow", "TensorFlowSavedModel", "savedmodel"),
    Flavor("TensorFlow", "TensorFlowLite", "tflite"),
    Flavor("TensorFlow", "TensorFlowLiteFloat16", "tflite-fp16"),
    Flavor("TensorFlow", "TensorFlowJs", "tfjs"),
    Flavor("ONNX", None, "onnx-nchw"),
    Flavor("ONNX", "ONNX10", "onnx-nchw"),
    Flavor("ONNX", "ONNX12", "onnx-nchw"),
    Flavor("ONNX", "OnnxFloat16", "onnx-fp16"),
    Flavor("CoreML", None, "coreml"),
    Flavor("OpenVino", None, "openvino"),
    Flavor("DockerFile", "Linux", "container"),
    Flavor("DockerFile", "ARM", "container"),
    Flavor("DockerFile", None, "container"),
)
PLATFORMS = tuple(dict.fromkeys(each.platform for each in FLAVORS))

_writing = threading.Lock()


def find(platform: str, flavor: str) -> Flavor | None:
    """The flavor with these names, in any case; None if there is none.

    >>> find("tensorflow", ""), find("ONNX", "ONNX9")
    (Flavor(platform='TensorFlow', flavor=None, format='tensorflow'), None)
    """
    wanted = platform.casefold(), flavor.casefold()
    known = (each for each in FLAVORS if (each.platform.casefold(), (each.flavor or "").casefold()) == wanted)
    return next(known, None)


def of_format(name: str) -> Flavor | None:
    """The flavor that a format's own files tell; None if Custom Vision has no such format."""
    return next((each for each in FLAVORS if each.format == name), None)


def format_of_flavor(flavor: str) -> str:
    """The format of a flavor, or of a platform that has none; empty if it is unknown or could be another format.

    >>> format_of_flavor("TensorFlowJs"), format_of_flavor("CoreML"), format_of_flavor("ONNX")
    ('tfjs', 'coreml', '')
    """
    if flavor == "ONNX":  # the format `onnx` is another one
        return ""
    return next((each.format for each in FLAVORS if flavor in (each.flavor, each.platform)), "")


def remember(home: Path, iteration_id: str, asked: Flavor) -> None:
    """Note that an iteration's export was asked for under this name."""
    with _writing:
        known = remembered(home, iteration_id)
        if asked not in known:
            rows = [[each.platform, each.flavor] for each in (*known, asked)]
            blobs.write(_file(home, iteration_id), json.dumps(rows).encode())


def remembered(home: Path, iteration_id: str) -> list[Flavor]:
    """The names that an iteration's exports were asked for under; what cannot be read counts as none."""
    try:
        rows = json.loads(_file(home, iteration_id).read_bytes())
        return [flavor for platform, name in rows if (flavor := find(platform, name or ""))]
    except (OSError, ValueError, TypeError, AttributeError):
        return []


def _file(home: Path, iteration_id: str) -> Path:
    return blobs.iteration_folder(home, iteration_id) / "exports" / FILE
