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
# The principal axes are those of so many rows, or of twice as many as there are numbers in a row.
AXES_ROWS = 2**14


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

    def trained_on(self, rows: slice | Integers, heads: Integers) -> Bools:
        """Which of these heads train on which of these rows, (rows, heads)."""
        return np.asarray(self.folds[rows][:, None] != heads)

    def weights_of(self, rows: slice | Integers, heads: Integers) -> Float32s:
        """The weights of these rows in these heads, as `TagWeights.of`."""
        some = TagWeights(self.weights.carried[heads], self.weights.lacking[heads], self.multilabel)
        return some.of(self.truth[rows], self.trained_on(rows, heads))


def gradients(
    fit: Fit, heads: Integers, kernels: Float32s, biases: Float32s, every: int, on_blocks: Callable[[], None]
) -> tuple[Float64s, Float64s]:
    """The gradient of the weighted cross-entropy of these heads, (heads, dimension, tags) and for biases (heads, tags).

    `kernels` and `biases` are of the same shapes, for standardised rows. Every so many rows are summed, 1 for all.
    `on_blocks` is called often, in the caller's thread; what it raises ends the work.
    """
    count, dimension, tags = kernels.shape
    flat = np.ascontiguousarray(kernels.transpose(1, 0, 2).reshape(dimension, -1))
    sums = [(np.zeros(flat.shape), np.zeros((count, tags))) for _ in range(SUMS)]

    def add(place: int, rows: slice) -> None:
        block = fit.rows.read(rows)
        scores = (block @ flat).reshape(-1, count, tags)
        scores += biases
        _activate(scores, multilabel=fit.multilabel)
        scores -= fit.truth[rows, None]
        scores *= fit.weights_of(rows, heads)
        kernel, bias = sums[place]
        kernel += block.T @ scores.reshape(len(block), -1)
        bias += scores.sum(axis=0)

    blocks = slices(len(fit.truth), every)
    with ThreadPoolExecutor(min(SUMS, os.cpu_count() or 1), thread_name_prefix="pass") as pool:
        for start in range(0, len(blocks), SUMS):
            on_blocks()
            some = blocks[start : start + SUMS]
            list(pool.map(add, range(len(some)), some))
    kernel = np.sum([kernel for kernel, _ in sums], axis=0).reshape(dimension, count, tags)
    return kernel.transpose(1, 0, 2), np.sum([bias for _, bias in sums], axis=0)


def principal_axes(rows: Standardised) -> tuple[Float32s, Float32s]:
    """Roughly all rows' principal axes, (dimension, dimension), and the mean squares along them and of a column of 1.

    The mean squares are (dimension + 1, 1). Axes are only a help, of rows drawn without their tags.
    """
    count, dimension = rows.embeddings.shape
    most = min(count, max(AXES_ROWS, 2 * dimension))
    some = rows.read(np.sort(np.random.default_rng(0).choice(count, most, replace=False)))
    squares, axes = np.linalg.eigh(some.T @ some / np.float32(most))
    return np.asarray(axes, np.float32), np.append(np.maximum(squares, 0), 1).astype(np.float32)[:, None]


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
