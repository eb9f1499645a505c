"""Fits many logistic regressions over the same rows together: softmax or sigmoid, L2, weighted rows.

Written against `arrays`: in numpy on a CPU, on every backend of Keras on a GPU. Heads share their rows, so one matrix
product updates them all; in numpy large heads are updated side by side, a thread for each. The loop is our own rather
than `Model.fit` because the problem is convex: its steps need no learning rate, and it ends at the minimum.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cvcore.networks import arrays
from cvcore.networks.arrays import Operations, Tensor
from cvcore.networks.large_sets.axes import TINY, TYPICAL_CURVATURE

STEPS_MAX = 200

# From so many scores of a head (rows x tags) on, a thread for each head is faster than one for all.
SCORES_OF_A_THREAD = 2**14


@dataclass(frozen=True)
class Problem:
    """The loss that each head minimises.

    ::

        sum over rows of weight * cross-entropy(features @ kernel, truth) + l2 / 2 * sum of kernel²

    `features` is float32 (rows, columns), best along their principal axes; `truth` bool (rows, tags), in
    Multiclass with one tag per row; `weights` float32 (rows, heads, 1 or tags), 0 where a head does not train.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.bool_]
    weights: NDArray[np.float32]
    multilabel: bool
    l2: float


def minimise(
    problem: Problem,
    *,
    tolerance: float,
    on_fraction: Callable[[float], None] = lambda fraction: None,
    operations: Operations | None = None,
) -> NDArray[np.float32]:
    """Every head's kernel, float32 (heads, columns, tags), by preconditioned conjugate gradients.

    A head has converged when its conditioned gradient is `tolerance` times as long as at the start, where all
    kernels are 0, and is not changed any more: no other head's rows or tags influence its result.
    `on_fraction` is called after each step with the progress of the slowest, 0..1; what it raises ends the work.
    `operations` are by default the device's, see `arrays`.
    """
    ops = operations or arrays.operations()
    groups = _groups(_terms(problem, ops))
    states = [_start(terms) for terms in groups]
    firsts = [ops.maximum(state.decrement, TINY) for state in states]
    left = [math.inf] * len(groups)

    def advance(group: int) -> None:
        """One step of a group's heads, unless all of them have converged."""
        if left[group] > tolerance:
            still_moving = states[group].decrement > tolerance**2 * firsts[group]
            states[group] = _step(groups[group], states[group], still_moving)
            left[group] = math.sqrt(float(ops.max(states[group].decrement / firsts[group])))

    with ThreadPoolExecutor(min(len(groups), os.cpu_count() or 1), thread_name_prefix="fit") as pool:
        for _ in range(STEPS_MAX):
            list(pool.map(advance, range(len(groups))))
            remaining = max(left)
            on_fraction(math.log(max(min(remaining, 1), tolerance)) / math.log(tolerance))
            if remaining <= tolerance:
                break
    kernels = np.concatenate([np.asarray(ops.convert_to_numpy(state.kernels)) for state in states], axis=1)
    return np.moveaxis(kernels, 1, 0)


@dataclass(frozen=True)
class _Terms:
    """The problem as tensors that broadcast to (rows, heads, tags), the conditioner to (columns, heads, tags)."""

    ops: Operations
    features: Tensor
    transposed: Tensor
    truth: Tensor
    weights: Tensor
    conditioner: Tensor
    multilabel: bool
    l2: float


@dataclass(frozen=True)
class _State:
    """One step of the descent: kernels, what follows from them, and the next direction.

    `kernels`, `gradient` and `direction` are (columns, heads, tags), `scores` and `probabilities` (rows, heads,
    tags); `decrement` (1, heads, 1) is the squared length of the conditioned gradient.
    """

    kernels: Tensor
    scores: Tensor
    probabilities: Tensor
    gradient: Tensor
    direction: Tensor
    decrement: Tensor


def _terms(problem: Problem, ops: Operations) -> _Terms:
    squares = np.square(problem.features).sum(axis=0)[:, None, None]
    features = ops.convert_to_tensor(problem.features)
    return _Terms(
        ops,
        features,
        transposed=ops.transpose(features),
        truth=ops.convert_to_tensor(problem.truth[:, None].astype(np.float32)),
        weights=ops.convert_to_tensor(problem.weights),
        # Along principal axes the second derivatives are near a diagonal: this is its inverse, roughly.
        conditioner=ops.convert_to_tensor(1 / (TYPICAL_CURVATURE * squares + np.float32(problem.l2))),
        multilabel=problem.multilabel,
        l2=problem.l2,
    )


