"""The course of a distillation, by the number of crops seen: how fast it learns, and how its weights are averaged.

It is bound to crops, not to hours: a run that was stopped, or that goes on a slower device, ends in the same way.
"""

from __future__ import annotations

import math

RATE, RATE_LEAST, WARM_UP_STEPS = 3e-3, 0.005, 500
AVERAGED_MOST = 0.9995


def rate(step: int, steps: int) -> float:
    """The learning rate of step `step` of `steps`: it rises to RATE in the first steps and falls along a cosine.

    >>> [round(rate(step, 10_000), 6) for step in (0, 499, 5_000, 10_000)]
    [6e-06, 0.002982, 0.001507, 1.5e-05]
    """
    falling = RATE_LEAST + (1 - RATE_LEAST) * (1 + math.cos(math.pi * step / steps)) / 2
    return RATE * min(1, (step + 1) / WARM_UP_STEPS) * falling


def averaged(step: int) -> float:
    """The share that the weights' running average keeps of itself at a step; small at first, when they change most.

    >>> [round(averaged(step), 4) for step in (0, 100, 100_000)]
    [0.05, 0.8417, 0.9995]
    """
    return min(AVERAGED_MOST, (step + 1) / (step + 20))
