"""Loads a Core ML model, on a Mac: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from cvcore.exports.templates.predict import HERE, Floats, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import coremltools

    tags = (HERE / "labels.txt").read_text(encoding="utf-8").splitlines()
    model = coremltools.models.MLModel(str(HERE / "model.mlmodel"))

    def run(images: Floats) -> Floats:
        image = Image.fromarray(images[0].round().astype(np.uint8))
        probabilities = model.predict({"data": image})["loss"]
        return np.array([[probabilities[tag] for tag in tags]], np.float32)

    return run
