"""How unlike the training images of an iteration other pictures are, by the embeddings that are kept of both."""

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

# Of larger sets an even sample stands for the whole: 4,000 embeddings of 1,280 numbers take 20 MB.
TRAINING_MAX = 4000
USUAL_MAX = 500


@dataclass(eq=False)
class _Known:
    """What has been found out of an iteration, which never changes: its training images' usual distance, novelties."""

    usual: float | None = None
    found: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def of_pictures(store: Store, iteration: Iteration, digests: Sequence[str]) -> dict[str, float]:
    """Each picture's novelty, 0..1, by its SHA-256; see `usefulness.novelty`.

    A picture whose embedding is not kept is left out, and all are where fewer than two training images' are. What was
    found is kept in memory, so that asking again costs nothing.
    """
    known = _known(store.home, iteration.id)
    with known.lock:
        if missing := [digest for digest in dict.fromkeys(digests) if digest not in known.found]:
            embeddings = store.embeddings.get(iteration.fingerprint, missing)
            training = _training(store, iteration) if embeddings else None
            if training is not None:
                if known.usual is None:
                    known.usual = _usual(training)
                distances = acquisition.nearest(np.stack(list(embeddings.values())), training)
                novelties = acquisition.novelty(distances, known.usual)
                known.found.update(zip(embeddings, novelties.tolist(), strict=True))
        return {digest: known.found[digest] for digest in digests if digest in known.found}


@functools.lru_cache(maxsize=16)
def _known(home: Path, iteration_id: str) -> _Known:
    return _Known()


def _training(store: Store, iteration: Iteration) -> Float32s | None:
    digests = [image.sha256 for image in store.iterations.images(iteration.id) if not image.is_test]
    sample = digests[:: -(-len(digests) // TRAINING_MAX) or 1]
    vectors = list(store.embeddings.get(iteration.fingerprint, sample).values())
    return np.stack(vectors) if len(vectors) > 1 else None


def _usual(training: Float32s) -> float:
    """The median distance of a training image to its nearest neighbour."""
    return float(np.median(acquisition.nearest(training[:USUAL_MAX], training, are_same=True)))
