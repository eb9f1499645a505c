"""Features that the frozen trunk computes of every image and its augmented copies, computed once and kept on disk.

view-0.npy      float16 (copies, images, …): the trunk's first tensor; copy 0 is the unchanged image's, then come those
                of the network's other views
view-1.npy …    its other tensors, if it has more
views.json      the number of copies ("views", a stored name), and the number of images that are done
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.domains import Policy
from cvcore.errors import Unavailable
from cvcore.files import blobs
from cvcore.finetuning.features import trunk_copies
from cvcore.finetuning.features.split_network import SplitNetwork
from cvcore.finetuning.features.trunk_copies import Pixels, TrunkCopies
from cvcore.networks.keras_backend import Device

COPIES_MOST = 12
BYTES_MOST = 2 * 2**30

FILE = "views.json"

Features = list[NDArray[np.float16]]


def compute(
    network: SplitNetwork,
    images: Sequence[Callable[[], Pixels]],
    policy: Policy,
    folder: Path,
    *,
    budget_s: float,
    seed: int,
    device: Device = "cpu",
    on_share: Callable[[float], None] = lambda share: None,
) -> Features:
    """The trunk's tensors of all images, each (copies, images, …), memory-mapped from files in `folder`.

    Each element of `images` is a function that returns an image's pixels. The number of copies is what `budget_s`
    seconds allow at the speed of the first images, at most 12 and 2 GB, and at least the network's views. Features
    that an earlier call left in the folder are not computed again.

    Raises:
        StorageFull, HomeUnusable: a file cannot be written.
        NotFound, InvalidInput: an image cannot be read.
    """
    with blobs.storage_errors(folder), ThreadPoolExecutor() as pool:
        folder.mkdir(parents=True, exist_ok=True)
        is_gpu = device == "gpu"
        tensors = trunk_copies.on_gpu(network, policy) if is_gpu else trunk_copies.on_cpu(network, policy, pool)
        batches = _batches(images, trunk_copies.GPU_BATCH if is_gpu else trunk_copies.BATCH)
        copies, done = _progress(folder)
        if not copies:
            copies = _copies_within(budget_s, network, images, tensors, batches[0])
        features = _open(folder, network, copies, len(images), is_new=not done)
        for rows, pixels in _read_ahead(images, [rows for rows in batches if rows.stop > done], pool):
            on_share(rows.start / len(images))
            for copy in range(copies):
                computed = tensors(pixels, [(seed, row, copy) for row in rows])
                for tensor, values in zip(features, computed, strict=True):
                    tensor[copy, rows.start : rows.stop] = values
                if network.has_second and copy < network.views:  # the second network sees the image alone
                    features[-1][copy, rows.start : rows.stop] = features[-1][0, rows.start : rows.stop]
            (folder / FILE).write_text(json.dumps({"views": copies, "done": rows.stop}))
        return features


def kept(network: SplitNetwork, folder: Path) -> Features:
    """The tensors that `compute` left in a folder, memory-mapped.

    Raises:
        Unavailable: they are not all there.
    """
    if not _progress(folder)[0]:
        raise Unavailable(f"every machine must see the training's features, it does not see {folder}: mount it there")
    return [np.lib.format.open_memmap(folder / f"view-{place}.npy", "r+") for place in range(len(network.shapes))]


def _batches(images: Sequence[Any], size: int) -> list[range]:
    return [range(start, min(start + size, len(images))) for start in range(0, len(images), size)]


def _read_ahead(
    images: Sequence[Callable[[], Pixels]], batches: Sequence[range], pool: ThreadPoolExecutor
) -> Iterator[tuple[range, Pixels]]:
    """The batches with their images' pixels; the pool reads each while the one before it is worked on."""
    reading: deque[list[Future[Pixels]]] = deque()
    for number, rows in enumerate(batches):
        for ahead in batches[number + len(reading) : number + 2]:
            reading.append([pool.submit(images[row]) for row in ahead])
        yield rows, np.stack([future.result() for future in reading.popleft()])


def _copies_within(
    budget_s: float,
    network: SplitNetwork,
    images: Sequence[Callable[[], Pixels]],
    tensors: TrunkCopies,
    sample: range,
) -> int:
    copy_bytes = 2 * sum(math.prod(shape) for shape in network.shapes)
    started = time.perf_counter()
    pixels = np.stack([images[row]() for row in sample])
    reading_s = time.perf_counter() - started
    seeds = [(0, 0, COPIES_MOST)] * len(sample)
    tensors(pixels, seeds)  # compiles
    started = time.perf_counter()
    tensors(pixels, seeds)
    copying_s = time.perf_counter() - started
    by_time = (budget_s * len(sample) / len(images) - reading_s) / copying_s
    by_size = BYTES_MOST / (copy_bytes * len(images))
    return max(network.views, min(COPIES_MOST, int(by_time), int(by_size)))


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
