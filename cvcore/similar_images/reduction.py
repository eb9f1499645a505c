"""Fewer numbers per image, a byte each, whose products are nearly the cosines of the whole embeddings.

The cosine of two embeddings is the product of their unit vectors. Of all projections to so few dimensions, that onto
the first principal axes of the unit vectors (not centred, as the product is not) keeps the products best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s

DIMENSIONS = 128
SAMPLE = 4096

_SPARE, _TURNS = 16, 3
_LARGEST = 127
_ROOM = 1.25  # for images that come later and lie further out

Vectors = NDArray[np.int8]  # (images, d)


@dataclass(frozen=True, eq=False)
class Axes:
    """Directions, float32 (dimension, d), orthonormal; and what 1 stands for along each of them, float32 (d,)."""

    directions: Float32s
    scales: Float32s


def units(embeddings: Float32s) -> Float32s:
    """The rows at length 1, float32; zeros and rows with an infinite or undefined number become zeros.

    >>> units(np.array([[3, 4], [0, 0]], np.float32)).round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    usable = np.isfinite(lengths) & (lengths > 0)
    made: Float32s = np.divide(embeddings, lengths, out=np.zeros_like(embeddings, np.float32), where=usable)
    return made


def axes(vectors: Float32s) -> Axes:
    """The first principal axes of unit vectors, at most `DIMENSIONS`.

    By subspace iteration from fixed random numbers: a few products where all axes would take a second
    (Halko, Martinsson and Tropp 2011, https://arxiv.org/abs/0909.4061). At most `SAMPLE` rows are looked at, evenly.
    """
    sample = vectors[:: max(1, -(-len(vectors) // SAMPLE))]
    wanted = min(DIMENSIONS + _SPARE, vectors.shape[1])
    basis = np.random.default_rng(0).standard_normal((vectors.shape[1], wanted)).astype(np.float32)
    for _ in range(_TURNS):
        basis = np.linalg.qr(basis + sample.T @ (sample @ basis))[0]
    _, turned = np.linalg.eigh(basis.T @ (sample.T @ (sample @ basis)))
    first = (basis @ turned[:, ::-1])[:, :DIMENSIONS].astype(np.float32)
    largest = np.abs(sample @ first).max(axis=0, initial=0)
    return Axes(first, np.maximum(largest, np.float32(1e-6)) * np.float32(_ROOM / _LARGEST))


def reduced(vectors: Float32s, axes: Axes) -> Vectors:
    """Unit vectors along the axes, rounded, int8 (images, d)."""
    rounded: Vectors = np.rint(vectors @ axes.directions / axes.scales).clip(-_LARGEST, _LARGEST).astype(np.int8)
    return rounded


def query(vector: Float32s, axes: Axes) -> Float32s:
    """What the rows of `reduced` are multiplied by to be nearly their cosines with a unit vector, float32 (d,)."""
    factors: Float32s = (vector @ axes.directions) * axes.scales
    return factors


def best(scores: Float32s, count: int) -> np.ndarray:
    """The places of the highest scores, the highest first; ties in their order.

    >>> best(np.array([0.1, 0.9, 0.5, 0.9], np.float32), 3).tolist()
    [1, 3, 2]
    """
    chosen = np.arange(len(scores))
    if count < len(scores):
        chosen = np.sort(np.argpartition(-scores, count - 1)[:count])
    return chosen[np.argsort(-scores[chosen], kind="stable")][:count]
