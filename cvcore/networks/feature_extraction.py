"""Computes embeddings from pixels: with LiteRT on a CPU, with Keras on a GPU, here or on a cluster's machines."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cvcore import cluster
from cvcore.cluster import Machine
from cvcore.errors import InvalidInput, ModelDamaged, NotFound, WeightsMissing
from cvcore.networks import backbones, keras_backbones, keras_backend
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device

# Images that a core reads at once for a GPU.
READ_AT_ONCE = 8

# The work for one image is too small for more threads.
THREADS_MAX = 4

# Batches that wait per core, so that no core is idle while one is slow; all must fit into memory.
BATCHES_AHEAD = 4

# Images that a cluster's worker is given at once: seconds of work, and a few hundred names on the wire.
SHARD = 256

Item = TypeVar("Item")
Result = TypeVar("Result")

# RGB 0..255, uint8 (n, side, side, 3), to float32 (n, dimension). May be called from any thread.
Extractor = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

# An image's pixels or embedding, or why the image cannot be read.
Pixels = NDArray[np.uint8] | InvalidInput | NotFound
Outcome = NDArray[np.float32] | InvalidInput | NotFound

# A caller that does not read it to its end must close it, because its threads would go on for a while.
Stream = Generator[tuple[Item, Outcome], None, None]


@dataclass(frozen=True)
class RemoteImages:
    """How the machines of the cluster at `address` read images.

    There `read_pixels` returns an item's pixels, and `require` raises a TagwiseError where that machine cannot read
    any; both are pickled. `in_order`: results come in the items' order, otherwise as soon as they are there.
    """

    address: str
    read_pixels: Callable[[Any], NDArray[np.uint8]]
    require: Callable[[], None]
    in_order: bool = False


def load(backbone: Backbone, folder: Path, *, threads: int | None = None, device: Device = "cpu") -> Extractor:
    """The function that computes a backbone's embeddings of images.

    Args:
        threads: the number that one call can use, by default all cores, up to four.
        device: with "gpu" Keras computes them, in the calling process; where its weights are missing or not those
            that the backbone was converted from, LiteRT does, because embeddings of other weights must not be mixed.

    Raises:
        ModelDamaged: the backbone's file is missing or damaged.
    """
    if device == "gpu" and (model := _keras_model(backbone, folder)):
        return keras_backbones.compile_extractor(model)
    threads = threads or min(os.cpu_count() or 1, THREADS_MAX)
    return _by_litert(backbones.litert_model(backbone, folder), backbone, threads)


def stream(
    backbone: Backbone,
    folder: Path,
    items: Iterable[Item],
    read_pixels: Callable[[Item], NDArray[np.uint8]],
    device: Device = "cpu",
) -> Stream[Item]:
    """Every item with its image's embedding, in the items' order, as soon as it is computed.

    `read_pixels` returns an item's pixels, or raises why it cannot. There is one thread per core; on a CPU each thread
    has its own network, with bit for bit the same results as one call with all cores, at 1.25 times the speed. Items
    are taken as they are needed, and only the images that are being processed are in memory.

    Raises:
        ModelDamaged: the backbone's file is missing or damaged.
        TagwiseError: `read_pixels` raised one that does not concern its image alone.
    """
    if device == "gpu" and (model := _keras_model(backbone, folder)):
        return stream_by_gpu(items, read_pixels, keras_backbones.compile_extractor(model))
    extract = _by_litert_in_each_thread(backbones.litert_model(backbone, folder), backbone)
    return _in_order(lambda batch: _embedded(_read(batch, read_pixels), extract), _batches(items, 1))


def stream_by_gpu(
    items: Iterable[Item], read_pixels: Callable[[Item], NDArray[np.uint8]], extract: Extractor
) -> Stream[Item]:
    """The same as `stream`: all cores read images ahead, and the caller's thread embeds them in large batches."""
    read = _in_order(lambda batch: _read(batch, read_pixels), _batches(items, READ_AT_ONCE))
    with contextlib.closing(read):
        for batch in _batches(read, keras_backbones.LARGE_BATCH):
            yield from _embedded(batch, extract)


