"""What is to be taught, to Quick and Advanced alike, and an advanced lesson under way."""

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
    """What is to be taught, to Quick and Advanced alike. Rows are the snapshot's pictures, columns its tags."""

    iteration: Iteration
    options: TrainingOptions
    snapshot: Sequence[SnapshotImage]
    prepared: Backbone
    plan: Plan
    embeddings: Float32s
    truth: Bools
    groups: Integers
    costs: NDArray[np.floating]
    multilabel: bool


@dataclass(frozen=True, eq=False)
class Run:
    """A lesson under way, and what Quick made of it; `clock` tells the seconds it took, before a crash included."""

    store: Store
    lesson: Task
    quick: Head
    device: Device
    folder: Path
    clock: Callable[[], float]
    progress: Progress

    @property
    def budget_s(self) -> float:
        """What the training may take, in seconds."""
        return 60 * self.lesson.options.budget_minutes

    def tell(self, stage: str) -> None:
        """Say what is done now, and note the time it has taken; raises what `progress` raises."""
        blobs.write(self.folder / SPENT, json.dumps(self.clock()).encode(), durable=False)
        self.progress(stage, min(self.clock() / self.budget_s, 1.0))


def clock(folder: Path) -> Callable[[], float]:
    """Count the seconds that a training has taken, those before a restart too."""
    try:
        before_s = float(json.loads((folder / SPENT).read_bytes()))
    except (OSError, ValueError, TypeError):
        before_s = 0.0
    started = time.monotonic()
    return lambda: before_s + time.monotonic() - started
