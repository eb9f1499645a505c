"""A LiteRT file gives the numbers of the Keras model it was converted from."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.networks import keras_backend
from cvcore.networks.conversion import litert


@pytest.mark.network
def test_a_file_by_a_frozen_graph_is_as_keras_would_write_it() -> None:
    """It has the numbers of Keras' own export, to the last digit."""
    keras_backend.prepare_backend()
    import keras
    from ai_edge_litert.interpreter import Interpreter

    pixels = keras.Input((8, 8, 3))
    scaled = keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0])(pixels)
    convolved = keras.layers.Conv2D(4, 3, activation="relu6")(keras.layers.Rescaling(1 / 127.5, -1)(scaled))
    model = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(convolved))
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)).astype(np.float32)
    outputs = []
    for content in (litert.convert(model), litert._exported(model)):
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    np.testing.assert_array_equal(*outputs)
    np.testing.assert_allclose(outputs[0], model.predict_on_batch(image), rtol=1e-5)
