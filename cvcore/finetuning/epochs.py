"""The search of an advanced training: all fits round after round, an attempt after the other while there is time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

import numpy as np

from cvcore.finetuning import fold_training
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_training import Hyperparameters
from cvcore.finetuning.schedule import Schedule
from cvcore.finetuning.task import Run
from cvcore.finetuning.trainer import Trainer
from cvcore.records import TuningEpoch

# Each attempt is another one of these; what they come to is averaged.
HYPERPARAMETERS = (
    Hyperparameters(2e-4, 0.4),
    Hyperparameters(3e-4, 0.4),
    Hyperparameters(2e-4, 0.2),
    Hyperparameters(4e-4, 0.8),
)

Ending = Literal["converged", "budget", "asked"]


class _Enough(Exception):
    """The budget is spent, or someone asked to end the search."""


def train_runs(session: Run, bench: Trainer, fits: Sequence[FoldSplit], course: Schedule) -> tuple[int, Ending]:
    """Train round after round; how many attempts came to their end, at least one, and why it ended."""
    trainings, iteration_id = session.store.trainings, session.lesson.iteration.id
    for attempt in range(course.attempts):
        for number in range(course.rounds):
            try:
                told, seconds = _epoch(session, bench, fits, course, attempt, number)
            except _Enough:
                is_asked = trainings.is_finishing_early(iteration_id)
                return max(1, attempt), "asked" if is_asked else "budget"
            trainings.put_epoch(
                iteration_id,
                attempt * course.rounds + number,
                _told(session, fits, told, seconds, attempt, number, course),
            )
    return course.attempts, "budget" if course.is_short else "converged"


def _epoch(
    session: Run, bench: Trainer, fits: Sequence[FoldSplit], course: Schedule, attempt: int, number: int
) -> tuple[list[EpochResult], float]:
    """What each fit tells of a round, and how long all took.

    Raises:
        _Enough: the time is up, but never in the first round, or someone asked to end the search.
    """
    started = time.monotonic()
    stage = f"Fine-tuning: round {number + 1} of {course.rounds}" + (f", attempt {attempt + 1}" if attempt else "")
    is_first = attempt == number == 0

    def on_step(share: float) -> None:
        session.progress(stage, min(session.clock() / session.budget_s, 1.0))
        is_over = session.clock() > session.budget_s - course.reserve_s and not is_first
        if is_over or session.store.trainings.is_finishing_early(session.lesson.iteration.id):
            raise _Enough

    told = []
    for fit in fits:
        this = number, course.rounds, course.steps[fit.number]
        told.append(
            fold_training.train_epoch(bench, fit, attempt, HYPERPARAMETERS[attempt], course=this, on_step=on_step)
        )
        session.tell(stage)
    return told, time.monotonic() - started


def _told(
    session: Run,
    fits: Sequence[FoldSplit],
    told: Sequence[EpochResult],
    seconds: float,
    attempt: int,
    number: int,
    course: Schedule,
) -> TuningEpoch:
    lesson = session.lesson
    rows = np.concatenate([fit.judged for fit in fits])
    probabilities = np.concatenate([each.judged for each in told])
    right = fold_training.wholly_right(probabilities, lesson.truth[rows], multilabel=lesson.multilabel)
    pictures = course.batch * sum(course.steps)
    rate = HYPERPARAMETERS[attempt].learning_rate * fold_training.learning_rate_at((number + 0.5) / course.rounds)
    return TuningEpoch(
        attempt=attempt + 1,
        number=number + 1,
        learning_rate=rate,
        loss=float(np.mean([each.loss for each in told])),
        validation_loss=float(np.mean([each.validation_loss for each in told])),
        right=float(right.mean()) if len(right) else None,
        images_per_s=pictures / max(seconds, 1e-9),
        seconds=seconds,
    )
