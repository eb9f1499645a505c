"""What more images would bring, by the learning curve.

The largest of many tags' expected gains is too large: on the sets of the bench the tag that promised most, 7 to 14
points of its own F1, gained about as much as any other. So the step is one for all tags, whose gain is the mean's; a
tag is named only if it gains more than the mean even at the lower end of its shrunk interval.
"""

from __future__ import annotations

import numpy as np

from cvcore.array_types import Float64s
from cvcore.metrics.intervals import Z
from cvcore.next_steps.steps import Gain, MoreImages

MOST = 3
# Over 13 sets, four draws each, as many images again brought a mean F1 of 3.2 points where the curves said 3.9.
KEPT = 0.8


def more_images(gains: tuple[Float64s, Float64s, Float64s], images: float, evaluated: int) -> MoreImages | None:
    """The step for the gains of `learning_curves.f1_gains`; None if nothing is known.

    `images` is how many images a tag has on average, `evaluated` how many were evaluated.

    >>> gains = np.array([0.1, 0.02, 0.5]), np.array([0.05, -0.03, 0.0]), np.array([0.2, 0.1, 0.9])
    >>> more_images(gains, 20, 40)
    MoreImages(gain=Gain(expected=0.4, low=0.0, high=0.9), images=20, evaluated=40, most=())
    """
    expected, low, high = (float(each[-1]) for each in gains)
    if np.isnan([expected, low, high]).any():
        return None
    gain = Gain(KEPT * expected, KEPT * low, high)
    shrunk, deviation = shrink(gains[0][:-1], (gains[2][:-1] - gains[1][:-1]) / (2 * Z))
    above = np.nan_to_num(shrunk - Z * deviation, nan=-1.0)
    most = [tag for tag in np.argsort(-above, kind="stable")[:MOST].tolist() if above[tag] > expected]
    return MoreImages(gain, images, evaluated, tuple(most))


def shrink(values: Float64s, deviations: Float64s) -> tuple[Float64s, Float64s]:
    """Estimates (k,) moved towards their common mean as far as their deviations allow, and their deviations.

    Empirical Bayes with the variance between the true values by DerSimonian & Laird 1986,
    https://doi.org/10.1016/0197-2456(86)90046-2: estimates that differ no more than by chance become one number.
    nan stays nan.

    >>> shrink(np.array([0.1, 0.3]), np.array([0.2, 0.2]))[0].round(2).tolist()
    [0.2, 0.2]
    """
    known = ~np.isnan(values) & ~np.isnan(deviations)
    shrunk, spread = np.full_like(values, np.nan), np.full_like(values, np.nan)
    if known.sum() < 2:
        return shrunk, spread
    value, variance = values[known], np.square(np.maximum(deviations[known], 1e-3))
    weight = 1 / variance
    centre = (weight * value).sum() / weight.sum()
    excess = (weight * np.square(value - centre)).sum() - (len(value) - 1)
    between = max(0.0, excess / (weight.sum() - np.square(weight).sum() / weight.sum()))
    weight = 1 / (variance + between)
    centre = (weight * value).sum() / weight.sum()
    shrunk[known] = (between * value + variance * centre) / (between + variance)
    spread[known] = np.sqrt(between * variance / (between + variance) + 1 / weight.sum())
    return shrunk, spread
