"""A network split in two: a trunk whose layers stay frozen, and a top whose layers are fine-tuned.

The trunk's features of an image are computed once and kept. The top, a fraction of the work, then trains on them many
times. The network is split at its last small feature map at stride 16: the layers below it are generic and stay
frozen, the layers above it are specific to the images and are fine-tuned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cvcore.errors import InvalidInput
from cvcore.languages import t
from cvcore.networks import views as composed

# The stride of the feature map at the split, and how much larger than the smallest such map it can be.
STRIDE = 16
SIZE_MOST = 1.5

Tensor = Any  # Keras' own, symbolic


@dataclass(frozen=True, eq=False)
class SplitNetwork:
    """The two parts: `trunk` takes pixels to a list of tensors, `top` takes these to the embedding.

    The first tensor is the feature map at the split. Both parts share their layers with the model, so setting weights
    in `top` sets them in the model too. `shapes` are the tensors' shapes without the axis of images. The model's
    embedding is the mean over `views` of the image; of all views, `trunk` and `top` take one. With `has_second` the
    last tensor is a second network's embedding of the image itself, whichever view the others are of.
    """

    trunk: Any
    top: Any
    shapes: tuple[tuple[int, ...], ...]
    views: int = 1
    has_second: bool = False


def split_model(model: Any, name: str) -> SplitNetwork:
    """Split a model that `architectures.keras_model` built by this name at stride 16; of a composed one the first.

    Raises:
        InvalidInput: that network has no feature map at stride 16.
    """
    composition = composed.parse(name)
    if composition is None:
        return split_at_stride_16(model)
    first, second = composed.networks_of(model, composition)
    alone = replace(split_at_stride_16(first), views=composition.views)
    return alone if second is None else _beside(alone, model.input, second)


def _beside(alone: SplitNetwork, pixels: Tensor, second: Tensor) -> SplitNetwork:
    """The split network with a second one's embedding, computed of the same pixels, beside its own."""
    import keras

    trunk = keras.Model(pixels, [*listed(alone.trunk(pixels)), second])
    shapes = (*alone.shapes, tuple(second.shape[1:]))
    inputs = [keras.Input(shape) for shape in shapes]
    joined = composed.beside(alone.top(inputs[:-1]), inputs[-1])
    return SplitNetwork(trunk, keras.Model(inputs, joined), shapes, alone.views, has_second=True)


def split_at_stride_16(model: Any) -> SplitNetwork:
    """Split the model of a single network.

    Raises:
        InvalidInput: its network has no feature map at stride 16.
    """
    import keras

    network = model.layers[-1]
    crossing = _crossing(network)
    lower = keras.Model(network.input, crossing)
    upper = keras.Model(crossing, network.output)
    _thaw(upper)
    pixels = model.input
    preprocessed = model.layers[-2].output
    inputs = [keras.Input(tensor.shape[1:]) for tensor in crossing]
    trunk = keras.Model(pixels, listed(lower(preprocessed, training=False)))
    top = keras.Model(inputs, upper(inputs, training=False))
    return SplitNetwork(trunk, top, tuple(tuple(tensor.shape[1:]) for tensor in crossing))


def split_at_pixels(model: Any) -> SplitNetwork:
    """The trunk passes the pixels on, so that the whole network is fine-tuned: several times the work of its top.

    Advanced training does not use it yet, `tests/bench/gpu.py` measures whether it is worth it on a GPU.
    """
    import keras

    _thaw(model.layers[-1])
    shape = model.input.shape[1:]
    pixels, inputs = keras.Input(shape), [keras.Input(shape)]
    trunk = keras.Model(pixels, [keras.layers.Identity()(pixels)])
    return SplitNetwork(trunk, keras.Model(inputs, model(inputs[0], training=False)), (tuple(shape),))


def _thaw(network: Any) -> None:
    """Let all layers be trained but batch normalisation: few images are too few to estimate means and variances."""
    from keras.layers import BatchNormalization

    for layer in network.layers:
        layer.trainable = not isinstance(layer, BatchNormalization)


def _crossing(network: Any) -> list[Tensor]:
    """The tensors that go from the lower part to the upper one, the feature map at the split first."""
    operations = network.operations
    width = network.input.shape[1] // STRIDE
    maps = []
    for operation in operations:
        tensor = operation.output
        if not isinstance(tensor, list) and len(tensor.shape) == 4 and tensor.shape[1] == width:
            crossing = _crossing_at(operations, tensor, network.output)
            # A second map that crosses would mean that the split is in the middle of a block.
            if all(len(other.shape) == 2 for other in crossing[1:]):
                maps.append(crossing)
    if not maps:
        raise InvalidInput(
            t(
                "fine-tuning needs a network with a feature map {width} pixels wide, {network} has none: choose "
                "another domain",
                width=width,
                network=network.name,
            )
        )
    smallest = min(math.prod(crossing[0].shape[1:]) for crossing in maps)
    return [crossing for crossing in maps if math.prod(crossing[0].shape[1:]) <= SIZE_MOST * smallest][-1]


def _crossing_at(operations: Sequence[Any], split: Tensor, output: Tensor) -> list[Tensor]:
    """The tensors that are computed below a split and used above it, the one at the split first.

    An operation is above the split if it depends on the tensor `split`.
    """
    above = {id(split)}
    crossing = {id(split): split}
    for operation in operations:
        inputs = listed(operation.input)
        if any(id(tensor) in above for tensor in inputs):
            above.update(id(tensor) for tensor in listed(operation.output))
            crossing.update({id(tensor): tensor for tensor in inputs if id(tensor) not in above})
    return list(crossing.values()) if id(output) in above else [split, *listed(output)]


def listed(value: Any) -> list[Any]:
    """What a Keras model takes or gives: a list also where it is one tensor alone."""
    return list(value) if isinstance(value, list | tuple) else [value]
