"""Connections to the one SQLite file: one per thread, write-ahead log, foreign keys on."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import filelock

from cvcore.errors import HomeUnusable, NameTaken, NotFound, StorageFull, TagwiseError, Unavailable
from cvcore.files import blobs
from cvcore.store import migrations

BUSY_TIMEOUT_S = 30
Row = dict[str, Any]
Item = TypeVar("Item")

# SQLite binds at most 32,766 values in one statement (https://www.sqlite.org/limits.html).
CHUNK = 10_000


class Connections:
    """Hands each thread its own connection to `path` and makes the tables on the first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        # SQLite does not wait when two processes switch a new file to the write-ahead log: one would fail.
        with blobs.storage_errors(path), filelock.FileLock(path.with_suffix(".lock")), self.transaction():
            migrations.apply(self.connection)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's own; a write outside a `transaction` would be lost."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with _our_errors(self._path):
                connection = self._local.connection = _connect(self._path)
        return connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A block that is written whole or not at all; one inside another joins it.

        It takes the write lock at once: a transaction that read first could not wait for another
        writer later (https://www.sqlite.org/isolation.html), it would fail.
        """
        connection = self.connection
        if connection.in_transaction:
            yield
            return
        afterwards: list[Callable[[], None]] = []
        self._local.afterwards = afterwards
        with _our_errors(self._path):
            connection.execute("begin immediate")
            try:
                yield
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
        for action in afterwards:
            action()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do what no rollback could undo: at the end of the open transaction if that ends well, else at once."""
        if self.connection.in_transaction:
            self._local.afterwards.append(action)
        else:
            action()

    def rows(self, sql: str, parameters: Sequence[Any] | Row = ()) -> list[Row]:
        """Every row a query gives, as dictionaries."""
        cursor = self.connection.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor]

    def row(self, sql: str, parameters: Sequence[Any] | Row = ()) -> Row | None:
        """The first row a query gives, or None."""
        return next(iter(self.rows(sql, parameters)), None)

    def value(self, sql: str, parameters: Sequence[Any] | Row = ()) -> Any:
        """The first column of the first row; None where there is no row."""
        found = self.connection.execute(sql, parameters).fetchone()
        return found[0] if found else None

    def write(self, sql: str, parameters: Sequence[Any] | Row = ()) -> int:
        """Run one writing statement; the number of rows it touched."""
        with self.transaction():
            return self.connection.execute(sql, parameters).rowcount

    def insert(self, table: str, row: Row) -> None:
        """Add one row."""
        columns = ", ".join(row)
        self.write(f"insert into {table} ({columns}) values ({marks(row)})", tuple(row.values()))

    def close(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None


@contextlib.contextmanager
def own_name(noun: str, name: str) -> Iterator[None]:
    """Turn SQLite's refusal of a second equal name into ours."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise NameTaken(noun, f"the {noun}'s name must be its own, {name!r} is taken: choose another") from error


def marks(values: Sequence[Any] | Row) -> str:
    """One question mark per value, for SQL.

    >>> marks([7, 8, 9])
    '?, ?, ?'
    """
    return ", ".join("?" * len(values))


def chunks(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Runs of values short enough to bind in one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def now() -> str:
    """This moment in UTC, as the database keeps it."""
    return datetime.now(UTC).isoformat()


def moment(text: str | None) -> datetime | None:
    """What `now` wrote, as an aware datetime."""
    return datetime.fromisoformat(text) if text else None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma journal_mode = wal")
    return connection


@contextlib.contextmanager
def _our_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        # Errors that Python itself raises carry no code.
        if refusal := _refusal(getattr(error, "sqlite_errorcode", 0), path):
            raise refusal from error
        raise


def _refusal(code: int, path: Path) -> TagwiseError | None:
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound("this belongs to something that is no longer there, someone deleted it: load the page again")
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StorageFull(blobs.FULL)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY:
            return HomeUnusable(
                f"the database {path} must be writable, and is not: set TAGWISE_HOME to a folder that is"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return HomeUnusable(f"the database {path} is damaged: restore the home folder from a backup")
        case sqlite3.SQLITE_BUSY:
            return Unavailable(f"someone else has been writing to the database for {BUSY_TIMEOUT_S} s: try again")
    return None
