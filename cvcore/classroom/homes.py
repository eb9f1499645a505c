"""The home folders of pupils, below the teacher's own."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path

from cvcore.errors import HomeUnusable, Locked
from cvcore.files import blobs
from cvcore.languages import marked, t
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import Pupil, Store

# A class and more: each has its connections, one per thread that uses it.
STORES_KEPT = 128

LOCKED = marked("your work must be unlocked to be changed, the teacher has locked it: ask them")


def store_of(store: Store, pupil: Pupil, *, as_pupil: bool = False) -> Store:
    """The store of a pupil's own home folder, which is made the first time.

    `as_pupil` is the one for the pupil's browser: whenever they are locked, or were removed, nothing can be changed by
    it, also not by a page that was opened before.

    Raises:
        HomeUnusable, StorageFull: the folder cannot be made.
    """
    home = blobs.pupil_home(store.home, pupil.class_id, pupil.id)
    opened = _opened(home)
    return _guarded(home, store, pupil.id) if as_pupil else opened


def usable(store: Store, pupils: Iterable[Pupil]) -> list[Store]:
    """The stores of those pupils whose home folders can be opened: a damaged one must not stop the class."""
    found = []
    for pupil in pupils:
        with contextlib.suppress(HomeUnusable):
            found.append(store_of(store, pupil))
    return found


def is_locked(store: Store, pupil: Pupil) -> bool:
    """Whether a pupil may only look at their work: they, or the whole class, are locked."""
    return pupil.is_locked or store.classes.get(pupil.class_id).is_locked


@functools.lru_cache(maxsize=STORES_KEPT)
def _opened(home: Path) -> Store:
    return Store(home)


@functools.lru_cache(maxsize=STORES_KEPT)
def _guarded(home: Path, store: Store, pupil_id: str) -> Store:
    return Store(home, guard=functools.partial(_check_unlocked, store, pupil_id))


def _check_unlocked(store: Store, pupil_id: str) -> None:
    if is_locked(store, store.pupils.get(pupil_id)):
        raise Locked(t(LOCKED))


def forget() -> None:
    """Forget the opened stores, after folders were deleted."""
    _opened.cache_clear()
    _guarded.cache_clear()


def limits_of(store: Store, pupil: Pupil, limits: Limits) -> Limits:
    """The limits of an upload, with what a pupil of this class may store; places are not stored with photos."""
    own = store.classes.get(pupil.class_id).limits
    return dataclasses.replace(limits, home_images=own.images, home_bytes=own.megabytes * MEBIBYTE, drops_location=True)
