"""The list of formats, and the message where one cannot be made."""

from __future__ import annotations

import sys

import pytest

from cvcore.errors import InvalidInput, Unavailable
from cvcore.exports import formats
from cvcore.exports.scripts import TEMPLATES


def test_the_formats_are_those_of_the_contract() -> None:
    """Scripts ask for these names."""
    assert formats.NAMES == (
        *("keras", "savedmodel", "tensorflow", "tflite", "tflite-fp16", "tflite-int8"),
        *("onnx", "onnx-nchw", "onnx-fp16", "openvino", "tfjs", "coreml", "container"),
    )


@pytest.mark.parametrize("each", formats.FORMATS, ids=formats.NAMES)
def test_every_format_can_be_tried(each: formats.Format) -> None:
    """What it copies from the templates is there, a `load_model` for predict.py above all."""
    assert all((TEMPLATES / name).is_file() for name in (each.loader, *each.files))


def test_an_unknown_format_is_refused() -> None:
    """The message lists the formats there are."""
    with pytest.raises(InvalidInput) as refusal:
        formats.find("pickle")
    assert f"the format must be one of {', '.join(formats.NAMES)}, got 'pickle'" == str(refusal.value)


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("onnx", ["onnx", "onnxruntime", "tf2onnx"]),
        ("OnnxFloat16", ["onnx", "onnxruntime", "tf2onnx"]),
        ("openvino", ["openvino"]),
        ("coreml", ["coremltools"]),
    ],
)
def test_what_is_not_installed_is_named(name: str, packages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A heavy converter's absence is one sentence that says what to install."""
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Unavailable) as refusal:
        formats.find(name)
    assert (
        f"the {formats.by_name(name).name} export needs packages that are not installed ({', '.join(packages)}): "
        "install Tagwise with its extra `export`"
    ) == str(refusal.value)
