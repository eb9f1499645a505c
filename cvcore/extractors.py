"""From pixels to embeddings: LiteRT on a CPU, Keras on a GPU."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cvcore import backbones, quiet
from cvcore.backbones import Prepared
from cvcore.errors import ModelDamaged, WeightsMissing

# Pictures the GPU is given at once; the last batch is filled up, so that one compiled program serves all.
GPU_BATCH = 64

Device = Literal["cpu", "gpu"]

# One picture is too little work for more.
THREADS_MAX = 4

# RGB 0..255, uint8 (n, side, side, 3), to float32 (n, dimension). May be called from any thread.
Extractor = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def load(prepared: Prepared, folder: Path, *, threads: int | None = None, device: Device = "cpu") -> Extractor:
    """The function that embeds pictures as `prepared` says.

    Args:
        threads: that one call may use, by default all cores, up to four.
        device: with "gpu" Keras embeds, in whatever process calls; where its weights are gone or others than
            those that were prepared, LiteRT does after all, for embeddings must not be mixed.

    Raises:
        ModelDamaged: the network's file is missing or damaged.
    """
    if device == "gpu" and (model := _same_keras_model(prepared)):
        return _by_keras(model, prepared)
    threads = threads or min(os.cpu_count() or 1, THREADS_MAX)
    return _by_litert(backbones.litert_model(prepared, folder), prepared, threads)


def _by_litert(content: bytes, prepared: Prepared, threads: int) -> Extractor:
    with quiet.loading():
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


def _by_keras(model: Any, prepared: Prepared) -> Extractor:
    def embed(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        embeddings = np.empty((len(images), prepared.dimension), np.float32)
        for start in range(0, len(images), GPU_BATCH):
            batch = images[start : start + GPU_BATCH].astype(np.float32)
            padding = np.zeros((GPU_BATCH - len(batch), *batch.shape[1:]), np.float32)
            embeddings[start : start + GPU_BATCH] = model.predict_on_batch(np.concatenate([batch, padding]))[
                : len(batch)
            ]
        return embeddings

    return embed


def _same_keras_model(prepared: Prepared) -> Any | None:
    try:
        return backbones.same_keras_model(prepared)
    except (WeightsMissing, ModelDamaged):
        return None
