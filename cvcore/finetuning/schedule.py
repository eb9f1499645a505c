"""The schedule of an Advanced training: how many epochs and steps fit into its budget."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cvcore.files import blobs

# Epochs, if the budget allows: with twice as many the log-loss was no lower.
EPOCHS = 5

# The highest learning rate, for batches of 32.
LEARNING_RATE = 3e-4
BATCH = 32

WARM_UP = 0.1

# This name, and "rounds" (epochs) in the file, are stored: they stay.
FILE = "course.json"


@dataclass(frozen=True)
class Schedule:
    """The number of epochs, the steps per epoch of every fold split, the images per step, and the highest rate.

    `is_short`: the budget does not allow `EPOCHS` epochs. `reserve_s` seconds are kept for the work after the last.
    """

    epochs: int
    steps: tuple[int, ...]
    batch: int
    is_short: bool
    learning_rate: float = LEARNING_RATE
    reserve_s: float = 0.0

    def rates(self, epoch: int, split: int) -> list[float]:
        """The learning rates of a fold split's steps in an epoch, both numbered from 0.

        >>> [round(rate, 5) for rate in Schedule(2, (4,), 32, is_short=False).rates(1, 0)]
        [0.00018, 0.00011, 5e-05, 1e-05]
        """
        steps = self.steps[split]
        return [self.learning_rate * _share((epoch + step / steps) / self.epochs) for step in range(steps)]

    def mean_rate(self, epoch: int) -> float:
        """The learning rate in the middle of an epoch."""
        return self.learning_rate * _share((epoch + 0.5) / self.epochs)


def plan_schedule(split_sizes: Sequence[int], batch: int, images: float, *, predicted: float = 0.0) -> Schedule:
    """Plan a training that processes about `images` images in total, repeats counted.

    `split_sizes` are the numbers of images that the fold splits train on. An epoch trains on each of them about once,
    and its predictions take as long as training on `predicted` images. If `images` is less than that, there is one
    epoch with fewer steps. Larger batches have a higher learning rate, by the square root of their size.

    >>> plan_schedule([64, 64], 32, 500)
    Schedule(epochs=3, steps=(2, 2), batch=32, is_short=True, learning_rate=0.0003, reserve_s=0.0)
    >>> plan_schedule([64, 64], 128, 1e9).learning_rate, plan_schedule([64, 64], 32, 64).steps
    (0.0006, (1, 1))
    """
    steps = [math.ceil(size / batch) for size in split_sizes]
    possible = max(0.0, images / (batch * sum(steps) + predicted))
    if possible < 1:
        steps = [max(1, int(possible * count)) for count in steps]
    rate = LEARNING_RATE * math.sqrt(max(1.0, batch / BATCH))
    return Schedule(max(1, min(EPOCHS, int(possible))), tuple(steps), batch, possible < EPOCHS, rate)


def save(schedule: Schedule, folder: Path) -> None:
    """Save a schedule, so that a training that resumes keeps it.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    fields = dataclasses.asdict(schedule)
    fields["rounds"] = fields.pop("epochs")
    blobs.write(folder / FILE, json.dumps(fields).encode(), durable=False)


def load(folder: Path) -> Schedule | None:
    """The schedule that a training began with; None if it is missing, damaged or of a Tagwise that trained in runs."""
    try:
        fields = json.loads((folder / FILE).read_bytes())
        return Schedule(
            epochs=fields["rounds"],
            steps=tuple(fields["steps"]),
            batch=fields["batch"],
            is_short=fields["is_short"],
            learning_rate=fields["learning_rate"],
            reserve_s=fields["reserve_s"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _share(done: float) -> float:
    """The learning rate after a share of the training, relative to the highest: linear warm-up, then a cosine to 0.

    >>> [round(_share(done), 2) for done in (0, 0.05, 0.1, 0.55, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if done < WARM_UP:
        return done / WARM_UP
    return (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
