"""Acquisition functions: numbers by which active learning chooses the images to tag next.

- Least confidence and entropy: images that the model is uncertain about. Uncertainty sampling, chapter 3 of Settles,
  "Active Learning Literature Survey" (2009, https://minds.wisconsin.edu/handle/1793/60660).
- Novelty: images far from all training images, where even a confident answer can be a guess, as in core-sets (Sener &
  Savarese 2018, https://arxiv.org/abs/1708.00489).
- Usefulness: entropy and novelty in one number. `tests/bench/usefulness.py` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.metrics import probabilities as metric_probabilities
from cvcore.records import Prediction

# The novelty of an image without an embedding: a typical distance between training images.
UNKNOWN_NOVELTY = 0.5

_BLOCK = 1024


def confidence(probabilities: NDArray[Any], suggested: Bools) -> NDArray[Any]:
    """The probability of each image's least confident decision about a tag, as (images,).

    In Multiclass that is the probability of the suggested tag: the decision against every other tag is at least as
    certain.

    Args:
        probabilities: (images, tags), 0..1.
        suggested: of the same shape, which tags are suggested.

    >>> confidence(np.array([[0.9, 0.25], [0.1, 0.2]]), np.array([[True, False], [False, False]])).tolist()
    [0.75, 0.8]
    """
    return np.asarray(np.where(suggested, probabilities, 1 - probabilities).min(axis=1, initial=1.0))


def order(confidences: NDArray[Any], suggested: Bools, *, surest_first: bool) -> Integers:
    """The rows of images by confidence, int (images,); ties stay in their order.

    With `surest_first`, images for which nothing is suggested come last: there is nothing to confirm.

    >>> suggested = np.array([[True], [True], [False]])
    >>> order(np.array([0.6, 0.9, 0.99]), suggested, surest_first=True).tolist()
    [1, 0, 2]
    >>> order(np.array([0.6, 0.9, 0.99]), suggested, surest_first=False).tolist()
    [0, 1, 2]
    """
    if surest_first:
        return np.lexsort((-confidences, ~suggested.any(axis=1)))
    return np.argsort(confidences, kind="stable")


def entropy(predictions: Sequence[Prediction], *, multilabel: bool) -> float:
    """The entropy in bits of an image's predictions: of one choice or, in Multilabel, summed over the tags.

    >>> entropy([Prediction("a", "Regular", 0.5), Prediction("b", "Regular", 0.5)], multilabel=False)
    1.0
    >>> entropy([Prediction("a", "Regular", 1.0), Prediction("b", "Regular", 0.0)], multilabel=True)
    0.0
    """
    shares = [prediction.probability for prediction in predictions]
    return metric_probabilities.entropy(shares, multilabel=multilabel)


def uncertainty(entropy_bits: float, tags: int, *, multilabel: bool) -> float:
    """An entropy divided by the largest possible one for that number of tags, 0..1, so that iterations can be compared.

    >>> uncertainty(1.0, 4, multilabel=False), uncertainty(1.0, 4, multilabel=True)
    (0.5, 0.25)
    """
    largest = tags if multilabel else math.log2(tags) if tags > 1 else 1
    return min(entropy_bits / largest, 1.0) if largest else 0.0


def novelty(distances: Float32s, usual: float) -> Float32s:
    """The novelty of images, 0..1, from their distances to the nearest training image.

    0: a copy of a training image. 0.5: a typical distance between training images, `usual`. 1: infinitely far.

    >>> novelty(np.array([0, 0.2, 0.6], np.float32), usual=0.2).tolist()
    [0.0, 0.5, 0.75]
    """
    sums = distances + np.float32(usual)
    novelties: Float32s = np.divide(distances, sums, out=np.zeros_like(distances), where=sums > 0)
    return novelties


def nearest_distances(embeddings: Float32s, training: Float32s, *, are_same: bool = False) -> Float32s:
    """Each embedding's distance to the nearest of `training`, float32 (n,): 1 - cosine, 0..2.

    `are_same`: `embeddings` are the first rows of `training`; an image is not its own neighbour.

    >>> nearest_distances(np.eye(2, dtype=np.float32), np.array([[2, 0]], np.float32)).tolist()
    [0.0, 1.0]
    """
    units, training_units = _unit_vectors(embeddings), _unit_vectors(training)
    distances = np.empty(len(units), np.float32)
    for start in range(0, len(units), _BLOCK):
        cosines = units[start : start + _BLOCK] @ training_units.T
        if are_same:
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = -1
        distances[start : start + _BLOCK] = 1 - cosines.max(axis=1)
    return distances.clip(0, 2)


def usefulness(uncertainty: float, novelty: float | None) -> float:
    """How useful it is to tag an image, 0..1.

    0 only if the model is certain and the image is a copy of a training image.

    It is 1 - (1 - uncertainty) * (1 - novelty). `uncertainty` is what the function of that name returns. If `novelty`
    is None, 0.5 stands for it, so that the order is by uncertainty alone.

    >>> usefulness(0.5, 0.5), usefulness(0.5, None), usefulness(0.0, 0.75)
    (0.75, 0.75, 0.75)
    """
    return 1 - (1 - uncertainty) * (1 - (UNKNOWN_NOVELTY if novelty is None else novelty))


def _unit_vectors(vectors: Float32s) -> Float32s:
    """The vectors at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Float32s = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units
