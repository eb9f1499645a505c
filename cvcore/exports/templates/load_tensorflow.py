"""Loads a frozen graph: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import os

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow prints errors only
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString((HERE / "model.pb").read_bytes())
    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    model = imported.prune("Placeholder:0", "loss:0")
    return lambda images: np.asarray(model(tf.constant(images)))
