"""Fits heads in stages: to some of the rows, from there to more of them, and at last to all."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from cvcore.array_types import Float32s, Integers
from cvcore.networks.large_sets import descent, passes
from cvcore.networks.large_sets.axes import TINY, TYPICAL_CURVATURE, Axes, principal_axes
from cvcore.networks.large_sets.descent import Conditioner, Path
from cvcore.networks.large_sets.passes import Fit

# Every 16th row, then every fourth, then all: the tolerance of each, at last that of the fit, and its most passes.
STAGES = (16, 0.03, 40), (4, 0.01, 40), (1, 0.0, 200)

# A tag's second derivatives are larger along the gap between its rows and the others: for each row, by so much for a
# unit of the gap's square. On 100,000 drawn rows with 100 tags this, and what paths remember from one stage to the
# next, saved a third of the passes. Only speed depends on it.
GAP_CURVATURE = 0.0002


def kernels(fit: Fit, *, l2: float, tolerance: float, on_progress: Callable[[float], None]) -> tuple[Axes, Float32s]:
    """Every head's kernel along principal axes and for the bias, (heads, axes + 1, tags), and the axes.

    `tolerance` and `on_progress` are as for `logistic_regression.minimise`; progress only grows, and is told often.
    """
    axes, spreads = principal_axes(fit.rows)
    heads, tags, report = np.arange(fit.heads), fit.truth.shape[1], _growing(on_progress)
    first, before = STAGES[0][0], len(fit.truth) / STAGES[0][0]
    slopes = _gradients(
        fit, axes.basis, l2, first, report, heads, np.zeros((len(heads), len(spreads), tags), np.float32)
    )
    conditioner = _along_axes(spreads, before, l2)
    firsts = np.array([descent.length(slope, conditioner) for slope in slopes]) / math.sqrt(before)
    # With balanced weights the slope at kernels of 0 is this part of the gap between a tag's rows and the others. The
    # curvature is largest there, where all tags are as likely.
    gaps = slopes * np.float32((4 if fit.multilabel else tags) / before)
    likely = 1 / (2 if fit.multilabel else max(tags, 2))
    scale = TYPICAL_CURVATURE / (likely * (1 - likely))
    paths = [Path(np.zeros_like(slope), apart=fit.multilabel, scale=scale) for slope in slopes]
    for every, goal, most in STAGES:
        rows, goal = len(fit.truth) / every, max(goal, tolerance)
        conditioner = _along_axes(spreads, rows, l2)
        for path, gap in zip(paths, gaps, strict=True):
            path.begin(Conditioner(conditioner, gap * np.float32(math.sqrt(GAP_CURVATURE * rows))), rows / before)
        before = rows
        descent.descend(
            paths,
            gradients=partial(_gradients, fit, axes.basis, l2, every, report),
            goals=np.maximum(goal * firsts * math.sqrt(rows), TINY),
            passes_most=most,
            on_left=partial(_report_left, report, goal, tolerance),
        )
    return axes, np.stack([path.kernel for path in paths])


def _along_axes(spreads: Float32s, rows: float, l2: float) -> Float32s:
    """Roughly the inverse of the loss's second derivatives along the axes, (axes + 1, 1)."""
    return np.asarray(1 / (TYPICAL_CURVATURE * spreads * rows + l2), np.float32)


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
