"""Fits heads in stages: to some of the rows, from there to more of them, and at last to all."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from cvcore.array_types import Float32s, Integers
from cvcore.networks.large_sets import descent, passes
from cvcore.networks.large_sets.axes import TINY, TYPICAL_CURVATURE, Axes, principal_axes
from cvcore.networks.large_sets.passes import Fit

# Every 16th row, then every fourth, then all: the tolerance of each, and at last that of the fit.
STAGES = (16, 0.03), (4, 0.01), (1, 0.0)


def kernels(fit: Fit, *, l2: float, tolerance: float, on_progress: Callable[[float], None]) -> tuple[Axes, Float32s]:
    """Every head's kernel along principal axes and for the bias, (heads, axes + 1, tags), and the axes.

    `tolerance` and `on_progress` are as for `logistic_regression.minimise`; progress only grows, and is told often.
    """
    axes, spreads = principal_axes(fit.rows)
    heads, report = np.arange(fit.heads), _growing(on_progress)
    found = np.zeros((fit.heads, len(spreads), fit.truth.shape[1]), np.float32)
    firsts = None
    for every, goal in STAGES:
        gradients = partial(_gradients, fit, axes.basis, l2, every, report)
        curvatures = TYPICAL_CURVATURE * spreads * (len(fit.truth) / every) + l2
        conditioner = np.asarray(1 / curvatures, np.float32)
        if firsts is None:
            slopes = gradients(heads, found)
            firsts = math.sqrt(every) * np.array([descent.length(slope, conditioner) for slope in slopes])
        goal = max(goal, tolerance)
        found = descent.descend(
            found,
            gradients=gradients,
            conditioner=conditioner,
            goals=np.maximum(goal * firsts / math.sqrt(every), TINY),
            on_left=partial(_report_left, report, goal, tolerance),
        )
    return axes, found


def _gradients(
    fit: Fit, basis: Float32s, l2: float, every: int, report: Callable[[], None], heads: Integers, at: Float32s
) -> Float32s:
    """The gradient of these heads' whole loss along the axes, at kernels (heads, axes + 1, tags), of that shape."""
    kernel, bias = passes.gradients(fit, heads, basis @ at[:, :-1], at[:, -1], every, report)
    return np.asarray(np.concatenate([basis.T @ kernel, bias[:, None]], axis=1) + l2 * at, np.float32)


def _report_left(report: Callable[[float], None], goal: float, tolerance: float, left: float) -> None:
    report(math.log(max(left, 1) * goal) / math.log(tolerance))


def _growing(on_progress: Callable[[float], None]) -> Callable[..., None]:
    """Reports the largest fraction, 0..1, that it was told so far; told none, it reports that again."""
    most = [0.0]

    def report(fraction: float = 0.0) -> None:
        most[0] = max(most[0], min(fraction, 1.0))
        on_progress(most[0])

    return report
