"""Finds the minimum of convex losses from their gradients alone, one pass over the rows for each step: L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cvcore.array_types import Bools, Float32s, Float64s, Integers
from cvcore.networks.large_sets.axes import TINY

# How many steps are remembered (Nocedal and Wright, Numerical Optimization, 7.2).
MEMORY = 10
# A step went too far if the loss rises behind it by more than this share of how it fell before.
TOO_FAR = 0.9
# The least that is left of a step that is shortened.
LEAST = 0.05

# The gradients of some heads at their kernels.
Gradients = Callable[[Integers, Float32s], Float32s]
# How the kernel changed, how the gradient did, and 1 / their product, 0 where nothing is remembered.
Step = tuple[Float32s, Float32s, Float64s]


class Conditioner:
    """Roughly the inverse of the second derivatives of one head's loss: along each axis, and along one slope a tag.

    `along_axes` is (columns, 1). `slopes`, (columns, tags), adds the square of each tag's slope to its second
    derivatives.
    """

    def __init__(self, along_axes: Float32s, slopes: Float32s) -> None:
        self.along_axes = along_axes
        self._conditioned = along_axes * slopes
        self._grown = 1 + (slopes * self._conditioned).sum(axis=0)

    def apply(self, gradient: Float32s) -> Float32s:
        """The conditioned gradient (columns, tags), by Sherman and Morrison's formula."""
        shares = (self._conditioned * gradient).sum(axis=0) / self._grown
        conditioned: Float32s = self.along_axes * gradient
        conditioned -= self._conditioned * shares
        return conditioned


class Path:
    """One head on its way: where it is, the step that led there, and what is remembered of earlier ones.

    `kernel` is (columns, tags). Tags that are `apart`, as in Multilabel, do not depend on each other: each goes its own
    way, with sums (1, tags); else they go together, with sums (1, 1). The first step is `scale` times as long as the
    conditioned gradient.
    """

    conditioner: Conditioner

    def __init__(self, kernel: Float32s, *, apart: bool, scale: float = 1) -> None:
        self.kernel = kernel.copy()
        self._apart = apart
        self._steps: list[Step] = []
        self._step = np.zeros_like(kernel)
        self._scale = np.full((1, 1), scale, np.float32)
        self._before: Float32s | None = None

    def begin(self, conditioner: Conditioner, growth: float = 1) -> None:
        """Begin a descent; what is remembered of one over fewer rows is of use where the loss has grown evenly."""
        self.conditioner = conditioner
        self._steps = [(step, change * np.float32(growth), inverse / growth) for step, change, inverse in self._steps]
        self._before = None

    def left(self, gradient: Float32s, goal: float) -> Float64s:
        """How many times as long as its goal the conditioned gradient is; of tags that are apart each has its part."""
        squares = self._dot(gradient, self.conditioner.along_axes * gradient)
        left: Float64s = np.sqrt(squares * squares.size) / goal
        return left

    def go_on(self, gradient: Float32s, is_moving: Bools) -> None:
        """Take the next step, given the gradient where the head is; one that went too far is shortened instead.

        It is shortened to where the slope along it would be 0 if it changed evenly. Only what `is_moving`, as `left`
        has them, is changed.
        """
        if self._before is None:
            self._before, self._step = gradient, np.where(is_moving, self._next(gradient), 0)
            self.kernel += self._step
            return
        fell, rises = self._dot(self._before, self._step), self._dot(gradient, self._step)
        is_too_far = rises > -TOO_FAR * fell
        self._remember(gradient - self._before, ~is_too_far & is_moving)
        share = np.where(is_too_far, np.maximum(fell / np.minimum(fell - rises, -TINY), LEAST), 0).astype(np.float32)
        shortened, new = share * self._step, self._next(gradient)
        self.kernel += np.where(is_moving, np.where(is_too_far, shortened - self._step, new), 0)
        self._step = np.where(is_moving, np.where(is_too_far, shortened, new), 0)
        self._before = np.where(is_too_far, self._before, gradient)

    def _remember(self, change: Float32s, is_taken: Bools) -> None:
        """Remember how the gradient changed along the last step, of tags for which it was taken."""
        along = self._dot(self._step, change)
        is_taken = is_taken & (along > 0)  # rounding may make the gradient of a convex loss fall
        if is_taken.any():
            inverse = np.where(is_taken, 1 / np.maximum(along, TINY), 0)
            self._steps = [*self._steps, (self._step, change, inverse)][-MEMORY:]
            scale = along / np.maximum(self._dot(change, self.conditioner.apply(change)), TINY)
            self._scale = np.where(is_taken, scale, self._scale).astype(np.float32)

    def _next(self, gradient: Float32s) -> Float32s:
        """Against the gradient, by the second derivatives that the remembered steps tell."""
        direction, shares = gradient.copy(), []
        for step, change, inverse in reversed(self._steps):
            shares.append((inverse * self._dot(step, direction)).astype(np.float32))
            direction -= shares[-1] * change
        direction = self._scale * self.conditioner.apply(direction)
        for (step, change, inverse), share in zip(self._steps, reversed(shares), strict=True):
            direction += (share - (inverse * self._dot(change, direction)).astype(np.float32)) * step
        return -direction

    def _dot(self, one: Float32s, other: Float32s) -> Float64s:
        sums: Float64s = np.multiply(one, other, dtype=np.float64).sum(axis=0, keepdims=True)
        return sums if self._apart else sums.sum(keepdims=True)


def descend(
    paths: Sequence[Path],
    *,
    gradients: Gradients,
    goals: Float64s,
    passes_most: int,
    on_left: Callable[[float], None] = lambda left: None,
) -> None:
    """Lead each head along its path to where its conditioned gradient is at most as long as its goal, (heads,).

    A head that is there is not changed any more, nor is a tag that is apart, and heads have no influence on each other.
    `on_left` is called after each pass with how many times as long as its goal the longest gradient is.

    >>> one = np.ones((1, 1), np.float32)
    >>> path = Path(0 * one, apart=True)
    >>> path.begin(Conditioner(one, 0 * one))
    >>> descend([path], gradients=lambda heads, at: 2 * (at - 3), goals=np.array([1e-3]), passes_most=9)
    >>> path.kernel.round(3).tolist()
    [[3.0]]
    """
    moving = list(range(len(paths)))
    for _ in range(passes_most):
        found = gradients(np.array(moving), np.stack([paths[head].kernel for head in moving]))
        left = [paths[head].left(gradient, goals[head]) for head, gradient in zip(moving, found, strict=True)]
        on_left(float(np.max(left)))
        for head, gradient, of_head in zip(moving, found, left, strict=True):
            if of_head.max() > 1:
                paths[head].go_on(gradient, of_head > 1)
        moving = [head for head, of_head in zip(moving, left, strict=True) if of_head.max() > 1]
        if not moving:
            break


def length(gradient: Float32s, along_axes: Float32s) -> float:
    """How long a gradient (columns, tags) is once it is conditioned along the axes."""
    return float(np.sqrt((np.square(gradient, dtype=np.float64) * along_axes).sum()))
