"""Loads a LiteRT model: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Floats, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(HERE / "model.tflite"))
    interpreter.allocate_tensors()
    pixels = interpreter.get_input_details()[0]["index"]
    probabilities = interpreter.get_output_details()[0]["index"]

    def run(images: Floats) -> Floats:
        interpreter.set_tensor(pixels, images)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(probabilities))

    return run
