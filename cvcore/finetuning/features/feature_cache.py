"""Features that the frozen trunk computes of every image and its augmented copies, computed once and kept on disk.

view-0.npy      float16 (copies, images, …): the trunk's first tensor; copy 0 is the unchanged image's
view-1.npy …    its other tensors, if it has more
views.json      the number of copies ("views", a stored name), and the number of images that are done
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.domains import Policy
from cvcore.files import blobs
from cvcore.finetuning.features.augmentation import augmented
from cvcore.finetuning.features.split_network import SplitNetwork

BATCH = 16
COPIES_MOST = 12
BYTES_MOST = 2 * 2**30

FILE = "views.json"

Features = list[NDArray[np.float16]]
Pixels = NDArray[np.uint8]


def compute(
    network: SplitNetwork,
    images: Sequence[Callable[[], Pixels]],
    policy: Policy,
    folder: Path,
    *,
    budget_s: float,
    seed: int,
    on_share: Callable[[float], None] = lambda share: None,
) -> Features:
    """The trunk's tensors of all images, each (copies, images, …), memory-mapped from files in `folder`.

    Each element of `images` is a function that returns an image's pixels. The number of copies is what `budget_s`
    seconds allow at the speed of the first images, at most 12 and 2 GB, and at least 1, the unchanged image. Features
    that an earlier call left in the folder are not computed again.

    Raises:
        StorageFull, HomeUnusable: a file cannot be written.
        NotFound, InvalidInput: an image cannot be read.
    """
    with blobs.storage_errors(folder), ThreadPoolExecutor() as pool:
        folder.mkdir(parents=True, exist_ok=True)
        copies, done = _progress(folder)
        if not copies:
            copies = _copies_within(budget_s, network, images, policy, pool)
        features = _open(folder, network, copies, len(images), is_new=not done)
        for start in range(done, len(images), BATCH):
            on_share(start / len(images))
            rows = range(start, min(start + BATCH, len(images)))
            for copy in range(copies):
                pixels = pool.map(lambda row, copy=copy: _copy(images[row](), policy, (seed, row, copy)), rows)
                for tensor, values in zip(features, _trunk(network, np.stack(list(pixels))), strict=True):
                    tensor[copy, rows.start : rows.stop] = values
            (folder / FILE).write_text(json.dumps({"views": copies, "done": rows.stop}))
        return features


def _copies_within(
    budget_s: float,
    network: SplitNetwork,
    images: Sequence[Callable[[], Pixels]],
    policy: Policy,
    pool: ThreadPoolExecutor,
) -> int:
    copy_bytes = 2 * sum(math.prod(shape) for shape in network.shapes)
    sample = images[:BATCH]
    pixels = [_copy(image(), policy, (0, 0, 1)) for image in sample]
    _trunk(network, np.stack(pixels))  # compiles
    started = time.perf_counter()
    pixels = list(pool.map(lambda image: _copy(image(), policy, (0, 0, 1)), sample))
    _trunk(network, np.stack(pixels))
    seconds_per_image = (time.perf_counter() - started) / len(sample)
    by_time = budget_s / (seconds_per_image * len(images))
    by_size = BYTES_MOST / (copy_bytes * len(images))
    return max(1, min(COPIES_MOST, int(by_time), int(by_size)))


def _copy(pixels: Pixels, policy: Policy, seed: tuple[int, int, int]) -> Pixels:
    """A copy of an image. `seed` is the training's seed, the image's row and the copy's number; copy 0 is unchanged."""
    return augmented(pixels, policy, np.random.default_rng(seed)) if seed[2] else pixels


def _trunk(network: SplitNetwork, pixels: Pixels) -> list[NDArray[Any]]:
    """The trunk's tensors of a batch; a batch is filled up to `BATCH`, so that one compiled program serves all."""
    filled = np.resize(pixels, (BATCH, *pixels.shape[1:])).astype(np.float32)
    tensors = network.trunk.predict_on_batch(filled)
    return [np.asarray(tensor)[: len(pixels)] for tensor in (tensors if isinstance(tensors, list) else [tensors])]


def _open(folder: Path, network: SplitNetwork, copies: int, images: int, *, is_new: bool) -> Features:
    features: Features = []
    for place, shape in enumerate(network.shapes):
        path = folder / f"view-{place}.npy"
        if is_new:
            np.lib.format.open_memmap(path, "w+", np.float16, (copies, images, *shape))
            _reserve(path)
        features.append(np.lib.format.open_memmap(path, "r+"))
    return features


def _reserve(path: Path) -> None:
    """Reserve a file's disk space now, because writing to a memory map on a full disk would end the process."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _progress(folder: Path) -> tuple[int, int]:
    """The number of copies that an earlier call chose, and of images that are done; 0 and 0 without an earlier call."""
    try:
        fields = json.loads((folder / FILE).read_text())
        return int(fields["views"]), int(fields["done"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
