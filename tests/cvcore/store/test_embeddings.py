"""Embeddings are computed once and kept by content and backbone."""

from __future__ import annotations

import numpy as np

from cvcore.store import Store
from cvcore.store.database import CHUNK


def test_vectors_come_back_as_they_were(store: Store) -> None:
    """Every float32 of a vector is kept exactly, infinities and all, by SHA-256."""
    vectors = {
        "a" * 64: np.array([0.1, -2.5, 1e-30], np.float32),
        "b" * 64: np.array([np.inf, 0.0, 3.0], np.float32),
    }
    store.embeddings.put("f1", vectors)
    found = store.embeddings.get("f1", ["b" * 64, "c" * 64, "a" * 64])
    assert found.keys() == vectors.keys()
    for sha256, vector in vectors.items():
        assert found[sha256].dtype == np.float32
        np.testing.assert_array_equal(vector, found[sha256])


def test_a_backbone_sees_only_its_own(store: Store) -> None:
    """What one fingerprint's network computed is missing for another's."""
    store.embeddings.put("f1", {"a" * 64: np.ones(3, np.float32)})
    assert store.embeddings.get("f2", ["a" * 64]) == {}
    assert store.embeddings.missing("f2", ["a" * 64]) == ["a" * 64]


def test_missing_ones_come_in_the_order_given(store: Store) -> None:
    """Those without a vector are told in order, however many are asked for; none of none."""
    digests = [f"{number:064x}" for number in range(CHUNK + 2)]
    known = {digests[1], digests[-1]}
    store.embeddings.put("f1", {sha256: np.zeros(1, np.float32) for sha256 in known})
    assert store.embeddings.missing("f1", digests) == [sha256 for sha256 in digests if sha256 not in known]
    assert store.embeddings.get("f1", digests).keys() == known
    assert store.embeddings.missing("f1", []) == []


def test_the_same_again_takes_its_place(store: Store) -> None:
    """Computing an embedding twice is no error; the last counts."""
    for value in (1, 2):
        store.embeddings.put("f1", {"a" * 64: np.full(2, value, np.float32)})
    assert store.embeddings.get("f1", ["a" * 64])["a" * 64].tolist() == [2.0, 2.0]


def test_a_forgotten_image_has_no_vectors(store: Store) -> None:
    """Deleting takes every backbone's vector of an image, and no other image's."""
    for fingerprint in ("f1", "f2"):
        store.embeddings.put(fingerprint, {digit * 64: np.zeros(1, np.float32) for digit in "ab"})
    store.embeddings.delete("a" * 64)
    for fingerprint in ("f1", "f2"):
        assert store.embeddings.missing(fingerprint, ["a" * 64, "b" * 64]) == ["a" * 64]
