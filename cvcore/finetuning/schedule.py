"""The schedule of an Advanced training: how many runs, epochs and steps fit into its budget."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cvcore.files import blobs

# Epochs per run, if the budget allows.
EPOCHS = 10

# This name, and "attempts" (runs) and "rounds" (epochs) in the file, are stored: they stay.
FILE = "course.json"


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run; runs and epochs are numbered from 0."""

    run: int
    number: int


@dataclass(frozen=True)
class Schedule:
    """The number of runs, the epochs per run, the steps per epoch of every fold split, and the images per step.

    `is_short`: the budget does not allow all possible runs with `EPOCHS` epochs each, so runs or epochs are fewer.
    `reserve_s` seconds are kept for the work after the last epoch.
    """

    runs: int
    epochs: int
    steps: tuple[int, ...]
    batch: int
    is_short: bool
    reserve_s: float = 0.0

    def all_epochs(self) -> list[Epoch]:
        """Every epoch, in the order in which they are trained."""
        return [Epoch(run, number) for run in range(self.runs) for number in range(self.epochs)]


def plan_schedule(split_sizes: Sequence[int], batch: int, images: float, *, runs: int) -> Schedule:
    """Plan at most `runs` runs that process about `images` images in total, repeats counted.

    `split_sizes` are the numbers of images that the fold splits train on. An epoch trains on each of them about once;
    if `images` is less than that, there is one epoch with fewer steps.

    >>> plan_schedule([64, 64], 32, 3500, runs=4)
    Schedule(runs=3, epochs=9, steps=(2, 2), batch=32, is_short=True, reserve_s=0.0)
    >>> plan_schedule([64, 64], 32, 400, runs=4).epochs, plan_schedule([64, 64], 32, 64, runs=4).steps
    (3, (1, 1))
    """
    steps = [math.ceil(size / batch) for size in split_sizes]
    possible = max(0.0, images / (batch * sum(steps)))
    if possible < 1:
        return Schedule(1, 1, tuple(max(1, int(possible * count)) for count in steps), batch, is_short=True)
    runs_planned = max(1, min(runs, round(possible / EPOCHS)))
    epochs = min(EPOCHS, int(possible / runs_planned))
    return Schedule(runs_planned, epochs, tuple(steps), batch, is_short=runs_planned * epochs < runs * EPOCHS)


def save(schedule: Schedule, folder: Path) -> None:
    """Save a schedule, so that a training that resumes keeps it.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    fields = {
        "attempts": schedule.runs,
        "rounds": schedule.epochs,
        "steps": schedule.steps,
        "batch": schedule.batch,
        "is_short": schedule.is_short,
        "reserve_s": schedule.reserve_s,
    }
    blobs.write(folder / FILE, json.dumps(fields).encode(), durable=False)


def load(folder: Path) -> Schedule | None:
    """The schedule that a training began with; None if it is missing or damaged."""
    try:
        fields = json.loads((folder / FILE).read_bytes())
        return Schedule(
            runs=fields["attempts"],
            epochs=fields["rounds"],
            steps=tuple(fields["steps"]),
            batch=fields["batch"],
            is_short=fields["is_short"],
            reserve_s=fields["reserve_s"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
