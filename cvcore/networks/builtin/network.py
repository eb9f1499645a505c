"""The built-in network as Keras layers: the shapes and colours of an image; in its first edition roughness, too.

Descriptions of one image stand side by side in one embedding of 1472 numbers, in the first edition 1499:

- *shapes*, 1280: a convolutional network that was distilled from larger ones (`cvcore.distillation`). Its first
  layers are plain convolutions, which a CPU computes faster than separable ones at that size; then come inverted
  residuals (Sandler et al. 2018, https://arxiv.org/abs/1801.04381).
- *colours*, 192: how much of the image is near each of 192 colours, by a bump around each that falls to 0 at
  its radius. Square roots, because a linear classifier on them has the Hellinger kernel, which suits rare colours.
- *waves*, 27, in the first edition alone: logarithms of the mean size of 27 cosine waves, 8 x 8 pixels large, in its
  light. Beside the better shapes of the second they lowered the mean accuracy.

Every weight and constant is a float16 number, so the LiteRT file, which keeps them in 16 bits, and Keras agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHAPES, COLOURS, WAVES = 1280, 192, 27

WAVE_PX, WAVE_STEP = 8, 4

# Bring 0..255 to 0..1, and that to -1..1.
UNIT = 1 / 256
DOUBLE = 2 + 1 / 128

# Keep square roots and logarithms finite at 0.
COLOUR_FLOOR, WAVE_FLOOR = 1 / 2**14, 1 / 128

# Brings the waves to a spread of 0.5 over photographs; *shapes*, by its last weights, has 1.
WAVE_SCALE = 7 / 32

# Kernel and bias, or the kernel alone, by the layer's name; kernels as Keras lays them out.
Weights = Mapping[str, list[NDArray[Any]]]


@dataclass(frozen=True)
class Stage:
    """`repeats` layers with `channels` channels, the first with `stride`.

    They are inverted residuals with `expansion` times their channels inside, or plain 3 x 3 convolutions if
    `expansion` is 0.
    """

    expansion: int
    channels: int
    repeats: int
    stride: int


@dataclass(frozen=True)
class Edition:
    """A version of the network; `side` is its input's width and height in pixels, by which it is told from others.

    Squares of `colour_px` pixels have one colour, their mean. `colour_scale` sets the spread of the colours over
    photographs: 0.5 in the first edition and 0.25 in the second, beside 1 of *shapes*.
    """

    side: int
    stages: tuple[Stage, ...]
    colour_px: int
    colour_scale: float
    has_waves: bool = False

    @property
    def dimension(self) -> int:
        """How many numbers an embedding has."""
        return SHAPES + COLOURS + (WAVES if self.has_waves else 0)


# The first one serves iterations that were trained with it.
FIRST = Edition(
    128,
    (
        Stage(0, 16, 1, 2),
        Stage(0, 32, 1, 2),
        Stage(0, 64, 1, 2),
        Stage(3, 64, 2, 1),
        Stage(3, 112, 5, 2),
        Stage(4, 192, 2, 2),
    ),
    colour_px=2,
    colour_scale=13 / 32,
    has_waves=True,
)
CURRENT = Edition(
    160,
    (
        Stage(0, 24, 1, 2),
        Stage(0, 40, 1, 2),
        Stage(0, 80, 1, 2),
        Stage(3, 80, 2, 1),
        Stage(3, 136, 5, 2),
        Stage(4, 224, 3, 2),
    ),
    colour_px=4,
    colour_scale=13 / 64,
)
EDITIONS = (CURRENT, FIRST)
SIDE, DIMENSION = CURRENT.side, CURRENT.dimension


@dataclass(frozen=True)
class Convolution:
    """One convolution of *shapes*, batch normalisation folded in; `name` is its layer's."""

    name: str
    inputs: int
    outputs: int
    kernel_px: int = 1
    stride: int = 1
    is_depthwise: bool = False
    has_relu: bool = True


@dataclass(frozen=True)
class Block:
    """Convolutions one after another; `is_residual` adds the input to the output."""

    convolutions: tuple[Convolution, ...]
    is_residual: bool = False


