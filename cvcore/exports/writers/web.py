"""Writes a network for TensorFlow.js, for browsers and Node.js, without TensorFlow.js' own converter.

That converter needs packages which no longer go together with today's TensorFlow. What it writes is simple: the graph
as JSON, and the constants' numbers in a file beside it.
https://github.com/tensorflow/tfjs/blob/master/tfjs-converter/python/tensorflowjs/converters/tf_saved_model_conversion_v2.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.exports.writers.network import INPUT, OUTPUT, Network
from cvcore.exports.writers.onnx_files import PIXELS

WEIGHTS = "weights.bin"


def write_tfjs(network: Network, folder: Path) -> None:
    """Write model.json, a graph model, and weights.bin."""
    import tensorflow as tf
    from google.protobuf import json_format

    graph = tf.compat.v1.GraphDef()
    graph.CopyFrom(network.graph)
    numbers: list[NDArray[Any]] = []
    weights: list[dict[str, Any]] = []
    for node in graph.node:
        if node.op == "Const":
            array = _storable(tf.make_ndarray(node.attr["value"].tensor))
            numbers.append(array)
            weights.append({"name": node.name, "shape": list(array.shape), "dtype": str(array.dtype)})
            node.attr["value"].tensor.CopyFrom(_empty(node.attr["value"].tensor))
    (folder / WEIGHTS).write_bytes(b"".join(array.tobytes() for array in numbers))
    model = {
        "format": "graph-model",
        "convertedBy": "Tagwise",
        "generatedBy": tf.__version__,
        "modelTopology": json_format.MessageToDict(graph),
        "signature": {
            "inputs": {INPUT: _tensor(f"{INPUT}:0", -1, network.side, network.side, 3)},
            "outputs": {OUTPUT: _tensor(f"{OUTPUT}:0", -1, len(network.labels))},
        },
        "userDefinedMetadata": PIXELS,
        "weightsManifest": [{"paths": [WEIGHTS], "weights": weights}],
    }
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")


def _storable(array: NDArray[Any]) -> NDArray[Any]:
    """The numbers in a type that TensorFlow.js has."""
    return array.astype(np.int32) if array.dtype == np.int64 else array


def _empty(tensor: Any) -> Any:
    """A tensor's type and shape without its numbers."""
    return type(tensor)(dtype=tensor.dtype, tensor_shape=tensor.tensor_shape)


def _tensor(name: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": str(size)} for size in shape]}}
