"""Sums over all rows of embeddings, a block at a time: heads' gradients, and the probabilities of each fold."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Float64s, Integers
from cvcore.metrics.probabilities import from_logits
from cvcore.networks.large_sets.blocks import Standardised, slices
from cvcore.networks.large_sets.tag_weights import TagWeights

# Blocks are added up in so many sums, one in a thread: whatever the number of cores, the result is the same.
SUMS = 8


@dataclass(frozen=True)
class Fit:
    """What heads are fitted to: rows, their tags (rows, tags), their folds (rows,), and the heads' weights.

    Head number f trains on all rows but those of fold f.
    """

    rows: Standardised
    truth: Bools
    folds: NDArray[np.integer]
    weights: TagWeights
    multilabel: bool

    @property
    def heads(self) -> int:
        """How many there are: one for each fold, and the final one."""
        return len(self.weights.carried)


def gradients(
    fit: Fit, heads: Integers, kernels: Float32s, biases: Float32s, every: int, on_blocks: Callable[[], None]
) -> tuple[Float64s, Float64s]:
    """The gradient of the weighted cross-entropy of these heads, (heads, dimension, tags) and for biases (heads, tags).

    `kernels` and `biases` are of the same shapes, for standardised rows. Every so many rows are summed, 1 for all.
    `on_blocks` is called often, in the caller's thread; what it raises ends the work.
    """
    sums = [(np.zeros(kernels.shape), np.zeros(biases.shape)) for _ in range(SUMS)]
    flat = {fold: _flat(kernels[heads != fold]) for fold in range(-1, fit.heads - 1)}

    def add(place: int, rows: slice) -> None:
        block, folds, truth = fit.rows.read(rows), fit.folds[rows], fit.truth[rows]
        for fold in np.unique(folds):  # nothing is computed for the head that does not train on these rows
            some, training = folds == fold, np.flatnonzero(heads != fold)
            if not len(training):
                continue
            weights = fit.weights.of(truth[some], heads[training])
            slopes, bias = _slopes(
                block[some], truth[some], weights, (flat[fold], biases[training]), multilabel=fit.multilabel
            )
            for number, head in enumerate(training):
                sums[place][0][head] += slopes[:, number]
            sums[place][1][training] += bias

    blocks = slices(len(fit.truth), every)
    with ThreadPoolExecutor(min(SUMS, os.cpu_count() or 1), thread_name_prefix="pass") as pool:
        for start in range(0, len(blocks), SUMS):
            on_blocks()
            some = blocks[start : start + SUMS]
            list(pool.map(add, range(len(some)), some))
    return np.sum([kernel for kernel, _ in sums], axis=0), np.sum([bias for _, bias in sums], axis=0)


def out_of_fold(fit: Fit, kernels: Float32s, biases: Float32s) -> Float32s:
    """Each row's probabilities by its own fold's head, (rows, tags); nan in fold -1. Shapes as for `gradients`."""
    result = np.full(fit.truth.shape, np.nan, np.float32)

    def judge(rows: slice) -> None:
        block = fit.rows.read(rows)
        for fold in np.unique(fit.folds[rows]):
            if fold >= 0:
                own = fit.folds[rows] == fold
                result[rows][own] = from_logits(block[own] @ kernels[fold] + biases[fold], multilabel=fit.multilabel)

    with ThreadPoolExecutor(min(SUMS, os.cpu_count() or 1), thread_name_prefix="pass") as pool:
        list(pool.map(judge, slices(len(fit.truth))))
    return result


def _slopes(
    features: Float32s, truth: Bools, weights: Float32s, at: tuple[Float32s, Float32s], *, multilabel: bool
) -> tuple[Float32s, Float32s]:
    """The gradient at kernels (dimension, heads x tags) and biases (heads, tags): (dimension, heads, tags), and theirs.

    `features` are (rows, dimension), `truth` (rows, tags), `weights` as `TagWeights.of` has them.
    """
    kernels, biases = at
    scores = (features @ kernels).reshape(-1, *biases.shape)
    scores += biases
    _activate(scores, multilabel=multilabel)
    scores -= truth[:, None]
    scores *= weights
    slopes = features.T @ scores.reshape(len(scores), -1)
    return slopes.reshape(-1, *biases.shape), scores.sum(axis=0)


def _flat(kernels: Float32s) -> Float32s:
    """Kernels (heads, dimension, tags) beside each other, (dimension, heads x tags)."""
    return np.ascontiguousarray(kernels.transpose(1, 0, 2).reshape(kernels.shape[1], -1))


def _activate(scores: Float32s, *, multilabel: bool) -> None:
    """Probabilities instead of scores (rows, heads, tags), in their place: other arrays of this size cost memory."""
    if multilabel:
        np.negative(scores, out=scores)
        with np.errstate(over="ignore"):  # 1 / (1 + inf) is the right 0
            np.exp(scores, out=scores)
        scores += 1
        np.reciprocal(scores, out=scores)
        return
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
