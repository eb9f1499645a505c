"""Custom Vision's names: which format each is, and which were asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore.exports import flavors, formats
from cvcore.exports.flavors import Flavor
from cvcore.files import blobs


def test_every_flavor_is_one_of_our_formats() -> None:
    """Each flavor leads to a format that there is, and each format but Tagwise's own two has a name there."""
    assert {each.format for each in flavors.FLAVORS} <= set(formats.NAMES)
    assert ["keras", "tflite-int8", "onnx"] == [name for name in formats.NAMES if not flavors.of_format(name)]


@pytest.mark.parametrize(
    ("flavor", "name"),
    [
        ("TensorFlow", "tensorflow"),
        ("TensorFlowNormal", "tensorflow"),
        ("TensorFlowSavedModel", "savedmodel"),
        ("TensorFlowLiteFloat16", "tflite-fp16"),
        ("ONNX12", "onnx-nchw"),
        ("OnnxFloat16", "onnx-fp16"),
        ("OpenVino", "openvino"),
        ("DockerFile", "container"),
        ("onnx", "onnx"),
    ],
)
def test_a_format_is_found_by_its_flavor(flavor: str, name: str) -> None:
    """`tagwise export` takes Custom Vision's names as well as ours."""
    assert name == formats.by_name(flavor).name


def test_a_platform_alone_is_its_first_flavor() -> None:
    """Without a flavor TensorFlow is the graph in model.pb, as in Custom Vision; in any case."""
    assert Flavor("TensorFlow", None, "tensorflow") == flavors.find("tensorflow", "")
    assert Flavor("ONNX", "OnnxFloat16", "onnx-fp16") == flavors.find("onnx", "ONNXFLOAT16")
    assert flavors.find("TensorFlow", "ONNX12") is None


def test_what_was_asked_for_is_remembered_once(tmp_path: Path) -> None:
    """Two names of one format are both kept, in their order."""
    plain, normal = flavors.find("TensorFlow", ""), flavors.find("TensorFlow", "TensorFlowNormal")
    assert plain
    assert normal
    for asked in (plain, normal, plain):
        flavors.remember(tmp_path, "one", asked)
    assert [plain, normal] == flavors.remembered(tmp_path, "one")
    assert [] == flavors.remembered(tmp_path, "another")


@pytest.mark.parametrize(
    "content", [b"", b"no JSON", b"{}", b"[1]", b'[["TensorFlow"]]', b'[["Abacus", null]]', b"null"]
)
def test_a_damaged_note_counts_as_none(tmp_path: Path, content: bytes) -> None:
    """It holds names for a list only, so nothing fails without it."""
    blobs.write(blobs.iteration_folder(tmp_path, "one") / "exports" / flavors.FILE, content)
    assert [] == flavors.remembered(tmp_path, "one")
