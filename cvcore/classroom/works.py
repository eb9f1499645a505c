"""What pupils have done so far, and whose turn it is to train."""

from __future__ import annotations

from dataclasses import dataclass

from cvcore.classroom import homes
from cvcore.records import Job, Scores
from cvcore.store import Pupil, Store


@dataclass(frozen=True)
class Work:
    """A pupil's work in numbers; `newest` are the scores of the newest iteration that they trained, by its own images.

    Iterations that were handed out are not among the trainings.
    """

    pupil: Pupil
    projects: int
    images: int
    trainings: int
    newest: Scores | None
    is_training: bool


def works(store: Store, class_id: str) -> list[Work]:
    """What each pupil of a class has, by nickname."""
    return [_work(store, pupil) for pupil in store.pupils.of_class(class_id)]


def trainings_ahead(store: Store, pupil: Pupil) -> int | None:
    """How many trainings run before a pupil's: 0 if it runs now, None if the pupil waits for none.

    Each of the others who waits has at most one turn before it, whatever they queued.
    """
    own = _trainings(homes.store_of(store, pupil))
    if not own:
        return None
    if any(job.status == "running" for job in own):
        return 0
    others = [store, *(homes.store_of(store, each) for each in store.pupils.all() if each.id != pupil.id)]
    waiting = [jobs for jobs in map(_trainings, others) if jobs]
    mine = min(job.created_at for job in own)
    ahead = [jobs for jobs in waiting if jobs[0].status == "running" or jobs[0].created_at < mine]
    return len(ahead)


def _work(store: Store, pupil: Pupil) -> Work:
    own = homes.store_of(store, pupil)
    projects = own.projects.all()
    trained = own.class_results.trained_here()
    newest = own.iterations.get(trained[0][0]) if trained else None
    return Work(
        pupil=pupil,
        projects=len(projects),
        images=own.images.usage()[0],
        trainings=len(trained),
        newest=newest.scores if newest else None,
        is_training=bool(_trainings(own)),
    )


def _trainings(store: Store) -> list[Job]:
    """The trainings that run or wait, the running one first."""
    return [job for job in store.jobs.active() if job.kind == "train"]
