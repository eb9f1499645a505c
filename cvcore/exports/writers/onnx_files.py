"""Writes a network as ONNX, in Tagwise's plain form and in Custom Vision's, and for OpenVINO."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from cvcore.exports.writers.network import INPUT, OUTPUT, Network

# What programs for Custom Vision's models ask for before they fill the input.
PIXELS = {
    "Image.BitmapPixelFormat": "Rgb8",
    "Image.ColorSpaceGamma": "SRGB",
    "Image.NominalPixelRange": "NominalRange_0_255",
}


def write(network: Network, folder: Path) -> None:
    """Write model.onnx: `pixels`, (n, side, side, 3), to `probabilities`."""
    _save(_converted(network, {INPUT: "pixels", OUTPUT: "probabilities"}), folder)


def write_nchw(network: Network, folder: Path) -> None:
    """Write model.onnx as Custom Vision does: `data`, (n, 3, side, side), to `model_output`."""
    _save(_channels_first(network), folder)


def write_nchw_float16(network: Network, folder: Path) -> None:
    """Write the same with 16-bit floats inside; input and output keep 32, so that programs need no change."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    _save(convert_float_to_float16(_channels_first(network), keep_io_types=True), folder)


def write_openvino(network: Network, folder: Path) -> None:
    """Write model.xml and model.bin for OpenVINO, which reads TensorFlow's graph."""
    # Without this package OpenVINO sends no usage reports to Intel.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    with tempfile.TemporaryDirectory() as scratch:
        frozen = Path(scratch) / "model.pb"
        frozen.write_bytes(network.graph.SerializeToString())
        openvino.save_model(openvino.convert_model(frozen), folder / "model.xml", compress_to_fp16=False)


def _channels_first(network: Network) -> Any:
    return _converted(network, {INPUT: "data", OUTPUT: "model_output"}, inputs_as_nchw=[f"{INPUT}:0"])


def _converted(network: Network, names: dict[str, str], **options: Any) -> Any:
    """ONNX' ModelProto of the network, with input and output renamed."""
    import tf2onnx

    model, _ = tf2onnx.convert.from_graph_def(
        network.graph, input_names=[f"{INPUT}:0"], output_names=[f"{OUTPUT}:0"], **options
    )
    new = {f"{name}:0": new_name for name, new_name in names.items()}
    for value in (*model.graph.input, *model.graph.output):
        value.name = new.get(value.name, value.name)
        value.type.tensor_type.shape.dim[0].dim_param = "images"
    for node in model.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    for key, text in PIXELS.items():
        model.metadata_props.add(key=key, value=text)
    return model


def _save(model: Any, folder: Path) -> None:
    (folder / "model.onnx").write_bytes(model.SerializeToString())
