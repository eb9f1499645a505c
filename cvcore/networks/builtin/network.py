"""The built-in network as Keras layers: the shapes, colours and roughness of an image.

Three descriptions of one image of 128 x 128 pixels stand side by side in one embedding of 1499 numbers:

- *shapes*, 1280: a convolutional network that was distilled from MobileNetV2 (`student`). Its first layers
  are plain convolutions, which a CPU computes faster than separable ones at that size; then come inverted
  residuals (Sandler et al. 2018, https://arxiv.org/abs/1801.04381).
- *colours*, 192: how much of the image is near each of 192 colours, by a bump around each that falls to 0 at
  its radius. Square roots, because a linear classifier on them has the Hellinger kernel, which suits rare colours.
- *waves*, 27: logarithms of the mean size of 27 cosine waves, 8 x 8 pixels large, in its light.

The last two take about a fifth of the time and help most where there are few images and tags differ in colour.

Every weight and constant is a float16 number, so the LiteRT file, which keeps them in 16 bits, and Keras agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 128
SHAPES, COLOURS, WAVES = 1280, 192, 27
DIMENSION = SHAPES + COLOURS + WAVES

WAVE_PX, WAVE_STEP = 8, 4

# Bring 0..255 to 0..1, and that to -1..1.
UNIT = 1 / 256
DOUBLE = 2 + 1 / 128

# Keep square roots and logarithms finite at 0.
COLOUR_FLOOR, WAVE_FLOOR = 1 / 2**14, 1 / 128

# Bring the two to spreads of 0.5 each over photographs; *shapes*, by its last weights, has 1. So no description
# dominates the others.
COLOUR_SCALE, WAVE_SCALE = 13 / 32, 7 / 32

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


STAGES = (
    Stage(0, 16, 1, 2),
    Stage(0, 32, 1, 2),
    Stage(0, 64, 1, 2),
    Stage(3, 64, 2, 1),
    Stage(3, 112, 5, 2),
    Stage(4, 192, 2, 2),
)


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


def blocks() -> list[Block]:
    """The blocks of *shapes*, from pixels to its 1280 feature maps.

    >>> [len(block.convolutions) for block in blocks()]
    [1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1]
    """
    result: list[Block] = []
    inputs = 3
    for stage in STAGES:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            result.append(_block(len(result), stage, inputs, stride))
            inputs = stage.channels
    return [*result, Block((Convolution("top", inputs, SHAPES),))]


def build() -> Any:
    """The network without its weights: float32 (n, 128, 128, 3), RGB 0..255, to (n, 1499)."""
    import keras
    from keras import layers

    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    unit = layers.Rescaling(UNIT, name="unit")(pixels)
    parts = [_shapes(unit), _colours(unit), _waves(unit)]
    return keras.Model(pixels, layers.Concatenate(name="embedding")(parts), name="builtin")


def set_weights(model: Any, weights: Weights) -> None:
    """Set the weights of a model from `build`.

    Raises:
        ValueError, KeyError: they are of another network.
    """
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([np.asarray(array, np.float32) for array in weights[layer.name]])


def cosine_waves() -> NDArray[np.float32]:
    """The kernel of *waves*, (8, 8, 1, 27): the low waves of the discrete cosine transform, without the constant."""
    frequencies = np.arange(WAVE_PX)
    lines = np.cos(np.pi / WAVE_PX * np.outer(frequencies, np.arange(WAVE_PX) + 0.5)) * np.sqrt(2 / WAVE_PX)
    lines[0] /= np.sqrt(2)
    pairs = sorted((y + x, y, x) for y in frequencies for x in frequencies if y + x)[:WAVES]
    return np.stack([np.outer(lines[y], lines[x]) for _, y, x in pairs], axis=-1)[:, :, None].astype(np.float32)


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


def _shapes(unit: Any) -> Any:
    from keras import layers

    maps = layers.Rescaling(DOUBLE, -1, name="centred")(unit)
    for block in blocks():
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


def _colours(unit: Any) -> Any:
    from keras import layers, ops

    # Light, red against green, and yellow against blue, at half the size.
    axes = layers.Conv2D(3, 1, name="axes")(layers.AveragePooling2D(2)(unit))
    # 1 - |axes - colour|² / radius², which is linear in the axes and their squares.
    both = layers.Concatenate()([axes, layers.Multiply()([axes, axes])])
    bumps = layers.Conv2D(COLOURS, 1, activation="relu", name="bumps")(both)
    shares = layers.GlobalAveragePooling2D()(bumps)
    return layers.Rescaling(COLOUR_SCALE, name="colours")(ops.sqrt(shares + COLOUR_FLOOR))


def _waves(unit: Any) -> Any:
    from keras import layers, ops

    light = layers.Conv2D(1, 1, use_bias=False, name="light")(unit)
    sizes = ops.absolute(layers.Conv2D(WAVES, WAVE_PX, strides=WAVE_STEP, use_bias=False, name="waves")(light))
    return layers.Rescaling(WAVE_SCALE, name="roughness")(ops.log(layers.GlobalAveragePooling2D()(sizes) + WAVE_FLOOR))
