"""Whose training is next: who trained longest ago or never and, among these, who has waited longest."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cvcore.classroom import homes
from cvcore.records import Job
from cvcore.store import Store

# So long all who wait see the same queue, which is read once.
KEPT_S = 1.0

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """What a home folder has in the queue: ids of waiting trainings in order, whether one runs, and since when."""

    job_ids: tuple[int, ...]
    is_running: bool
    turn: tuple[datetime, datetime]


def waiting(own: Store) -> Waiting | None:
    """What a home folder has in the queue of trainings; None for nothing. The lowest `turn` is next."""
    jobs = [job for job in own.jobs.active() if job.kind == "train"]
    if not jobs:
        return None
    queued = [job for job in jobs if job.status == "queued"]
    since = min(job.created_at for job in queued or jobs)
    return Waiting(tuple(job.id for job in queued), len(queued) < len(jobs), (own.jobs.last_training() or NEVER, since))


Queue = Mapping[Path, Waiting]


def read(store: Store) -> Queue:
    """What every home folder has in the queue now; `store` is the main one."""
    stores = [store, *homes.usable(store, store.pupils.with_removed())]
    return {each.home: found for each in stores if (found := waiting(each))}


def ahead(queue: Queue, home: Path, job_id: int | None = None) -> int | None:
    """How many trainings run before one of a home folder's, by default its next; None if it does not wait.

    Between two trainings of one home folder, each other that waits has one.
    """
    mine = queue.get(home)
    if mine is None or not mine.job_ids or (job_id and job_id not in mine.job_ids):
        return None
    before = mine.is_running + (mine.job_ids.index(job_id) if job_id else 0)
    others = [each for other, each in queue.items() if other != home]
    rounds = (min(len(each.job_ids), before + (each.turn < mine.turn)) for each in others)
    return before + sum(rounds) + sum(each.is_running for each in others)


def trainings_ahead(store: Store, own: Store, job: Job | None = None) -> int | None:
    """What `ahead` says of the queue, which is read at most once in `KEPT_S` for all who wait."""
    with _reading:
        read_at, queue = _kept.get(store, (0.0, {}))
        if time.monotonic() - read_at > KEPT_S:
            _kept[store] = time.monotonic(), (queue := read(store))
    return ahead(queue, own.home, job.id if job else None)


_kept: dict[Store, tuple[float, Queue]] = {}
_reading = threading.Lock()
