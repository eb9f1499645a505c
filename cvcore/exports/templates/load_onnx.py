"""Loads an ONNX model: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Floats, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"))
    (pixels,) = session.get_inputs()
    channels_first = pixels.shape[1] == 3

    def run(images: Floats) -> Floats:
        ordered = images.transpose(0, 3, 1, 2) if channels_first else images
        return np.asarray(session.run(None, {pixels.name: ordered})[0])

    return run
