"""Novelty says how unlike an iteration's training images other images are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cvcore.active_learning import novelty
from cvcore.records import Iteration, Project
from cvcore.store import Store

COPY, OTHER, BLANK = (f"{number:064x}" for number in (1, 2, 3))


@pytest.fixture
def iteration(fill: Callable[..., Project], trained: Callable[..., Iteration]) -> Iteration:
    """An iteration of ten images."""
    return trained(fill(rose=5, tulip=5))


def test_a_copy_is_known_and_another_image_is_new(store: Store, iteration: Iteration) -> None:
    """A copy of a training image has novelty 0, an unlike image nearly 1, one without an embedding none."""
    vectors = np.random.default_rng(0).random((10, 4), np.float32) + np.array([9, 0, 0, 0], np.float32)
    digests = store.images.digests(iteration.project_id)
    store.embeddings.put(iteration.fingerprint, dict(zip(digests, vectors, strict=True)))
    store.embeddings.put(iteration.fingerprint, {COPY: vectors[0], OTHER: np.array([0, 0, 0, 1], np.float32)})
    novelties = novelty.of_images(store, iteration, [COPY, OTHER, BLANK])
    assert 0 == pytest.approx(novelties[COPY], abs=1e-3)
    assert 0.9 < novelties[OTHER] < 1
    assert BLANK not in novelties


def test_novelties_stay_when_embeddings_go(store: Store, iteration: Iteration) -> None:
    """What was computed once is answered from memory."""
    vectors = np.eye(10, dtype=np.float32)
    digests = store.images.digests(iteration.project_id)
    store.embeddings.put(iteration.fingerprint, dict(zip(digests, vectors, strict=True)) | {OTHER: vectors[3]})
    first = novelty.of_images(store, iteration, [OTHER])
    for digest in [*digests, OTHER]:
        store.embeddings.delete(digest)
    assert first == novelty.of_images(store, iteration, [OTHER])


def test_one_training_embedding_is_too_few(store: Store, iteration: Iteration) -> None:
    """Without two training embeddings there is no usual distance, and no image has a novelty."""
    digest = store.images.digests(iteration.project_id)[0]
    store.embeddings.put(iteration.fingerprint, {digest: np.ones(4, np.float32), OTHER: np.ones(4, np.float32)})
    others = store.images.digests(iteration.project_id)[1:]
    for other in others:
        store.embeddings.delete(other)
    assert {} == novelty.of_images(store, iteration, [OTHER])
