"""The student: a small network that is trained to give the teacher's outputs for a crop.

The teacher's embedding, its last feature maps and its maps at stride 16 are each predicted by one linear layer, with
mean squared errors of standardised values; so are its ImageNet classes (Hinton et al. 2015,
https://arxiv.org/abs/1503.02531; for maps Romero et al. 2015, https://arxiv.org/abs/1412.6550). Maps hold at
least sixteen times as many numbers about a crop as the embedding alone, so it learns from few photos in few passes.
Crops grow during training, from 96 to 128 px (Tan & Le 2021, https://arxiv.org/abs/2104.00298), because small ones are
faster. The result is the average of its weights over the last passes.

It is written in PyTorch, which trains such a network several times as fast as TensorFlow on a CPU.
"""

from __future__ import annotations

import copy
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from cvcore.distillation import crops
from cvcore.networks.builtin import network

BATCH = 64
RATE, RATE_LEAST, WARM_UP_STEPS = 2e-3, 0.01, 500
DECAY = 0.02
AVERAGED = 0.9995
GRADIENT_MOST = 2.0

# The side of the crops up to each share of the time.
GROWTH = ((0.4, 96), (0.7, 112), (1.0, network.SIDE))

# The weight of each of the teacher's outputs in the loss.
POOLED, TOP, MIDDLE, CLASSES = 1.0, 0.5, 0.3, 0.2

CHECKPOINT_S = 180
PRINT_STEPS = 500

# The last block at stride 16, whose feature maps are compared with the teacher's.
MIDDLE_BLOCK = 9


