"""Keras models as functions of TensorFlow whose weights are constants, the form that converters take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

# The names that Custom Vision gives to the input and the output.
INPUT, OUTPUT = "Placeholder", "loss"


def concrete_function(model: Any) -> Any:
    """TensorFlow's concrete function of a Keras model with one input of 32-bit floats and one output.

    The model must have been built with Keras on TensorFlow.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    shape = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=INPUT)
    with _normalization_as_numbers(model):
        traced = tf.function(lambda images: tf.identity(model(images, training=False), name=OUTPUT))
        return convert_variables_to_constants_v2(traced.get_concrete_function(shape))


@contextlib.contextmanager
def _normalization_as_numbers(model: Any) -> Iterator[None]:
    """A block in which EfficientNet's mean and variance are arrays: as tensors they would become inputs of a graph."""
    import keras

    layers = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Normalization)]
    tensors = [(layer.mean, layer.variance) for layer in layers]
    for layer in layers:
        layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)
    try:
        yield
    finally:
        for layer, (mean, variance) in zip(layers, tensors, strict=True):
            layer.mean, layer.variance = mean, variance
