"""A trained network in the forms that converters take, each made once and shared by all formats."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The names that Custom Vision gives to the input and the output.
INPUT, OUTPUT = "Placeholder", "loss"


@dataclass(frozen=True, eq=False)
class Network:
    """A classifier: RGB 0..255, float32 (n, side, side, 3), to the probabilities of its tags, (n, tags).

    `model` is for Keras. `pixels`, uint8 (images, side, side, 3), are examples of its input; `labels` are its tags.
    """

    model: Any
    pixels: NDArray[np.uint8]
    labels: tuple[str, ...]

    @property
    def side(self) -> int:
        """The width and height of its input."""
        return int(self.pixels.shape[1])

    @cached_property
    def function(self) -> Any:
        """TensorFlow's concrete function of it, with its weights as constants."""
        import tensorflow as tf
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        shape = tf.TensorSpec((None, *self.pixels.shape[1:]), tf.float32, name=INPUT)
        with _normalization_as_numbers(self.model):
            traced = tf.function(lambda images: tf.identity(self.model(images, training=False), name=OUTPUT))
            return convert_variables_to_constants_v2(traced.get_concrete_function(shape))

    @cached_property
    def graph(self) -> Any:
        """TensorFlow's GraphDef of it, with the nodes that the output needs and no others."""
        import tensorflow as tf

        graph = self.function.graph.as_graph_def()
        for node in graph.node:
            data = [name for name in node.input if not name.startswith("^")]  # a ^ marks an order, not a value
            node.ClearField("input")
            node.input.extend(data)
        graph.ClearField("library")  # all functions have been inlined
        return tf.compat.v1.graph_util.extract_sub_graph(graph, [OUTPUT])


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