def blocks(edition: Edition = CURRENT) -> list[Block]:
    """The blocks of *shapes*, from pixels to its 1280 feature maps.

    >>> [len(block.convolutions) for block in blocks()]
    [1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1]
    """
    result: list[Block] = []
    inputs = 3
    for stage in edition.stages:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            result.append(_block(len(result), stage, inputs, stride))
            inputs = stage.channels
    return [*result, Block((Convolution("top", inputs, SHAPES),))]


def build(edition: Edition = CURRENT) -> Any:
    """The network without its weights: float32 (n, side, side, 3), RGB 0..255, to (n, dimension)."""
    import keras
    from keras import layers

    pixels = keras.Input((edition.side, edition.side, 3), name="pixels")
    unit = layers.Rescaling(UNIT, name="unit")(pixels)
    parts = [_shapes(unit, edition), _colours(unit, edition)]
    if edition.has_waves:
        parts.append(_waves(unit))
    return keras.Model(pixels, layers.Concatenate(name="embedding")(parts), name="builtin")


def set_weights(model: Any, weights: Weights) -> None:
    """Set the weights of a model from `build`.

    Raises:
        ValueError, KeyError: they are of another network.
    """
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([np.asarray(array, np.float32) for array in weights[layer.name]])


def _block(number: int, stage: Stage, inputs: int, stride: int) -> Block:
    if not stage.expansion:
        return Block((Convolution(f"block{number}", inputs, stage.channels, 3, stride),))
    inner = inputs * stage.expansion
    convolutions = (
        Convolution(f"block{number}_expand", inputs, inner),
        Convolution(f"block{number}_depthwise", inner, inner, 3, stride, is_depthwise=True),
        Convolution(f"block{number}_project", inner, stage.channels, has_relu=False),
    )
    return Block(convolutions, is_residual=stride == 1 and inputs == stage.channels)


def _shapes(unit: Any, edition: Edition) -> Any:
    from keras import layers

    maps = layers.Rescaling(DOUBLE, -1, name="centred")(unit)
    for block in blocks(edition):
        before = maps
        for convolution in block.convolutions:
            maps = _convolved(convolution, maps)
        if block.is_residual:
            maps = layers.Add()([before, maps])
    return layers.GlobalAveragePooling2D(name="shapes")(maps)


def _convolved(convolution: Convolution, maps: Any) -> Any:
    from keras import layers

    if convolution.stride == 2:  # as in keras.applications: even sides are padded at their end alone
        maps = layers.ZeroPadding2D(((0, 1), (0, 1)))(maps)
    how: dict[str, Any] = {
        "kernel_size": convolution.kernel_px,
        "strides": convolution.stride,
        "padding": "valid" if convolution.stride == 2 else "same",
        "activation": "relu" if convolution.has_relu else None,
        "name": convolution.name,
    }
    if convolution.is_depthwise:
        return layers.DepthwiseConv2D(**how)(maps)
    return layers.Conv2D(convolution.outputs, **how)(maps)


def _colours(unit: Any, edition: Edition) -> Any:
    from keras import layers, ops

    # Light, red against green, and yellow against blue.
    axes = layers.Conv2D(3, 1, name="axes")(layers.AveragePooling2D(edition.colour_px)(unit))
    # 1 - |axes - colour|² / radius², which is linear in the axes and their squares.
    both = layers.Concatenate()([axes, layers.Multiply()([axes, axes])])
    bumps = layers.Conv2D(COLOURS, 1, activation="relu", name="bumps")(both)
    shares = layers.GlobalAveragePooling2D()(bumps)
    return layers.Rescaling(edition.colour_scale, name="colours")(ops.sqrt(shares + COLOUR_FLOOR))


def _waves(unit: Any) -> Any:
    from keras import layers, ops

    light = layers.Conv2D(1, 1, use_bias=False, name="light")(unit)
    sizes = ops.absolute(layers.Conv2D(WAVES, WAVE_PX, strides=WAVE_STEP, use_bias=False, name="waves")(light))
    return layers.Rescaling(WAVE_SCALE, name="roughness")(ops.log(layers.GlobalAveragePooling2D()(sizes) + WAVE_FLOOR))
