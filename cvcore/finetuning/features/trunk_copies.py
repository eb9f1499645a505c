"""What the trunk computes of augmented copies of images: on a CPU by Pillow and Keras, on a GPU in one program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.domains import Policy
from cvcore.finetuning.features import device_augmentation
from cvcore.finetuning.features.augmentation import Changes, augmented, draw
from cvcore.finetuning.features.split_network import SplitNetwork, listed
from cvcore.networks import views

# Images in a batch; it is filled up, so that one compiled program serves all.
BATCH = 16
GPU_BATCH = 64

Pixels = NDArray[np.uint8]

# An image's seed: the training's, the image's row and the copy's number. Copy 0 is the unchanged image; then come the
# network's other views, and only then copies that are changed at random.
Seed = tuple[int, int, int]

# Pixels of at most a batch of images, uint8 (n, side, side, 3), and their copies' seeds, to the trunk's tensors (n, …).
TrunkCopies = Callable[[Pixels, Sequence[Seed]], list[NDArray[Any]]]


def on_cpu(network: SplitNetwork, policy: Policy, pool: ThreadPoolExecutor) -> TrunkCopies:
    """Images are changed in the pool's threads."""

    def tensors(pixels: Pixels, seeds: Sequence[Seed]) -> list[NDArray[Any]]:
        copies = np.stack(list(pool.map(lambda image, seed: _copy(image, policy, seed, network.views), pixels, seeds)))
        computed = network.trunk.predict_on_batch(_filled(copies, BATCH).astype(np.float32))
        return [np.asarray(tensor)[: len(pixels)] for tensor in listed(computed)]

    return tensors


def on_gpu(network: SplitNetwork, policy: Policy) -> TrunkCopies:
    """Images are changed on the device, by the same random choices."""
    import tensorflow as tf

    def compute(pixels: Any, changes: Any) -> list[Any]:
        copies = device_augmentation.augment(pixels, changes, policy.border)
        return [tf.cast(tensor, tf.float16) for tensor in listed(network.trunk(copies, training=False))]

    program = tf.function(compute, autograph=False)

    def changed(image: Pixels, seed: Seed) -> tuple[Pixels, Changes]:
        if seed[2] < network.views:
            return views.view_of(image, seed[2]), Changes()
        return image, draw(policy, len(image), np.random.default_rng(seed))

    def tensors(pixels: Pixels, seeds: Sequence[Seed]) -> list[NDArray[Any]]:
        pairs = [changed(image, seed) for image, seed in zip(pixels, seeds, strict=True)]
        seen, drawn = zip(*pairs, strict=True)
        changes = _filled(device_augmentation.as_rows(drawn), GPU_BATCH)
        return [tensor.numpy()[: len(pixels)] for tensor in program(_filled(np.stack(seen), GPU_BATCH), changes)]

    return tensors


def _copy(pixels: Pixels, policy: Policy, seed: Seed, view_count: int) -> Pixels:
    is_view = seed[2] < view_count
    return views.view_of(pixels, seed[2]) if is_view else augmented(pixels, policy, np.random.default_rng(seed))


def _filled(values: NDArray[Any], size: int) -> NDArray[Any]:
    return np.resize(values, (size, *values.shape[1:]))
