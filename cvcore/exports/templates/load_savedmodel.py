"""Loads a SavedModel: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Floats, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import os

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow prints errors only
    import tensorflow as tf

    model = tf.saved_model.load(str(HERE)).signatures["serving_default"]

    def run(images: Floats) -> Floats:
        (probabilities,) = model(tf.constant(images)).values()
        return np.asarray(probabilities)

    return run
