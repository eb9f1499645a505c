"""Packs a student into the files that ship: normalisation folded in, weights rounded to 16 bits, LiteRT and Keras."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s
from cvcore.distillation import student
from cvcore.distillation.photos import Photos
from cvcore.networks import architectures, builtin
from cvcore.networks.builtin import network
from cvcore.networks.builtin.network import CURRENT, Edition

# Photographs have mostly dull colours; half of the points are from the full colour cube, so that bright ones count.
POINTS, K_MEANS_STEPS = 60_000, 25
# A bump reaches this many times as far as the four nearest colours are away.
REACH, NEIGHBOURS = 1.2, 4
PHOTOS, BATCH = 3072, 128


def pack(photos: Photos, checkpoint: Path, out: Path, edition: Edition = CURRENT) -> None:
    """Write model.tflite, weights.npz and record.json of the student in a checkpoint of `training.train`."""
    import torch

    pixels = student.view(torch.tensor(photos[:PHOTOS]).permute(0, 3, 1, 2).float(), edition.side)
    seen = ((pixels + 1) * 127.5).permute(0, 2, 3, 1).numpy()
    weights: dict[str, list[NDArray[Any]]] = {**_shapes(checkpoint, pixels, edition), **_colours(seen)}
    model = network.build(edition)
    network.set_weights(model, weights)
    shapes, colours = np.split(model.predict(seen, verbose=0), [network.SHAPES], axis=1)
    print(f"spreads: shapes {_spread(shapes):.4f}, colours {_spread(colours):.4f}")
    # There is no bias after the last layer of *shapes*, so its scale can be put into the layer.
    weights["top"] = [array / np.float32(_spread(shapes)) for array in weights["top"]]
    rounded = {name: [array.astype(np.float16) for array in arrays] for name, arrays in weights.items()}
    network.set_weights(model, rounded)
    out.mkdir(parents=True, exist_ok=True)
    _write(model, rounded, out, edition)
    print(f"wrote {out}, {sum(path.stat().st_size for path in out.iterdir()) / 1e6:.1f} MB")


def _write(model: Any, weights: network.Weights, out: Path, edition: Edition) -> None:
    flat = {f"{name}/{place}": array for name, arrays in weights.items() for place, array in enumerate(arrays)}
    np.savez_compressed(out / builtin.WEIGHTS, allow_pickle=False, **flat)
    content = _litert(model, out / builtin.MODEL)
    fields = {
        "side": edition.side,
        "dimension": edition.dimension,
        "fingerprint": architectures.fingerprint_of(model, architectures.NAME_BUILT_IN, edition.side),
        "sha256": hashlib.sha256(content).hexdigest(),
        "format": builtin.FORMAT,
    }
    (out / builtin.RECORD).write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def _shapes(checkpoint: Path, pixels: Any, edition: Edition) -> dict[str, list[NDArray[Any]]]:
    """The averaged student's convolutions, each with its batch normalisation folded in.

    Means and variances are measured again on whole photos, because those of the training belong to other weights and
    mostly smaller parts (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407, do so for the same reason).
    """
    import torch

    layers = student.build(edition, {})
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["averaged"]
    layers.load_state_dict({key: state[key] for key in layers.state_dict()})
    for layer in layers.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
    with torch.no_grad():
        for batch in pixels.split(BATCH):
            student.feature_maps(layers.train(), batch, edition)
    state = layers.state_dict()
    return {
        convolution.name: list(folded({key: state[f"{convolution.name}.{key}"].numpy() for key in _KEYS}))
        for block in network.blocks(edition)
        for convolution in block.convolutions
    }


_KEYS = ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var")


def folded(layer: dict[str, Float32s], epsilon: float = 1e-3) -> tuple[Float32s, Float32s]:
    """Keras' kernel and bias of a PyTorch convolution and the batch normalisation after it.

    A kernel is (outputs, inputs, height, width) there and (height, width, inputs, outputs) here; a depthwise one,
    whose inputs are 1 there, is (height, width, channels, 1).
    """
    kernel, gain, shift, mean, variance = (layer[key] for key in _KEYS)
    factor = gain / np.sqrt(variance + epsilon)
    is_depthwise = kernel.shape[1] == 1
    scaled = kernel * factor[:, None, None, None]
    return scaled.transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0)), shift - mean * factor


def _colours(pixels: Float32s) -> dict[str, list[NDArray[Any]]]:
    # Light minus its mean, red against green, and yellow against blue: small numbers, which suit 16 bits.
    kernel = np.array([[1 / 3, 1, 0.5], [1 / 3, -1, 0.5], [1 / 3, 0, -1]], np.float32)
    bias = np.array([-0.5, 0, 0], np.float32)
    rng = np.random.default_rng(0)
    colours = pixels[:, ::8, ::8].reshape(-1, 3)
    drawn = colours[rng.choice(len(colours), POINTS // 2)] * np.float32(network.UNIT)
    points = np.concatenate([drawn, rng.random((POINTS // 2, 3), np.float32)]) @ kernel + bias
    centres = k_means(points, network.COLOURS, rng)
    distances = np.linalg.norm(centres[:, None] - centres, axis=-1)
    radii = REACH * np.sort(distances, axis=1)[:, 1 : NEIGHBOURS + 1].mean(axis=1)
    # 1 - |x - c|² / r² = (1 - |c|² / r²) + 2 c / r² · x - 1 / r² · x²
    linear = 2 * centres.T / radii**2
    squared = np.broadcast_to(-1 / radii**2, linear.shape)
    bias_of_bumps = 1 - np.square(centres).sum(axis=1) / radii**2
    return {"axes": [kernel[None, None], bias], "bumps": [np.concatenate([linear, squared])[None, None], bias_of_bumps]}


def k_means(points: Float32s, count: int, rng: np.random.Generator) -> Float32s:
    """`count` centres of clusters, by k-means from random points: each is the mean of the points nearest to it."""
    centres = points[rng.choice(len(points), count, replace=False)]
    for _ in range(K_MEANS_STEPS):
        nearest = (np.square(centres).sum(axis=1) - 2 * points @ centres.T).argmin(axis=1)
        sizes = np.bincount(nearest, minlength=count)[:, None]
        sums = np.stack([np.bincount(nearest, column, minlength=count) for column in points.T], axis=1)
        centres = np.where(sizes, sums / np.maximum(sizes, 1), centres).astype(np.float32)
    return centres


def _spread(embeddings: Float32s) -> float:
    """The root mean square distance of embeddings from their mean."""
    return float(np.sqrt(np.square(embeddings - embeddings.mean(axis=0)).sum(axis=1).mean()))


def _litert(model: Any, path: Path) -> bytes:
    import tensorflow as tf

    half = {"optimizations": [tf.lite.Optimize.DEFAULT], "target_spec": {"supported_types": [tf.float16]}}
    model.export(path, format="litert", verbose=False, **half)
    return path.read_bytes()
