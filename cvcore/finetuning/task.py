"""The training task, the same for Quick and Advanced, and an Advanced training under way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.files import blobs
from cvcore.networks.backbones import Backbone
from cvcore.networks.heads import Head
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress
from cvcore.records import Iteration, TrainingOptions
from cvcore.store import SnapshotImage, Store
from cvcore.validation import Plan

SPENT = "spent.json"


@dataclass(frozen=True, eq=False)
class Task:
    """What to train. Rows are the snapshot's images, columns its tags.

    `embeddings` (n, dimension) are the backbone's, `truth` is (n, tags), `groups` (n,) numbers the groups of near
    duplicates, `costs` (tags,) are the tags' weights.
    """

    iteration: Iteration
    options: TrainingOptions
    snapshot: Sequence[SnapshotImage]
    backbone: Backbone
    plan: Plan
    embeddings: Float32s
    truth: Bools
    groups: Integers
    costs: NDArray[np.floating]
    multilabel: bool


@dataclass(frozen=True, eq=False)
class AdvancedTraining:
    """An Advanced training under way; `quick` is the head that Quick training fitted for the same task.

    `folder` holds features, checkpoints, the schedule and the time spent; the reported epochs and the request to end
    early are in `store`. `elapsed_s` returns the seconds spent so far, those before a restart included.
    """

    store: Store
    task: Task
    quick: Head
    device: Device
    folder: Path
    elapsed_s: Callable[[], float]
    progress: Progress

    @property
    def budget_s(self) -> float:
        """The training's budget in seconds."""
        return 60 * self.task.options.budget_minutes

    def report_progress(self, stage: str) -> None:
        """Report the stage and the share of the budget that is spent; raises what `progress` raises."""
        self.progress(stage, min(self.elapsed_s() / self.budget_s, 1.0))

    def save_time_and_report(self, stage: str) -> None:
        """Save the time spent so far, for a restart, and report the stage."""
        blobs.write(self.folder / SPENT, json.dumps(self.elapsed_s()).encode(), durable=False)
        self.report_progress(stage)


def stopwatch(folder: Path) -> Callable[[], float]:
    """A function that returns the seconds that a training has taken, those before a restart included."""
    try:
        before_s = float(json.loads((folder / SPENT).read_bytes()))
    except (OSError, ValueError, TypeError):
        before_s = 0.0
    started = time.monotonic()
    return lambda: before_s + time.monotonic() - started
