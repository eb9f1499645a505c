"""The home folders of pupils, below the teacher's own."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from cvcore.files import blobs
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import Pupil, Store

# A class and more: each has its connections, one per thread that uses it.
STORES_KEPT = 128


def store_of(store: Store, pupil: Pupil, *, is_locked: bool = False) -> Store:
    """The store of a pupil's own home folder, which is made the first time; if it `is_locked`, only to look at.

    Raises:
        HomeUnusable, StorageFull: the folder cannot be made.
    """
    home = blobs.pupil_home(store.home, pupil.class_id, pupil.id)
    opened = _opened(home, False)
    return _opened(home, True) if is_locked else opened


def is_locked(store: Store, pupil: Pupil) -> bool:
    """Whether a pupil may only look at their work: they, or the whole class, are locked."""
    return pupil.is_locked or store.classes.get(pupil.class_id).is_locked


@functools.lru_cache(maxsize=2 * STORES_KEPT)
def _opened(home: Path, is_locked: bool) -> Store:
    return Store(home, is_locked=is_locked)


def forget() -> None:
    """Forget the opened stores, after folders were deleted."""
    _opened.cache_clear()


def limits_of(store: Store, pupil: Pupil, limits: Limits) -> Limits:
    """The limits of an upload, with what a pupil of this class may store; places are not stored with photos."""
    own = store.classes.get(pupil.class_id).limits
    return dataclasses.replace(limits, home_images=own.images, home_bytes=own.megabytes * MEBIBYTE, drops_location=True)
