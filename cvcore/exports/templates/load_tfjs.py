"""Loads a TensorFlow.js model, by TensorFlow: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import json

import numpy as np

from cvcore.exports.templates.predict import HERE, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import os

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow prints errors only
    import tensorflow as tf
    from google.protobuf import json_format

    model_json = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    graph = json_format.ParseDict(model_json["modelTopology"], tf.compat.v1.GraphDef())
    nodes = {node.name: node for node in graph.node}
    numbers, offset = (HERE / "weights.bin").read_bytes(), 0
    for weight in model_json["weightsManifest"][0]["weights"]:
        array = np.frombuffer(numbers, weight["dtype"], int(np.prod(weight["shape"])), offset).reshape(weight["shape"])
        offset += array.nbytes
        nodes[weight["name"]].attr["value"].tensor.CopyFrom(
            tf.make_tensor_proto(array, nodes[weight["name"]].attr["dtype"].type)
        )
    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    model = imported.prune("Placeholder:0", "loss:0")
    return lambda images: np.asarray(model(tf.constant(images)))
