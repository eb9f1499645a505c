"""What images are compared by on the map: their embedding, and what the classifier says of them.

The classifier's probabilities of an image must come from one that was not trained on it. Otherwise the map would show
groups that are only learned by heart: with tags given at random it shows none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Float32s, Float64s

EMBEDDING_PARTS, HEAD_PARTS = 50, 32

# How large the classifier's part is beside the embedding's. At 0 the map separates tags as far as the network does
# without them, far above 1 it shows nothing but the answers. tests/bench/map.py measures it.
HEAD_WEIGHT = 0.6

_SAMPLE = 6000
_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Projection:
    """How features are computed of embeddings and probabilities.

    centre: float32 (dimension,), axes: float32 (dimension, parts), of unit embeddings. head_centre: float32 (tags,),
    head_axes: float32 (tags, head parts), of probabilities, with their weight.
    """

    centre: Float32s
    axes: Float32s
    head_centre: Float32s
    head_axes: Float32s


def fit(embeddings: Float32s, probabilities: Float32s) -> Projection:
    """The first principal components of both, from evenly chosen rows.

    Args:
        embeddings: (images, dimension).
        probabilities: (images, tags), without nan.
    """
    chosen = slice(None, None, -(-len(embeddings) // _SAMPLE) or 1)
    centre, axes, spread = _principal(units(embeddings[chosen]), EMBEDDING_PARTS)
    head_centre, head_axes, head_spread = _principal(probabilities[chosen], HEAD_PARTS)
    weight = HEAD_WEIGHT * (spread / head_spread) ** 0.5 if head_spread > _NOTHING else 0.0
    return Projection(*(np.asarray(each, np.float32) for each in (centre, axes, head_centre, weight * head_axes)))


def _principal(rows: Float32s, most: int) -> tuple[Float64s, Float64s, float]:
    """The mean of rows, the first principal axes, and the sum of squares along them."""
    centre: Float64s = rows.mean(axis=0, dtype=np.float64) if len(rows) else np.zeros(rows.shape[1])
    axes = components(rows - centre, most)
    return centre, axes, float(np.square((rows - centre) @ axes).sum())


def of_embeddings(projection: Projection, embeddings: Float32s) -> Float32s:
    """The embeddings' features, float32 (images, parts)."""
    return np.asarray((units(embeddings) - projection.centre) @ projection.axes)


def of_probabilities(projection: Projection, probabilities: Float32s) -> Float32s:
    """The probabilities' features, float32 (images, head parts)."""
    return np.asarray((probabilities - projection.head_centre) @ projection.head_axes)


def units(embeddings: Float32s) -> Float32s:
    """The rows at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    made: Float32s = np.divide(embeddings, lengths, out=np.zeros_like(embeddings, np.float32), where=lengths > 0)
    return made


def components(centred: Float32s | Float64s, most: int) -> Float64s:
    """The first principal axes of centred rows, float64 (columns, at most `most`); each one's largest part is positive.

    >>> components(np.array([[-1.0, 0.0], [1.0, 0.0]]), 1).tolist()
    [[1.0], [0.0]]
    """
    rows = centred.astype(np.float64)
    if len(rows) > rows.shape[1]:
        found = np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :most]
    else:
        found = np.linalg.svd(rows, full_matrices=False)[2][:most].T
    largest = np.take_along_axis(found, np.abs(found).argmax(axis=0, keepdims=True), axis=0) if found.size else found
    signed: Float64s = np.where(largest < 0, -found, found)
    return signed
