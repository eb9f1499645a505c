"""Which job the worker runs next, of its own home folder and of the pupils' in classes: one after another, fairly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cvcore.classroom import turn_order
from cvcore.errors import TagwiseError
from cvcore.files import blobs, lending
from cvcore.records import Job
from cvcore.store import Store
from cvcore.store.backups import inspection


class Turns:
    """The home folders that one worker serves, in the order in which they were served last.

    Trainings come first, of whichever home folder. Among several, the one that trained longest ago is next: a pupil
    who queues ten trainings waits after each of them until everybody else who waits had one.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._opened: dict[Path, Store] = {store.home: store}
        self._damaged: set[Path] = set()
        self._served: dict[Path, int] = {}
        self._number = 0

    def stores(self) -> list[Store]:
        """The worker's own home folder and the pupils'; one that was served longest ago comes first."""
        homes = [self.store.home, *(home for home in pupil_homes(self.store) if home not in self._damaged)]
        for gone in self._opened.keys() - set(homes):
            self._opened.pop(gone).close()
        found = [store for home in homes if (store := self.opened(home))]
        return sorted(found, key=lambda each: self._served.get(each.home, 0))

    def next_job(self) -> tuple[Store, Job] | None:
        """Claim the job that is next, and return it with its store; None if nothing is queued."""
        stores = self.stores()
        training = [each for each in stores if each.jobs.is_training_waiting()]
        for wanted in (sorted(training, key=_turn), stores):
            for store in wanted:
                if job := store.jobs.claim():
                    self._number += 1
                    self._served[store.home] = self._number
                    lending.networks(self.store.home, store.home)
                    return store, job
        return None

    def is_training_waiting(self) -> bool:
        """Whether a training is queued in any of the home folders."""
        return any(store.jobs.is_training_waiting() for store in self._opened.values())

    def leave_out_damaged(self) -> list[Path]:
        """Serve pupils whose database is damaged no longer, so that the others' jobs go on; returns their folders."""
        found = [home for home in self._opened if home != self.store.home and inspection.problems(home / "tagwise.db")]
        self._damaged.update(found)
        return found

    def opened(self, home: Path) -> Store | None:
        """The store of a home folder; None if the folder cannot be opened now, as of a class that is being deleted."""
        if home in self._damaged:
            return None
        if home not in self._opened:
            with contextlib.suppress(TagwiseError):
                self._opened[home] = Store(home)
        return self._opened.get(home)


def _turn(store: Store) -> tuple[datetime, datetime]:
    waiting = turn_order.waiting(store)
    return waiting.turn if waiting else (turn_order.NEVER, turn_order.NEVER)


def pupil_homes(store: Store) -> Iterator[Path]:
    """The home folders of the pupils of all classes that exist."""
    homes = (blobs.pupil_home(store.home, pupil.class_id, pupil.id) for pupil in store.pupils.with_removed())
    return (home for home in homes if home.is_dir())