def build() -> Any:
    """An untrained student: its convolutions, each with batch normalisation, and the layers that predict outputs."""
    from torch import nn

    layers = nn.ModuleDict()
    for convolution in (layer for block in network.blocks() for layer in block.convolutions):
        padding = 0 if convolution.stride == 2 else convolution.kernel_px // 2
        groups = convolution.inputs if convolution.is_depthwise else 1
        layers[convolution.name] = nn.Sequential(
            nn.Conv2d(
                convolution.inputs,
                convolution.outputs,
                convolution.kernel_px,
                convolution.stride,
                padding,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(convolution.outputs, eps=1e-3, momentum=0.03),
        )
    middle = network.blocks()[MIDDLE_BLOCK].convolutions[-1].outputs
    layers["says_middle"] = nn.Conv2d(middle, crops.MIDDLE_CHANNELS, 1)
    layers["says_top"] = nn.Conv2d(network.SHAPES, crops.TOP_AXES, 1)
    layers["says_pooled"] = nn.Linear(network.SHAPES, crops.POOLED)
    return layers


def feature_maps(layers: Any, pixels: Any) -> tuple[Any, Any]:
    """The feature maps at stride 16 and the last ones, at stride 32, for pixels -1..1, (n, 3, side, side)."""
    from torch.nn import functional

    middle, maps = None, pixels
    for number, block in enumerate(network.blocks()):
        before = maps
        for convolution in block.convolutions:
            if convolution.stride == 2:
                maps = functional.pad(maps, (0, 1, 0, 1))
            maps = layers[convolution.name](maps)
            if convolution.has_relu:
                maps = functional.relu(maps, inplace=True)
        if block.is_residual:
            maps = before + maps
        if number == MIDDLE_BLOCK:
            middle = maps
    return middle, maps


def train(folder: Path, hours: float) -> None:
    """Train a student on the crops in a folder, for `hours` hours in total; one that was stopped resumes."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    layers = build().to(device, memory_format=torch.channels_last)
    averaged = copy.deepcopy(layers)
    kernels = [parameter for parameter in layers.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in layers.parameters() if parameter.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, RATE, betas=(0.9, 0.99))
    step, spent_s = _resume(folder, device, layers, averaged, optimiser)
    data = _Data(folder, device, seed=step)
    started = saved = time.monotonic()
    while (done := min(1.0, (spent_s + time.monotonic() - started) / (3600 * hours))) < 1:
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP_STEPS) * _cooling(done)
        side = next(side for until, side in GROWTH if done <= until)
        loss = data.loss(layers, *data.batch(side))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), GRADIENT_MOST)
        optimiser.step()
        step += 1
        _average(averaged, layers, min(AVERAGED, (step + 1) / (step + 20)))
        if step % PRINT_STEPS == 0:
            print(f"{done:.1%}, {step * BATCH:,} crops, {side} px, loss {loss.item():.3f}", flush=True)
        if time.monotonic() - saved > CHECKPOINT_S:
            saved = time.monotonic()
            _save(folder, layers, averaged, optimiser, step, spent_s + saved - started)
    _save(folder, layers, averaged, optimiser, step, spent_s + time.monotonic() - started)


class _Data:
    """Batches of crops and the teacher's outputs, in a new order each pass, and the student's loss on them."""

    def __init__(self, folder: Path, device: str, seed: int) -> None:
        import torch

        names = ("pixels", "pooled", "top", "middle")
        self._arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in names]
        with np.load(folder / "teacher.npz") as teacher:
            self._teacher = {name: torch.tensor(teacher[name], device=device) for name in teacher.files}
        self._device, self._rng = device, np.random.default_rng(seed)
        self._order = np.empty(0, np.intp)

    def batch(self, side: int) -> tuple[Any, ...]:
        """Pixels -1..1 with `side` pixels per side, with the teacher's embedding, last maps and maps at stride 16."""
        import torch
        from torch.nn import functional

        if len(self._order) < BATCH:
            self._order = self._rng.permutation(len(self._arrays[0]))
        rows, self._order = np.sort(self._order[:BATCH]), self._order[BATCH:]
        loaded = [torch.from_numpy(array[rows]).to(self._device).float() for array in self._arrays]
        pixels, pooled, top, middle = (tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor for tensor in loaded)
        pixels = pixels / 127.5 - 1
        if side != network.SIDE:
            pixels = functional.interpolate(pixels, (side, side), mode="bilinear", antialias=True)
        mirrored = torch.from_numpy(self._rng.random((BATCH, 1, 1, 1)) < 0.5).to(self._device)
        pixels, top, middle = (torch.where(mirrored, maps.flip(3), maps) for maps in (pixels, top, middle))
        return pixels.contiguous(memory_format=torch.channels_last), pooled, top, middle

    def loss(self, layers: Any, pixels: Any, pooled: Any, top: Any, middle: Any) -> Any:
        """The student's loss; each of its parts is 1 if the student always predicts the mean."""
        import torch
        from torch.nn import functional

        teacher = self._teacher
        with torch.autocast(self._device, torch.bfloat16):
            middle_maps, last_maps = feature_maps(layers, pixels)
            student_middle = layers["says_middle"](middle_maps)
            student_top = layers["says_top"](last_maps)
            student_pooled = layers["says_pooled"](last_maps.mean((2, 3)))
        student_middle, student_top = _resized(student_middle, crops.MIDDLE), _resized(student_top, crops.TOP)
        student_pooled = student_pooled.float()
        teacher_middle = (middle - teacher["middle_mean"][:, None, None]) / teacher["middle_spread"][:, None, None]
        teacher_pooled = (pooled - teacher["pooled_mean"]) / teacher["pooled_spread"]
        student_embedding = student_pooled * teacher["pooled_spread"] + teacher["pooled_mean"]
        student_classes = student_embedding @ teacher["kernel"] + teacher["bias"]
        teacher_classes = pooled @ teacher["kernel"] + teacher["bias"]
        return (
            POOLED * functional.mse_loss(student_pooled, teacher_pooled)
            + TOP * functional.mse_loss(student_top, top / teacher["top_spread"])
            + MIDDLE * functional.mse_loss(student_middle, teacher_middle)
            + CLASSES
            * functional.kl_div(
                functional.log_softmax(student_classes, -1),
                functional.softmax(teacher_classes, -1),
                reduction="batchmean",
            )
        )


def _resized(maps: Any, cells: int) -> Any:
    """Feature maps of a smaller crop, resized to the teacher's."""
    from torch.nn import functional

    maps = maps.float()
    return maps if maps.shape[2] == cells else functional.interpolate(maps, (cells, cells), mode="bilinear")


def _cooling(done: float) -> float:
    return RATE_LEAST + (1 - RATE_LEAST) * (1 + math.cos(math.pi * done)) / 2


def _average(averaged: Any, layers: Any, share: float) -> None:
    import torch

    with torch.no_grad():
        for mean, new in zip(averaged.state_dict().values(), layers.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(new, 1 - share)
            else:
                mean.copy_(new)


def _save(folder: Path, layers: Any, averaged: Any, optimiser: Any, step: int, spent_s: float) -> None:
    import torch

    state = {"layers": layers.state_dict(), "averaged": averaged.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save(state | {"step": step, "spent_s": spent_s}, folder / "student.pt.new")
    (folder / "student.pt.new").replace(folder / "student.pt")


def _resume(folder: Path, device: str, layers: Any, averaged: Any, optimiser: Any) -> tuple[int, float]:
    import torch

    if not (folder / "student.pt").exists():
        return 0, 0.0
    state = torch.load(folder / "student.pt", map_location=device, weights_only=True)
    layers.load_state_dict(state["layers"])
    averaged.load_state_dict(state["averaged"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"]), float(state["spent_s"])
