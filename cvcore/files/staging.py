"""A folder in the home folder where what comes in a zip is laid out before it is put in place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from cvcore.files import blobs


@contextlib.contextmanager
def folder(home: Path, on_wait: Callable[[], None]) -> Iterator[Path]:
    """The folder, which need not be there yet, for one zip at a time; what a killed process left in it is deleted.

    Calls `on_wait` before it waits for another process or thread to end.
    """
    lock = filelock.FileLock(home / "unpacking.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        on_wait()
        lock.acquire()
    staged = home / "unpacking"
    try:
        blobs.delete(staged)
        yield staged
    finally:
        blobs.delete(staged)
        lock.release()


def quiet(home: Path) -> contextlib.AbstractContextManager[bool]:
    """A block in which no zip is laid out in a home folder; False if one is being laid out now."""
    return if_free(filelock.FileLock(home / "unpacking.lock"))


@contextlib.contextmanager
def if_free(lock: filelock.BaseFileLock) -> Iterator[bool]:
    """A block that holds a lock; False, without it, if another process or thread has it.

    Raises:
        StorageFull, HomeUnusable: its file cannot be written.
    """
    try:
        with blobs.storage_errors(Path(lock.lock_file)):
            lock.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def sweep(home: Path) -> None:
    """Delete what a killed process left in the folder, unless a zip is being laid out there now."""
    # Most homes have none: they need no lock.
    if (home / "unpacking").exists():
        with quiet(home) as is_quiet:
            if is_quiet:
                blobs.delete(home / "unpacking")
