"""The search of an advanced training: all fits round after round, an attempt after the other while there is time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cvcore.finetuning import checkpoints, fold_training
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
    """Train round after round; how many attempts came to their end, at least one, and why it ended.

    After a restart, an epoch that was trained and reported before is neither trained nor reported again.
    """
    trainings, iteration_id = session.store.trainings, session.lesson.iteration.id
    reported = {(each.attempt - 1, each.number - 1) for each in trainings.epochs(iteration_id)}
    for attempt in range(course.attempts):
        for number in range(course.rounds):
            if (attempt, number) in reported and _is_trained(bench, fits, attempt, number):
                continue
            try:
                told = _epoch(session, bench, fits, course, attempt, number)
            except _Enough:
                is_asked = trainings.is_finishing_early(iteration_id)
                return max(1, attempt), "asked" if is_asked else "budget"
            if len(told) == len(fits):
                record = _told(session, fits, told, attempt, number, course)
                trainings.put_epoch(iteration_id, attempt * course.rounds + number, record)
    return course.attempts, "budget" if course.is_short else "converged"


def _epoch(
    session: Run, bench: Trainer, fits: Sequence[FoldSplit], course: Schedule, attempt: int, number: int
) -> list[EpochResult]:
    """The result of each fit in this epoch, without those that had been trained beyond it before a restart.

    Raises:
        _Enough: the time is up, but never in the first round, or someone asked to end the search.
    """
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
        result = fold_training.train_epoch(bench, fit, attempt, HYPERPARAMETERS[attempt], course=this, on_step=on_step)
        told += [result] if result else []
        session.tell(stage)
    return told


def _is_trained(bench: Trainer, fits: Sequence[FoldSplit], attempt: int, number: int) -> bool:
    """Whether the checkpoints of all fits hold this epoch or a later one: they may be lost when a machine goes down."""
    return all(checkpoints.last_epoch(checkpoints.path_of(bench, fit, attempt)) >= number for fit in fits)


def _told(
    session: Run,
    fits: Sequence[FoldSplit],
    told: Sequence[EpochResult],
    attempt: int,
    number: int,
    course: Schedule,
) -> TuningEpoch:
    lesson = session.lesson
    rows = np.concatenate([fit.judged for fit in fits])
    probabilities = np.concatenate([each.judged for each in told])
    right = fold_training.wholly_right(probabilities, lesson.truth[rows], multilabel=lesson.multilabel)
    pictures = course.batch * sum(course.steps)
    seconds = sum(each.seconds for each in told)
    rate = HYPERPARAMETERS[attempt].learning_rate * fold_training.learning_rate_at((number + 0.5) / course.rounds)
    return TuningEpoch(
        attempt=attempt + 1,
        number=number + 1,
        learning_rate=rate,
        loss=float(np.mean([each.loss for each in told])),
        validation_loss=float(np.mean([each.validation_loss for each in told])),
        right=float(right.mean()) if len(right) else None,
        images_per_s=pictures / seconds if seconds else 0.0,
        seconds=seconds,
    )
