"""How different images are from an iteration's training images, by the stored embeddings of both."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cvcore.active_learning import acquisition
from cvcore.array_types import Float32s
from cvcore.records import Iteration
from cvcore.store import Store

# Larger training sets are sampled evenly: 4,000 embeddings of 1,280 numbers take 20 MB.
TRAINING_MAX = 4000
USUAL_MAX = 500


@dataclass(eq=False)
class _Cache:
    """Results for one iteration: the typical distance between its training images, and novelties by SHA-256.

    They stay valid because an iteration never changes.
    """

    usual: float | None = None
    novelties: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def of_images(store: Store, iteration: Iteration, digests: Sequence[str]) -> dict[str, float]:
    """Each image's novelty, 0..1, by its SHA-256; see `acquisition.novelty`.

    Images without a stored embedding are left out, and all images if fewer than two training images have one.
    Novelties are cached in memory.
    """
    cache = _cache(store.home, iteration.id)
    with cache.lock:
        if missing := [digest for digest in dict.fromkeys(digests) if digest not in cache.novelties]:
            embeddings = store.embeddings.get(iteration.fingerprint, missing)
            training = _training(store, iteration) if embeddings else None
            if training is not None:
                if cache.usual is None:
                    cache.usual = _usual(training)
                distances = acquisition.nearest_distances(np.stack(list(embeddings.values())), training)
                novelties = acquisition.novelty(distances, cache.usual)
                cache.novelties.update(zip(embeddings, novelties.tolist(), strict=True))
        return {digest: cache.novelties[digest] for digest in digests if digest in cache.novelties}


@functools.lru_cache(maxsize=16)
def _cache(home: Path, iteration_id: str) -> _Cache:
    return _Cache()


def _training(store: Store, iteration: Iteration) -> Float32s | None:
    digests = [image.sha256 for image in store.iterations.images(iteration.id) if not image.is_test]
    sample = digests[:: -(-len(digests) // TRAINING_MAX) or 1]
    vectors = list(store.embeddings.get(iteration.fingerprint, sample).values())
    return np.stack(vectors) if len(vectors) > 1 else None


def _usual(training: Float32s) -> float:
    """The median distance of a training image to its nearest neighbour."""
    return float(np.median(acquisition.nearest_distances(training[:USUAL_MAX], training, are_same=True)))
