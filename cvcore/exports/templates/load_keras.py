"""Loads a Keras model: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import os

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow prints errors only
    import keras

    model = keras.saving.load_model(HERE / "model.keras", compile=False)
    return lambda images: np.asarray(model.predict_on_batch(images))
