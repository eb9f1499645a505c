"""Copies of the database, consistent while others write, by SQLite's backup API (https://www.sqlite.org/backup.html)."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from cvcore.files import blobs, disks
from cvcore.store.backups import sqlite_errors

FOLDER = "backups"
KEPT = 3
# What SQLite writes beside a database.
BESIDE = ("-wal", "-shm", "-journal")
# A larger database is copied, and changed by a step of the schema, for longer than somebody waits without a word.
LARGE_BYTES = 50 * 2**20

log = logging.getLogger("tagwise.store")


def keep_before(step: str, connection: sqlite3.Connection, home: Path) -> Path:
    """Copy the database into the home folder before a step of the schema; the newest 3 such copies stay.

    A version of Tagwise that does not know the step yet can open the copy: it is the way back.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    folder = home / FOLDER
    path = folder / f"before-{step}.db"
    if is_large(connection):
        log.warning("keeping a copy of the database for the way back: %s", path)
    write(connection, path)
    for old in sorted(folder.glob("before-m*.db"))[:-KEPT]:
        blobs.delete(old)
    return path


def is_large(connection: sqlite3.Connection) -> bool:
    """Whether the database is so large that work on all of it is said on the console."""
    pages, page_bytes = (connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return bool(pages * page_bytes >= LARGE_BYTES)


def write(connection: sqlite3.Connection, path: Path) -> None:
    """Write a copy of an open database, completely or not at all, readable by its owner only.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    with blobs.storage_errors(path), sqlite_errors.as_ours_when_opened(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL, blobs.SECRET))
            with closing(sqlite3.connect(temporary)) as copy:
                connection.backup(copy)
                # One file, without a log beside it.
                copy.execute("pragma journal_mode = delete")
            temporary.replace(path)
        finally:
            for end in ("", *BESIDE):
                with contextlib.suppress(FileNotFoundError):
                    temporary.with_name(temporary.name + end).unlink()


def write_from(database: Path, path: Path) -> None:
    """Write a copy of a database file, which others may have open, as `write` does.

    Raises:
        HomeUnusable: also if the database is damaged, so that nothing can be read of it.
    """
    with sqlite_errors.as_ours_when_opened(database), closing(sqlite3.connect(database)) as connection:
        # Read here, so that what is wrong with the database is not taken for what is wrong with the copy.
        connection.execute("select count(*) from sqlite_master").fetchone()
        write(connection, path)


def set_aside(database: Path, path: Path) -> None:
    """Move a database file that cannot be read to `path`, with its log; over what is there.

    Raises:
        HomeUnusable: it cannot be moved.
    """
    with blobs.storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for end in ("", *BESIDE):
            with contextlib.suppress(FileNotFoundError):
                database.with_name(database.name + end).replace(path.with_name(path.name + end))


def restore(database: Path, path: Path) -> None:
    """Give a database file the content of a copy; those that have it open see the new content at their next look.

    Raises:
        StorageFull, HomeUnusable: it cannot be written.
    """
    with (
        sqlite_errors.as_ours_when_opened(database),
        closing(sqlite3.connect(path)) as copy,
        closing(sqlite3.connect(database)) as connection,
    ):
        connection.execute(f"pragma journal_mode = {disks.journal_mode(database.parent)}")
        copy.backup(connection)
