"""The settings of a running training: the Train page shows them, locked, until it ends."""

from __future__ import annotations

from dataclasses import dataclass

from cvcore.errors import NotFound
from cvcore.records import K_FOLD, EvaluationMethod, Job, TrainingOptions
from cvcore.store import Store


@dataclass(frozen=True)
class RunningSettings:
    """How a running training trains: its options, its evaluation, and the ids of its tags."""

    options: TrainingOptions
    method: EvaluationMethod
    tag_ids: tuple[str, ...]


def find(store: Store, job: Job | None) -> RunningSettings | None:
    """The settings of a project's last training if it waits or runs, else None."""
    if job is None or not job.is_active or not job.iteration_id:
        return None
    try:
        iteration = store.iterations.get(job.iteration_id)
    except NotFound:
        return None
    return RunningSettings(
        store.trainings.options(iteration.id),
        iteration.evaluation.method if iteration.evaluation else K_FOLD,
        tuple(tag.tag_id for tag in store.iterations.tags(iteration.id)),
    )