def stream_by_cluster(
    backbone: Backbone,
    folder: Path,
    items: Iterable[Item],
    read_pixels: Callable[[Item], NDArray[np.uint8]],
    device: Device = "cpu",
    *,
    remote: RemoteImages,
    on_wait: Callable[[Sequence[Machine]], None] = lambda machines: None,
) -> Generator[list[tuple[Item, Outcome]], None, None]:
    """The same as `stream`, a shard at a time, by the machines of a cluster: bit for bit, on processors of one kind.

    `on_wait` is told at least every second or so which machines work; what it raises ends the work.

    What a machine could not read this process reads itself, with `read_pixels`: a folder that is not mounted there is
    no damaged image. It also does the shards where no machine is left.

    Raises:
        What `stream` raises, and Unavailable: processes died over the same images again and again.
    """
    content = backbones.litert_model(backbone, folder)

    def work_locally(shard: Sequence[Item]) -> list[Outcome]:
        return [outcome for _, outcome in stream(backbone, folder, shard, read_pixels, device)]

    with cluster.joined(remote.address, _on_machine, backbone, content, remote, work_locally=work_locally) as workers:
        by_order = cluster.in_order if remote.in_order else cluster.finished
        for *_, shard, outcomes in by_order(workers, _batches(items, SHARD), lambda: on_wait(workers.machines)):
            pairs = list(zip(shard, outcomes, strict=True))
            unread = iter(work_locally([item for item, outcome in pairs if outcome is None]))
            yield [(item, next(unread) if outcome is None else outcome) for item, outcome in pairs]


def _on_machine(
    backbone: Backbone, content: bytes, remote: RemoteImages
) -> Callable[[Sequence[Any]], list[NDArray[np.float32] | None]]:
    """What a worker does with a shard: the embeddings of its images, None where it cannot read one."""
    remote.require()
    device = keras_backend.device()
    with tempfile.TemporaryDirectory() as temporary:
        backbones.save(backbone, content, Path(temporary))
        extract = load(backbone, Path(temporary), threads=None if device == "gpu" else 1, device=device)

    def read_pixels(item: Any) -> NDArray[np.uint8]:
        try:
            return remote.read_pixels(item)
        except OSError as error:
            raise NotFound(str(error)) from error

    def embed(shard: Sequence[Any]) -> list[NDArray[np.float32] | None]:
        if device == "gpu":
            outcomes = list(stream_by_gpu(shard, read_pixels, extract))
        else:
            outcomes = [outcome for item in shard for outcome in _embedded(_read([item], read_pixels), extract)]
        return [outcome if isinstance(outcome, np.ndarray) else None for _, outcome in outcomes]

    return embed


def _read(batch: Sequence[Item], read_pixels: Callable[[Item], NDArray[np.uint8]]) -> list[tuple[Item, Pixels]]:
    images: list[tuple[Item, Pixels]] = []
    for item in batch:
        try:
            images.append((item, read_pixels(item)))
        except (InvalidInput, NotFound) as error:
            images.append((item, error))
    return images


def _embedded(batch: Sequence[tuple[Item, Pixels]], extract: Extractor) -> list[tuple[Item, Outcome]]:
    pixels = [image for _, image in batch if isinstance(image, np.ndarray)]
    embeddings = iter(extract(np.stack(pixels)) if pixels else ())
    return [(item, next(embeddings) if isinstance(image, np.ndarray) else image) for item, image in batch]


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _in_order(
    work: Callable[[Sequence[Item]], list[Result]], batches: Iterable[Sequence[Item]]
) -> Generator[Result, None, None]:
    """The results of all batches in order, with one thread per core; few batches run ahead, so memory is bounded."""
    cores = os.cpu_count() or 1
    pending: deque[Future[list[Result]]] = deque()
    pool = ThreadPoolExecutor(cores, thread_name_prefix="embed")
    try:
        for batch in batches:
            pending.append(pool.submit(work, batch))
            while pending and (len(pending) >= BATCHES_AHEAD * cores or pending[0].done()):
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _by_litert_in_each_thread(content: bytes, backbone: Backbone) -> Extractor:
    own = threading.local()

    def extract(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        if not hasattr(own, "extractor"):
            own.extractor = _by_litert(content, backbone, threads=1)
        extractor: Extractor = own.extractor
        return extractor(images)

    return extract


def _by_litert(content: bytes, backbone: Backbone, threads: int) -> Extractor:
    with keras_backend.quiet_loading():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    pixels = interpreter.get_input_details()[0]["index"]
    embedding = interpreter.get_output_details()[0]["index"]
    one_at_a_time = threading.Lock()

    def extract(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        # Larger batches are not faster, and one by one an image's embedding does not depend on its neighbours.
        embeddings = np.empty((len(images), backbone.dimension), np.float32)
        for row, image in enumerate(images):
            with one_at_a_time:
                interpreter.set_tensor(pixels, image[None].astype(np.float32))
                interpreter.invoke()
                embeddings[row] = interpreter.get_tensor(embedding)[0]
        return embeddings

    return extract


def _keras_model(backbone: Backbone, folder: Path) -> Any | None:
    try:
        return keras_backbones.load(backbone, folder)
    except (WeightsMissing, ModelDamaged):
        return None
