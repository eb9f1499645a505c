"""SQLite's errors about a database file (https://www.sqlite.org/rescode.html), as ours."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from cvcore.errors import HomeUnusable, NotFound, StorageFull, TagwiseError, Unavailable
from cvcore.files import disks
from cvcore.languages import marked, t

BUSY_TIMEOUT_S = 30
_LOCKING = {
    getattr(sqlite3, f"SQLITE_IOERR_{name}") for name in ("LOCK", "RDLOCK", "UNLOCK", "SHMLOCK", "SHMMAP", "SHMOPEN")
}
UNLOCKABLE = marked(
    "the database {path} cannot be locked or shared there: set TAGWISE_HOME to a folder on this computer's own disk"
)


@contextlib.contextmanager
def as_ours(path: Path) -> Iterator[None]:
    """A block in which what SQLite says about the database at `path` becomes one of our errors, where it is one."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # Errors raised by Python itself have no code.
        if refusal := _refusal(getattr(error, "sqlite_errorcode", 0), path):
            raise refusal from error
        raise


@contextlib.contextmanager
def as_ours_when_opened(path: Path) -> Iterator[None]:
    """As `as_ours`, where a database is opened or read as a whole, and nothing else is done.

    SQLite names in its message what is damaged, in letters that may be damaged, too: Python cannot decode them.
    """
    try:
        with as_ours(path):
            yield
    except UnicodeDecodeError as error:
        raise damaged(path) from error


def damaged(path: Path) -> HomeUnusable:
    """The refusal for a damaged database."""
    return HomeUnusable(t("the database {path} is damaged: restore the home folder from a backup", path=path))


def missing(path: Path) -> HomeUnusable:
    """The refusal for a home folder whose images are there, and its database is not."""
    return HomeUnusable(
        t(
            "the home folder has images, but its database {path} is missing: restore the home folder from a backup, or "
            "set TAGWISE_HOME to a new folder",
            path=path,
        )
    )


def _refusal(code: int, path: Path) -> TagwiseError | None:
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound(t("this belongs to something that was deleted meanwhile: reload the page"))
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StorageFull(t(disks.HOME_FULL))
        case sqlite3.SQLITE_PROTOCOL | sqlite3.SQLITE_NOLFS:
            return HomeUnusable(t(UNLOCKABLE, path=path))
        case sqlite3.SQLITE_IOERR:
            return _failure(code, path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY:
            return HomeUnusable(
                t("the database {path} must be writable, and is not: set TAGWISE_HOME to a folder that is", path=path)
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path)
        case sqlite3.SQLITE_BUSY:
            return Unavailable(
                t(
                    "another process has been writing to the database for {seconds} s: try again",
                    seconds=BUSY_TIMEOUT_S,
                )
            )
    return None


def _failure(code: int, path: Path) -> TagwiseError:
    """What an error of reading, writing, locking or sharing the file comes from."""
    # The folder itself may be gone.
    with contextlib.suppress(OSError):
        try:
            disks.check_room(path.parent)
        except StorageFull as full:
            return full
    if code in _LOCKING:
        return HomeUnusable(t(UNLOCKABLE, path=path))
    return Unavailable(
        t("the disk failed at the database {path}: see that it is there and sound, and try again", path=path)
    )
