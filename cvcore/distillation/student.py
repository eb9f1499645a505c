"""The student in PyTorch: the convolutions of the built-in network, and the layers that predict the teachers' answers.

PyTorch, because the teachers come as its weights and because it is what the shipped network was made with. The layers
are read from `cvcore.networks.builtin.network`, so they stand in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvcore.distillation.crops import Tensor
from cvcore.networks.builtin import network
from cvcore.networks.builtin.network import CURRENT, Edition


def build(edition: Edition, dimensions: Mapping[str, tuple[int, int]]) -> Any:
    """An untrained student: its convolutions, each with batch normalisation, and two layers for each teacher."""
    from torch import nn

    layers = nn.ModuleDict()
    for convolution in (each for block in network.blocks(edition) for each in block.convolutions):
        layers[convolution.name] = nn.Sequential(
            nn.Conv2d(
                convolution.inputs,
                convolution.outputs,
                convolution.kernel_px,
                convolution.stride,
                padding=0 if convolution.stride == 2 else convolution.kernel_px // 2,
                groups=convolution.inputs if convolution.is_depthwise else 1,
                bias=False,
            ),
            nn.BatchNorm2d(convolution.outputs, eps=1e-3, momentum=0.03),
        )
    for name, (pooled, axes) in dimensions.items():
        layers[f"{name}_pooled"] = nn.Linear(network.SHAPES, pooled)
        layers[f"{name}_maps"] = nn.Conv2d(network.SHAPES, axes, 1)
    return layers


def feature_maps(layers: Any, pixels: Tensor, edition: Edition = CURRENT) -> Tensor:
    """The last feature maps, at stride 32, for pixels -1..1, (n, 3, side, side)."""
    from torch.nn import functional

    maps = pixels
    for block in network.blocks(edition):
        before = maps
        for convolution in block.convolutions:
            if convolution.stride == 2:  # as `network` pads
                maps = functional.pad(maps, (0, 1, 0, 1))
            maps = layers[convolution.name](maps)
            if convolution.has_relu:
                maps = functional.relu(maps)
        if block.is_residual:
            maps = before + maps
    return maps


def answers(
    layers: Any, pixels: Tensor, names: list[str], edition: Edition = CURRENT
) -> dict[str, tuple[Tensor, Tensor]]:
    """What the student says that each teacher answers: its embedding and its maps, both standardised."""
    maps = feature_maps(layers, pixels, edition)
    pooled = maps.mean((2, 3))
    return {name: (layers[f"{name}_pooled"](pooled), layers[f"{name}_maps"](maps)) for name in names}


def view(crops: Tensor, side: int) -> Tensor:
    """Crops, RGB 0..255, as the student takes them: `side` pixels a side, -1..1."""
    import torch
    from torch.nn import functional

    resized = functional.interpolate(crops, (side, side), mode="bilinear", antialias=True)
    return (resized / 127.5 - 1).contiguous(memory_format=torch.channels_last)
