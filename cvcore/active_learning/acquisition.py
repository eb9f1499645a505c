"""Which pictures would teach a classifier most, once somebody has tagged them.

Two things make a picture worth a tag. The model is unsure of it: uncertainty sampling, as in chapter 3 of Settles,
"Active Learning Literature Survey" (2009, https://minds.wisconsin.edu/handle/1793/60660). Or the model has seen nothing
like it, so that even a sure answer may be a guess: the picture lies far from all that is tagged, which is what
core-sets look for (Sener & Savarese 2018, https://arxiv.org/abs/1708.00489). `tests/bench/usefulness.py` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.records import Prediction

# What is thought of a picture whose embedding is not known: as far from the others as they are from each other.
USUAL = 0.5

_BLOCK = 1024


def usefulness(uncertainty: float, novelty: float | None) -> float:
    """How useful a picture's tag would be, 0..1: 0 only where the model is sure and has seen the very picture.

    `uncertainty` is entropy as a share of the largest possible. What is left to learn is what is not both known and
    familiar: 1 - (1 - uncertainty) * (1 - novelty). Without a novelty the order is by uncertainty alone.

    >>> usefulness(0.5, 0.5), usefulness(0.5, None), usefulness(0.0, 0.75)
    (0.75, 0.75, 0.75)
    """
    return 1 - (1 - uncertainty) * (1 - (USUAL if novelty is None else novelty))


def uncertainty(entropy_bits: float, tags: int, *, multilabel: bool) -> float:
    """An entropy as a share of the largest that so many tags allow, 0..1, so that iterations can be compared.

    >>> uncertainty(1.0, 4, multilabel=False), uncertainty(1.0, 4, multilabel=True)
    (0.5, 0.25)
    """
    largest = tags if multilabel else math.log2(tags) if tags > 1 else 1
    return min(entropy_bits / largest, 1.0) if largest else 0.0


def novelty(distances: Float32s, usual: float) -> Float32s:
    """How new pictures are, 0..1, from their distances to the nearest training image.

    0 is a copy of one, a half as far from it as training images usually are from each other, 1 nothing alike.

    >>> novelty(np.array([0, 0.2, 0.6], np.float32), usual=0.2).tolist()
    [0.0, 0.5, 0.75]
    """
    whole = distances + np.float32(usual)
    found: Float32s = np.divide(distances, whole, out=np.zeros_like(distances), where=whole > 0)
    return found


def nearest(embeddings: Float32s, training: Float32s, *, are_same: bool = False) -> Float32s:
    """Each embedding's distance to the nearest of `training`, float32 (n,): 1 - cosine, 0..2.

    `are_same`: the embeddings are the first of `training`, and none counts as its own neighbour.

    >>> nearest(np.eye(2, dtype=np.float32), np.array([[2, 0]], np.float32)).tolist()
    [0.0, 1.0]
    """
    ours, theirs = _directions(embeddings), _directions(training)
    found = np.empty(len(ours), np.float32)
    for start in range(0, len(ours), _BLOCK):
        likeness = ours[start : start + _BLOCK] @ theirs.T
        if are_same:
            rows = np.arange(len(likeness))
            likeness[rows, start + rows] = -1
        found[start : start + _BLOCK] = 1 - likeness.max(axis=1)
    return found.clip(0, 2)


def _directions(vectors: Float32s) -> Float32s:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    turned: Float32s = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return turned


def entropy(predictions: Sequence[Prediction], *, multilabel: bool) -> float:
    """How uncertain an answer is, in bits: of one choice among all tags, or the sum of a yes or no for each.

    >>> entropy([Prediction("a", "Regular", 0.5), Prediction("b", "Regular", 0.5)], multilabel=False)
    1.0
    >>> entropy([Prediction("a", "Regular", 1.0), Prediction("b", "Regular", 0.0)], multilabel=True)
    0.0
    """
    shares = [each.probability for each in predictions]
    if multilabel:
        shares += [1 - share for share in shares]
    return abs(math.fsum(share * math.log2(share) for share in shares if share > 0))


def certainty(probabilities: NDArray[Any], suggested: Bools) -> NDArray[Any]:
    """The probability of each row's least sure yes or no, as (rows,).

    In Multiclass that is the probability of the tag suggested: no other can be less sure to be left out.

    Args:
        probabilities: (rows, tags), 0..1.
        suggested: of the same shape, which tags are suggested.

    >>> certainty(np.array([[0.9, 0.25], [0.1, 0.2]]), np.array([[True, False], [False, False]])).tolist()
    [0.75, 0.8]
    """
    return np.asarray(np.where(suggested, probabilities, 1 - probabilities).min(axis=1, initial=1.0))


def order(certain: NDArray[Any], suggested: Bools, *, surest_first: bool) -> Integers:
    """The rows as they are looked at, int (rows,); equals stay in the order given.

    Where the surest come first, those for which nothing is suggested come last: there is nothing to confirm.

    >>> some = np.array([[True], [True], [False]])
    >>> order(np.array([0.6, 0.9, 0.99]), some, surest_first=True).tolist()
    [1, 0, 2]
    >>> order(np.array([0.6, 0.9, 0.99]), some, surest_first=False).tolist()
    [0, 1, 2]
    """
    if surest_first:
        return np.lexsort((-certain, ~suggested.any(axis=1)))
    return np.argsort(certain, kind="stable")
