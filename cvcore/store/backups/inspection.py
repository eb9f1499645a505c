"""Reads a database file without changing it: its steps, whether it is whole, and which files it speaks of.

Raises HomeUnusable where the file cannot be opened, or is so damaged that what is asked cannot be told.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cvcore.errors import HomeUnusable
from cvcore.files import blobs
from cvcore.store.backups import sqlite_errors

PROBLEMS = 20
_DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)


def is_there(database: Path) -> bool:
    """Whether there is a database: a file that is not empty. Its log alone, or a folder of that name, is none."""
    with blobs.storage_errors(database):
        return database.is_file() and database.stat().st_size > 0


def steps(database: Path) -> set[str]:
    """The names of the steps that its schema has had; empty if it is no database of Tagwise."""
    with _reading(database) as connection:
        try:
            return {name for (name,) in connection.execute("select name from _sqlite_migrations")}
        except _DAMAGE:
            return set()


def problems(database: Path) -> list[str]:
    """What SQLite finds damaged in it, as sentences, at most 20; empty if it is whole."""
    with _reading(database) as connection:
        try:
            found = [text for (text,) in connection.execute(f"pragma integrity_check({PROBLEMS})") if text != "ok"]
            lost = list(connection.execute("pragma foreign_key_check"))
        except _DAMAGE as error:
            return [str(error)]
    counted = [f"rows of {table} that belong to {other}, which is gone" for table, _, other, _ in lost]
    return [*found, *dict.fromkeys(counted)][:PROBLEMS]


def digests(database: Path) -> dict[str, str]:
    """The SHA-256 of each original that it speaks of, with the name of one image that has it."""
    with _reading(database) as connection:
        return dict(
            connection.execute(
                """
                select sha256, 'a stored prediction' from deleted_predictions union all
                select sha256, 'a stored prediction' from predictions union all
                select images.sha256, images.name || ' of ' || projects.name
                from images join projects on projects.id = images.project_id
                where images.id not in (select image_id from erased_images)
                """
            )
        )


def iterations(database: Path) -> dict[str, str]:
    """The ids of the completed iterations, with their names and those of their projects."""
    with _reading(database) as connection:
        return dict(
            connection.execute(
                """
                select iterations.id, iterations.name || ' of ' || projects.name
                from iterations join projects on projects.id = iterations.project_id
                where iterations.status = 'Completed'
                """
            )
        )


def is_working(database: Path) -> bool:
    """Whether a job, such as a training, runs or waits; none does in a database that is damaged or empty."""
    with contextlib.suppress(*_DAMAGE, HomeUnusable), _reading(database) as connection:
        return bool(connection.execute("select 1 from jobs where status in ('queued', 'running') limit 1").fetchone())
    return False


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    # `mode=ro` needs the folder to be writable for the write-ahead log of a live database, as it is.
    with (
        sqlite_errors.as_ours_when_opened(database),
        closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection,
    ):
        yield connection
