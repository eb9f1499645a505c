"""A network cut in two: a trunk that stays as it is, and a top that learns.

What the trunk makes of a picture is computed once and kept; the top, a fraction of the work, then trains on it many
times. The cut goes through one small map, where the picture is a sixteenth as wide: below it there is more to learn
that holds for all pictures, above it what is particular to these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cvcore.errors import InvalidInput

# How much narrower than the picture the map at the cut is, and how much larger than the smallest such map it may be.
NARROWER = 16
LARGER = 1.5

Tensor = Any  # Keras' own, symbolic


@dataclass(frozen=True, eq=False)
class SplitNetwork:
    """`trunk` takes pixels to a list of tensors, the first of them the map at the cut, `top` these to the embedding.

    They share their layers with the whole model: who gives `top` other weights has given them to it too. `shapes` are
    those of the tensors, without the pictures' axis.
    """

    trunk: Any
    top: Any
    shapes: tuple[tuple[int, ...], ...]


def split_at_stride_16(model: Any) -> SplitNetwork:
    """The halves of a model as `networks.keras_model` builds it.

    Raises:
        InvalidInput: there is no such map in its network.
    """
    import keras

    network = model.layers[-1]
    crossing = _crossing(network)
    lower = keras.Model(network.input, crossing)
    upper = keras.Model(crossing, network.output)
    for layer in upper.layers:
        # Few pictures tell little of how a network's numbers are spread, so what normalises them stays still.
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    pixels = model.input
    entrance = model.layers[-2].output
    inputs = [keras.Input(tensor.shape[1:]) for tensor in crossing]
    trunk = keras.Model(pixels, _listed(lower(entrance, training=False)))
    top = keras.Model(inputs, upper(inputs, training=False))
    return SplitNetwork(trunk, top, tuple(tuple(tensor.shape[1:]) for tensor in crossing))


def _crossing(network: Any) -> list[Tensor]:
    """The tensors that go from the lower half to the upper one, the map at the cut first."""
    operations = network.operations
    width = network.input.shape[1] // NARROWER
    maps = []
    for operation in operations:
        tensor = operation.output
        if not isinstance(tensor, list) and len(tensor.shape) == 4 and tensor.shape[1] == width:
            crossing = _crossing_at(operations, tensor, network.output)
            # Beside it only what is no map: else the cut would go through the middle of a block.
            if all(len(other.shape) == 2 for other in crossing[1:]):
                maps.append(crossing)
    if not maps:
        raise InvalidInput(f"a network to be tuned must have a map {width} pixels wide, {network.name} has none")
    least = min(math.prod(crossing[0].shape[1:]) for crossing in maps)
    return [crossing for crossing in maps if math.prod(crossing[0].shape[1:]) <= LARGER * least][-1]


def _crossing_at(operations: Sequence[Any], cut: Tensor, output: Tensor) -> list[Tensor]:
    """What is made below a cut and used above it, where above is all that follows from the tensor at the cut."""
    above = {id(cut)}
    crossing = {id(cut): cut}
    for operation in operations:
        inputs = _listed(operation.input)
        if any(id(each) in above for each in inputs):
            above.update(id(each) for each in _listed(operation.output))
            crossing.update({id(each): each for each in inputs if id(each) not in above})
    return list(crossing.values()) if id(output) in above else [cut, *_listed(output)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
