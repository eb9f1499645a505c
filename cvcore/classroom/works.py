"""What pupils have done so far."""

from __future__ import annotations

from dataclasses import dataclass

from cvcore.classroom import homes, turn_order
from cvcore.errors import HomeUnusable
from cvcore.records import Scores
from cvcore.store import Pupil, Store


@dataclass(frozen=True)
class Work:
    """A pupil's work in numbers; `newest` are the scores of the newest iteration that they trained, by its own images.

    Iterations that were handed out are not among the trainings. `fault` says why nothing is known of it, as where the
    pupil's database is damaged.
    """

    pupil: Pupil
    projects: int
    images: int
    trainings: int
    newest: Scores | None
    is_training: bool
    fault: str = ""


def works(store: Store, class_id: str) -> list[Work]:
    """What each pupil of a class has, by nickname."""
    return [_known(store, pupil) for pupil in store.pupils.of_class(class_id)]


def _known(store: Store, pupil: Pupil) -> Work:
    try:
        return _work(store, pupil)
    except HomeUnusable as error:
        return Work(pupil, projects=0, images=0, trainings=0, newest=None, is_training=False, fault=str(error))


def _work(store: Store, pupil: Pupil) -> Work:
    own = homes.store_of(store, pupil)
    projects = own.projects.all()
    trained = own.class_results.trained_here()
    newest = own.iterations.get(trained[0]) if trained else None
    return Work(
        pupil=pupil,
        projects=len(projects),
        images=own.images.usage()[0],
        trainings=len(trained),
        newest=newest.scores if newest else None,
        is_training=turn_order.waiting(own) is not None,
    )
