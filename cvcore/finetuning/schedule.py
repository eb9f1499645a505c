"""How an advanced training spends its time: attempts of so many rounds of so many steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

EPOCHS = 10


@dataclass(frozen=True)
class Schedule:
    """How the training goes: attempts, the rounds of each, the steps of a round for every fit, the pictures in a step.

    `is_short` says that there was no time for all attempts, `reserve_s` is for what comes after the last round.
    """

    attempts: int
    rounds: int
    steps: tuple[int, ...]
    batch: int
    is_short: bool
    reserve_s: float = 0.0


def plan_schedule(trains: Sequence[int], batch: int, pictures: float, *, attempts: int) -> Schedule:
    """How to go about it so that about so many `pictures` are seen in all, in up to so many attempts.

    `trains` is how many pictures each fit trains on. A round sees each about once; where there is not even time for
    that, there is one round, and it is shorter.

    >>> planned([64, 64], 32, 3500, attempts=4)
    Course(attempts=3, rounds=9, steps=(2, 2), batch=32, is_short=True, reserve_s=0.0)
    >>> planned([64, 64], 32, 400, attempts=4).rounds, planned([64, 64], 32, 64, attempts=4).steps
    (3, (1, 1))
    """
    steps = [math.ceil(each / batch) for each in trains]
    rounds = max(0.0, pictures / (batch * sum(steps)))
    if rounds < 1:
        return Schedule(1, 1, tuple(max(1, int(rounds * each)) for each in steps), batch, is_short=True)
    possible = max(1, min(attempts, round(rounds / EPOCHS)))
    each = min(EPOCHS, int(rounds / possible))
    return Schedule(possible, each, tuple(steps), batch, is_short=possible * each < attempts * EPOCHS)
