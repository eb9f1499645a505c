"""Finds the minimum of convex losses from their gradients alone, one pass over the rows for each step: L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvcore.array_types import Float32s, Float64s, Integers

PASSES_MAX = 200
# How many steps are remembered (Nocedal and Wright, Numerical Optimization, 7.2).
MEMORY = 10
# A step went too far if the loss rises behind it by more than this share of how it fell before.
TOO_FAR = 0.9

# The gradients of some heads at their kernels.
Gradients = Callable[[Integers, Float32s], Float32s]
Step = tuple[Float32s, Float32s]  # how the kernel changed, and the gradient


def descend(
    kernels: Float32s,
    *,
    gradients: Gradients,
    conditioner: Float32s,
    goals: Float64s,
    on_left: Callable[[float], None] = lambda left: None,
) -> Float32s:
    """Kernels (heads, columns, tags) where each head's conditioned gradient is at most as long as its goal, (heads,).

    `conditioner`, (columns, 1), is roughly the inverse of the second derivatives. A head that is there is not changed
    any more, and heads have no influence on each other. `on_left` is called after each pass with how many times as long
    as its goal the longest gradient is.

    >>> found = descend(
    ...     np.zeros((1, 1, 1), np.float32),
    ...     gradients=lambda heads, kernels: 2 * (kernels - 3),
    ...     conditioner=np.ones((1, 1), np.float32),
    ...     goals=np.array([1e-3]),
    ... )
    >>> found.round(3).tolist()
    [[[3.0]]]
    """
    paths = [_Path(kernel, conditioner) for kernel in kernels]
    moving = np.arange(len(kernels))
    for _ in range(PASSES_MAX):
        found = gradients(moving, np.stack([paths[head].kernel for head in moving]))
        left = np.array([length(gradient, conditioner) for gradient in found]) / goals[moving]
        on_left(float(left.max()))
        for head, gradient in zip(moving[left > 1], found[left > 1], strict=True):
            paths[head].go_on(gradient)
        moving = moving[left > 1]
        if not len(moving):
            break
    return np.stack([path.kernel for path in paths])


def length(gradient: Float32s, conditioner: Float32s) -> float:
    """How long a gradient (columns, tags) is once it is conditioned."""
    return float(np.sqrt((np.square(gradient, dtype=np.float64) * conditioner).sum()))


class _Path:
    """One head on its way: where it is, the step that led there, and what is remembered of earlier ones."""

    def __init__(self, kernel: Float32s, conditioner: Float32s) -> None:
        self.kernel = kernel.copy()
        self._conditioner = conditioner
        self._steps: list[Step] = []
        self._step = np.zeros_like(kernel)
        self._before: Float32s | None = None

    def go_on(self, gradient: Float32s) -> None:
        """Take the next step, given the gradient where the head is; one that went too far is shortened instead.

        It is shortened to where the slope along it would be 0 if it changed evenly.
        """
        if self._before is not None:
            fell, rises = _dot(self._before, self._step), _dot(gradient, self._step)
            if rises > -TOO_FAR * fell:
                share = np.float32(max(fell / (fell - rises), 0.05))
                self.kernel -= (1 - share) * self._step
                self._step *= share
                return
            self._remember(gradient - self._before)
        self._before, self._step = gradient, self._next(gradient)
        self.kernel += self._step

    def _remember(self, change: Float32s) -> None:
        if _dot(self._step, change) > 0:  # rounding may make the gradient of a convex loss fall
            self._steps = [*self._steps, (self._step, change)][-MEMORY:]

    def _next(self, gradient: Float32s) -> Float32s:
        """Against the gradient, by the second derivatives that the remembered steps tell."""
        direction, shares = gradient.copy(), []
        for step, change in reversed(self._steps):
            shares.append(np.float32(_dot(step, direction) / _dot(step, change)))
            direction -= shares[-1] * change
        direction *= self._conditioner
        if self._steps:
            step, change = self._steps[-1]
            direction *= np.float32(_dot(step, change) / _dot(change, self._conditioner * change))
        for (step, change), share in zip(self._steps, reversed(shares), strict=True):
            direction += (share - np.float32(_dot(change, direction) / _dot(step, change))) * step
        return -direction


def _dot(one: Float32s, other: Float32s) -> float:
    return float(np.multiply(one, other, dtype=np.float64).sum())