def _groups(terms: _Terms) -> list[_Terms]:
    """The heads that one thread updates together: in numpy, where large, each its own; else all of them.

    The groups do not depend on the number of cores, and so neither do the results, to the last digit.
    """
    rows, heads, _ = terms.weights.shape
    if terms.ops is not arrays.Numpy or rows * terms.truth.shape[2] < SCORES_OF_A_THREAD:
        return [terms]
    return [replace(terms, weights=terms.weights[:, head : head + 1]) for head in range(heads)]


def _start(terms: _Terms) -> _State:
    ops = terms.ops
    scores = ops.zeros((terms.truth.shape[0], terms.weights.shape[1], terms.truth.shape[2]))
    kernels = ops.zeros((terms.features.shape[1], *scores.shape[1:]))
    probabilities = _activation(terms, scores)
    gradient = _gradient(terms, kernels, probabilities)
    direction = -terms.conditioner * gradient
    return _State(kernels, scores, probabilities, gradient, direction, -_per_head(terms, gradient * direction))


def _step(terms: _Terms, state: _State, still_moving: Tensor) -> _State:
    """One step for the heads that still move, bool (1, heads, 1), and Polak and Ribière's next direction.

    The direction is reset where theirs would not lead down (Nocedal and Wright, Numerical Optimization, 5.2).
    """
    ops = terms.ops
    moves = _product(terms, terms.features, state.direction)
    length = ops.where(still_moving, _safe_length(terms, state, moves), 0.0)
    kernels = state.kernels + length * state.direction
    scores = state.scores + length * moves
    probabilities = _activation(terms, scores)
    gradient = _gradient(terms, kernels, probabilities)
    conditioned = terms.conditioner * gradient
    decrement = _per_head(terms, gradient * conditioned)
    kept = (decrement - _per_head(terms, state.gradient * conditioned)) / ops.maximum(state.decrement, TINY)
    direction = ops.maximum(kept, 0) * state.direction - conditioned
    direction = ops.where(_per_head(terms, gradient * direction) < 0, direction, -conditioned)
    return _State(kernels, scores, probabilities, gradient, direction, decrement)


def _safe_length(terms: _Terms, state: _State, moves: Tensor) -> Tensor:
    """The step of each head along its direction that does not pass the lowest point there, (1, heads, 1).

    Newton's step, descent / curvature, would be right if the curvature were constant. Where no row's scores move apart
    by more than `reach`, it grows at most as exp(reach * t) along the way t, which bounds the slope and gives
    the step below: every step leads down (F. Bach, Self-concordant analysis for logistic regression, 2010).
    """
    ops = terms.ops
    if terms.multilabel:
        spread = state.probabilities * (1 - state.probabilities) * ops.square(moves)
        widths = ops.abs(moves)
    else:
        mean = ops.sum(state.probabilities * moves, axis=-1, keepdims=True)
        spread = state.probabilities * ops.square(moves - mean)
        widths = ops.max(moves, axis=-1, keepdims=True) - ops.min(moves, axis=-1, keepdims=True)
    trained = ops.cast(terms.weights > 0, "float32")
    reach = ops.maximum(ops.max(widths * trained, axis=(0, 2), keepdims=True), TINY)
    curvature = _per_head(terms, terms.weights * spread) + terms.l2 * _per_head(terms, ops.square(state.direction))
    descent = -_per_head(terms, state.gradient * state.direction)
    return ops.log1p(reach * descent / ops.maximum(curvature, TINY)) / reach


def _gradient(terms: _Terms, kernels: Tensor, probabilities: Tensor) -> Tensor:
    missed = terms.weights * (probabilities - terms.truth)
    return _product(terms, terms.transposed, missed) + terms.l2 * kernels


def _activation(terms: _Terms, scores: Tensor) -> Tensor:
    return terms.ops.sigmoid(scores) if terms.multilabel else terms.ops.softmax(scores)


def _product(terms: _Terms, left: Tensor, right: Tensor) -> Tensor:
    """(a, b) times (b, heads, tags) is (a, heads, tags), as one matrix product."""
    ops = terms.ops
    flat = ops.matmul(left, ops.reshape(right, (right.shape[0], -1)))
    return ops.reshape(flat, (left.shape[0], *right.shape[1:]))


def _per_head(terms: _Terms, values: Tensor) -> Tensor:
    return terms.ops.sum(values, axis=(0, 2), keepdims=True)
