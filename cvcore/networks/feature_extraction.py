"""From pixels to embeddings: LiteRT on a CPU, Keras on a GPU."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import InvalidInput, ModelDamaged, NotFound, WeightsMissing
from cvcore.networks import backbones, keras_backend
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device

# Pictures the GPU is given at once; the last batch is filled up, so that one compiled program serves all.
GPU_BATCH = 64

# One picture is too little work for more.
THREADS_MAX = 4

# How many pieces of work each core has before it, so that none waits for the slowest; and what memory must hold.
PIECES_AHEAD = 4

Item = TypeVar("Item")

# RGB 0..255, uint8 (n, side, side, 3), to float32 (n, dimension). May be called from any thread.
Extractor = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

# A picture's embedding, or why it cannot be seen.
Outcome = NDArray[np.float32] | InvalidInput | NotFound

# To be closed by whoever does not read it to its end, as its threads would go on for a while.
Stream = Generator[tuple[Item, Outcome], None, None]


def load(prepared: Backbone, folder: Path, *, threads: int | None = None, device: Device = "cpu") -> Extractor:
    """The function that embeds pictures as `prepared` says.

    Args:
        threads: that one call may use, by default all cores, up to four.
        device: with "gpu" Keras embeds, in whatever process calls; where its weights are gone or others than
            those that were prepared, LiteRT does after all, for embeddings must not be mixed.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
    """
    if device == "gpu" and (model := _same_keras_model(prepared, folder)):
        return _by_keras(model, prepared)
    threads = threads or min(os.cpu_count() or 1, THREADS_MAX)
    return _by_litert(backbones.litert_model(prepared, folder), prepared, threads)


def stream(
    prepared: Backbone,
    folder: Path,
    items: Iterable[Item],
    look: Callable[[Item], NDArray[np.uint8]],
    device: Device = "cpu",
) -> Stream[Item]:
    """Each item with its picture's embedding, in their order, each as soon as it is known.

    `look` gives an item's pixels, or raises why it cannot. A thread for each core looks and embeds in turn, on a CPU
    with a network of its own: to the last bit what one call with all cores says, and a quarter more pictures a second.
    Items are taken as they are needed, and only the pictures that are being worked on are in memory.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
        TagwiseError: `look` raised one that does not concern its picture alone.
    """
    if device == "gpu" and (model := _same_keras_model(prepared, folder)):
        embed, size = _by_keras(model, prepared), GPU_BATCH
    else:
        embed, size = _one_a_thread(backbones.litert_model(prepared, folder), prepared), 1
    return _in_order(lambda piece: _embedded(piece, look, embed), _pieces(items, size))


def _embedded(
    piece: Sequence[Item], look: Callable[[Item], NDArray[np.uint8]], embed: Extractor
) -> list[tuple[Item, Outcome]]:
    seen: list[NDArray[np.uint8] | InvalidInput | NotFound] = []
    for item in piece:
        try:
            seen.append(look(item))
        except (InvalidInput, NotFound) as refusal:
            seen.append(refusal)
    pixels = [each for each in seen if isinstance(each, np.ndarray)]
    embeddings = iter(embed(np.stack(pixels)) if pixels else ())
    return [
        (item, next(embeddings) if isinstance(each, np.ndarray) else each)
        for item, each in zip(piece, seen, strict=True)
    ]


def _pieces(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while piece := list(islice(remaining, size)):
        yield piece


def _in_order(
    work: Callable[[Sequence[Item]], list[tuple[Item, Outcome]]], pieces: Iterable[Sequence[Item]]
) -> Stream[Item]:
    """What comes of each piece, a thread for each core, and so few pieces ahead that memory is bounded."""
    cores = os.cpu_count() or 1
    under_way: deque[Future[list[tuple[Item, Outcome]]]] = deque()
    pool = ThreadPoolExecutor(cores, thread_name_prefix="embed")
    try:
        for piece in pieces:
            under_way.append(pool.submit(work, piece))
            while under_way and (len(under_way) >= PIECES_AHEAD * cores or under_way[0].done()):
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _one_a_thread(content: bytes, prepared: Backbone) -> Extractor:
    own = threading.local()

    def embed(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        if not hasattr(own, "extractor"):
            own.extractor = _by_litert(content, prepared, threads=1)
        extractor: Extractor = own.extractor
        return extractor(images)

    return embed


def _by_litert(content: bytes, prepared: Backbone, threads: int) -> Extractor:
    with keras_backend.quiet_loading():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    pixels = interpreter.get_input_details()[0]["index"]
    embedding = interpreter.get_output_details()[0]["index"]
    one_at_a_time = threading.Lock()

    def embed(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        # Larger batches are no faster, and one by one a picture's embedding owes nothing to its neighbours.
        embeddings = np.empty((len(images), prepared.dimension), np.float32)
        for row, image in enumerate(images):
            with one_at_a_time:
                interpreter.set_tensor(pixels, image[None].astype(np.float32))
                interpreter.invoke()
                embeddings[row] = interpreter.get_tensor(embedding)[0]
        return embeddings

    return embed


def _by_keras(model: Any, prepared: Backbone) -> Extractor:
    one_at_a_time = threading.Lock()

    def embed(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        embeddings = np.empty((len(images), prepared.dimension), np.float32)
        for start in range(0, len(images), GPU_BATCH):
            batch = images[start : start + GPU_BATCH].astype(np.float32)
            padding = np.zeros((GPU_BATCH - len(batch), *batch.shape[1:]), np.float32)
            with one_at_a_time:
                computed = model.predict_on_batch(np.concatenate([batch, padding]))
            embeddings[start : start + GPU_BATCH] = computed[: len(batch)]
        return embeddings

    return embed


def _same_keras_model(prepared: Backbone, folder: Path) -> Any | None:
    try:
        return backbones.same_keras_model(prepared, folder)
    except (WeightsMissing, ModelDamaged):
        return None
