"""Extends curves beyond the images there are, with a standard deviation.

A curve that grows with the share s of the images is fitted as

    value(s) = a + b * f(s),    f(s) = (1 - s^-g) / g, or log(s) for g = 0

by least squares, for several shapes g: 0 goes on growing with every doubling, 1.5 is almost flat at the end. No shape
is chosen: each is weighted by how well it fits all tags together, and the differences between them count as
uncertainty.
A curve that falls is continued as flat. The end of the measured curve counts as much as the fitted one.

The shapes and weights were chosen on 13 sets of 20 to 900 images; docs/numbers.md says how well they do there and on
others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Float64s

SHAPES = (0.0, 0.3, 0.6, 1.0, 1.5)
# Residuals of a shape are compared with the differences between random subsets, times this: subsets that lie in each
# other differ less than independent ones.
TEMPERATURE = 4.0
NOISE_LEAST = 0.003
# A line needs two points, and one more to say anything about its shape.
SHARES_LEAST = 3


def extrapolate(shares: Float64s, values: Float64s, targets: Float64s) -> tuple[Float64s, Float64s]:
    """The expected values at shares above 1, (t, c), and their standard deviations, (t, c).

    Args:
        shares: (p,), ascending, the last is 1; a share can occur several times.
        values: (p, 1 + m, c), 0..1: of all images, and of the images without each of m blocks. nan is undefined. The
            last column is the mean over the others, and its fit weighs the shapes for all columns.
        targets: (t,), shares above 1.

    Where fewer than three shares have a value, the result is nan.

    >>> shares = np.array([0.25, 0.5, 1.0])
    >>> values = np.array([0.7, 0.8, 0.9])[:, None, None].repeat(11, axis=1)
    >>> [each.round(2).tolist() for each in extrapolate(shares, values, np.array([2.0]))]
    [[[0.99]], [[0.02]]]
    """
    fits = [_fit(shares, values, targets, shape) for shape in SHAPES]
    weights = _weights(shares, values[:, 0], np.stack([fit.residuals for fit in fits]))
    at_shapes = np.stack([fit.predicted for fit in fits])
    expected = np.tensordot(weights, at_shapes, 1)
    whole, without = expected[:, 0], expected[:, 1:]
    blocks = without.shape[1]
    # The jackknife over blocks, Efron & Stein 1981, https://doi.org/10.1214/aos/1176345462.
    of_images = np.square(without - without.mean(axis=1, keepdims=True)).sum(axis=1) * (blocks - 1) / max(blocks, 1)
    of_shapes = np.tensordot(weights, np.square(at_shapes[:, :, 0] - whole), 1)
    return whole, np.sqrt(of_images + of_shapes)


def gains(shares: Float64s, values: Float64s, target: float) -> tuple[Float64s, Float64s, Float64s]:
    """What a share above 1 is expected to bring to each column over today's value, with a 95 % interval: each (c,).

    The arguments are as in `extrapolate`. The interval is of the expected gain, without the chance of which images
    will come. It is that of a mixture: for each shape a normal distribution of the jackknife's variance, by its weight.
    Only the curve's slope counts: that today's number was by chance above or below the curve is no gain or loss.
    """
    fits = [_fit(shares, values, np.array([target]), shape) for shape in SHAPES]
    weights = _weights(shares, values[:, 0], np.stack([fit.residuals for fit in fits]))
    gained = np.stack([fit.gained[0] for fit in fits])  # (shapes, 1 + m, c)
    at_shapes = np.minimum(gained, 1 - values[-1])
    whole, without = at_shapes[:, 0], at_shapes[:, 1:]
    blocks = without.shape[1]
    squares = np.square(without - without.mean(axis=1, keepdims=True)).sum(axis=1)
    deviations = np.sqrt(squares * (blocks - 1) / max(blocks, 1))
    low, high = (_quantile(weights, whole, deviations, share) for share in (0.025, 0.975))
    return weights @ whole, low, high


def _quantile(weights: Float64s, means: Float64s, deviations: Float64s, share: float) -> Float64s:
    """The quantile of each column's mixture of normal distributions; means and deviations are (shapes, c)."""
    spread = np.maximum(deviations, 1e-9)
    low, high = (means - 5 * spread).min(axis=0), (means + 5 * spread).max(axis=0)
    for _ in range(50):
        middle = (low + high) / 2
        is_below = weights @ _normal_share((middle - means) / spread) < share
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return np.where(np.isnan(means).any(axis=0), np.nan, (low + high) / 2)


def _normal_share(z: Float64s) -> Float64s:
    """The share of a normal distribution below so many standard deviations."""
    return np.array([0.5 + math.erf(each / math.sqrt(2)) / 2 for each in z.ravel()]).reshape(z.shape)


@dataclass(frozen=True, eq=False)
class _Fit:
    """By one shape: predicted (t, 1 + m, c), gained (the same by the slope alone), and the whole's residuals² (c,)."""

    predicted: Float64s
    gained: Float64s
    residuals: Float64s


def _fit(shares: Float64s, values: Float64s, targets: Float64s, shape: float) -> _Fit:
    x = _growth(shares, shape)[:, None, None]
    is_known = ~np.isnan(values)
    weights = np.where(is_known, np.sqrt(shares)[:, None, None], 0)
    y = np.where(is_known, values, 0)
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x_mean, y_mean = (weights * x).sum(axis=0) / total, (weights * y).sum(axis=0) / total
        slope = (weights * (x - x_mean) * (y - y_mean)).sum(axis=0) / (weights * np.square(x - x_mean)).sum(axis=0)
    at_one = y_mean - slope * x_mean
    residuals = (weights * np.square(y - at_one - slope * x)).sum(axis=0)[0]
    gained = slope * _growth(targets, shape)[:, None, None]
    has_curve = np.array([len(np.unique(shares[known])) >= SHARES_LEAST for known in is_known[:, 0].T])
    predicted = np.clip((values[-1] + at_one) / 2 + np.maximum(gained, 0), 0, 1)
    return _Fit(np.where(has_curve, predicted, np.nan), np.where(has_curve, gained, np.nan), residuals)


def _growth(shares: Float64s, shape: float) -> Float64s:
    return np.log(shares) if shape == 0 else (1 - shares**-shape) / shape


def _weights(shares: Float64s, wholes: Float64s, residuals: Float64s) -> Float64s:
    """How much each shape counts, (shapes,), by its residuals (shapes, c) in the last column; their sum is 1."""
    of_mean = wholes[:, -1]
    drawn = [of_mean[shares == share] for share in np.unique(shares)]
    variances = [np.nanvar(values, ddof=1) for values in drawn if np.count_nonzero(~np.isnan(values)) > 1]
    noise = max(float(np.mean(variances)) if variances else 0.0, NOISE_LEAST**2)
    likelihood = np.exp((residuals[:, -1].min() - residuals[:, -1]) / (2 * TEMPERATURE * noise))
    return np.asarray(likelihood / likelihood.sum())
