"""Loads an OpenVINO model: an export's predict.py gets this `load_model` in place of its own.

predict.py has the same imports, so only the function is copied.
"""

from __future__ import annotations

import numpy as np

from cvcore.exports.templates.predict import HERE, Model


def load_model() -> Model:
    """The model as a function: one image, (1, side, side, 3), to the probability of each tag, (1, tags)."""
    import sys

    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # no reports to Intel
    import openvino

    # Without the hint a processor may compute with 8 bits of precision, and differ.
    model = openvino.compile_model(str(HERE / "model.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda images: np.asarray(model(images)[0])
