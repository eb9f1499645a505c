"""Loads an ONNX model: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"))
    pixels = session.get_inputs()[0].name
    return lambda images: np.asarray(session.run(None, {pixels: images})[0])
