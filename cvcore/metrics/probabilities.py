"""Softmax, sigmoid, logits, cross-entropy and entropy, without overflow or log 0.

Rows are images, columns are tags. Multiclass probabilities come from a softmax over the tags, Multilabel ones from a
sigmoid per tag; `multilabel` says which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float64s

# Probabilities count as at least this, so that one wrong answer with probability 1 does not give an infinite loss.
LEAST_PROBABILITY = 1e-7

Float = TypeVar("Float", bound=np.floating[Any])


def softmax(logits: NDArray[Float]) -> NDArray[Float]:
    """The probabilities (n, k) of logits (n, k), of the same dtype; each row sums to 1.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), logits.dtype)


def sigmoid(logits: NDArray[Float]) -> NDArray[Float]:
    """The probabilities 1 / (1 + exp(-logits)), of the same shape and dtype.

    >>> sigmoid(np.array([0.0, 1000.0, -1000.0])).tolist()
    [0.5, 1.0, 0.0]
    """
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1, small) / (1 + small), logits.dtype)


def from_logits(logits: NDArray[Float], *, multilabel: bool) -> NDArray[Float]:
    """The probabilities (n, k) of logits (n, k): their sigmoid in Multilabel, their softmax in Multiclass.

    >>> from_logits(np.array([[0.0, 0.0, 0.0, 0.0]]), multilabel=False).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    return sigmoid(logits) if multilabel else softmax(logits)


def logits(probabilities: NDArray[Any], *, multilabel: bool) -> Float64s:
    """Logits (n, k) whose `from_logits` are the probabilities (n, k): log p, in Multilabel log p - log(1 - p).

    Probabilities count as 1e-7 to 1 - 1e-7.

    >>> logits(np.array([[0.5, 0.5]]), multilabel=True).tolist()
    [[0.0, 0.0]]
    """
    inside = np.clip(np.asarray(probabilities, np.float64), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.asarray(np.log(inside) - np.log1p(-inside) if multilabel else np.log(inside))


def cross_entropy(truth: Bools, probabilities: NDArray[Any], *, multilabel: bool) -> Float64s:
    """Each image's cross-entropy in nats, as (n,), from `truth` and `probabilities` (n, k); nan where one is nan.

    Multiclass: -log of the probability of the tag it carries. Multilabel: the sum over all tags of -log of the
    probability of what is true: that the image carries the tag, or that it does not. Probabilities count as at least
    1e-7.

    >>> cross_entropy(np.array([[True, False]]), np.array([[0.5, 0.5]]), multilabel=False).round(3).tolist()
    [0.693]
    >>> cross_entropy(np.array([[True, False]]), np.array([[0.5, 0.5]]), multilabel=True).round(3).tolist()
    [1.386]
    """
    of_truth = np.where(truth, probabilities, 1 - probabilities) if multilabel else probabilities
    nats = -np.log(np.clip(of_truth, LEAST_PROBABILITY, 1))
    counted = nats if multilabel else np.where(truth, nats, 0)
    return np.asarray(counted.sum(axis=1, dtype=np.float64))


def entropy(probabilities: Sequence[float] | NDArray[Any], *, multilabel: bool) -> float:
    """The entropy in bits of one image's probabilities (k,); the order of the tags does not matter.

    Multiclass: of the choice among all tags. Multilabel: the sum over the tags of the entropy of yes or no.

    >>> entropy([0.5, 0.5], multilabel=False), entropy([0.5, 0.5], multilabel=True)
    (1.0, 2.0)
    """
    shares = [float(probability) for probability in probabilities]
    if multilabel:
        shares += [1 - share for share in shares]
    return abs(math.fsum(share * math.log2(share) for share in shares if share > 0))
