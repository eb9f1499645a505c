"""The home folders of pupils, below the teacher's own."""

from __future__ import annotations

import functools
from pathlib import Path

from cvcore.files import blobs
from cvcore.store import Pupil, Store

# A class and more: each has its connections, one per thread that uses it.
STORES_KEPT = 128


def store_of(store: Store, pupil: Pupil) -> Store:
    """The store of a pupil's own home folder, which is made the first time.

    Raises:
        HomeUnusable, StorageFull: the folder cannot be made.
    """
    return _opened(blobs.pupil_home(store.home, pupil.class_id, pupil.id))


@functools.lru_cache(maxsize=STORES_KEPT)
def _opened(home: Path) -> Store:
    return Store(home)


def forget() -> None:
    """Forget the opened stores, after folders were deleted."""
    _opened.cache_clear()
