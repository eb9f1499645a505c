"""A trained network in the forms that converters take, each made once and shared by all formats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.networks.conversion import frozen_graph
from cvcore.networks.conversion.frozen_graph import INPUT, OUTPUT

__all__ = ["INPUT", "OUTPUT", "Network"]


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
        return frozen_graph.concrete_function(self.model)

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
