"""Connections to the one SQLite file: one per thread, write-ahead log, foreign keys on."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sqlite3
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import filelock

from cvcore.errors import NameTaken, TagwiseError
from cvcore.files import blobs, disks
from cvcore.languages import t
from cvcore.store import migrations
from cvcore.store.backups import copies, sqlite_errors

# Raises Locked if nothing can be written now.
Guard = Callable[[], None]
Row = dict[str, Any]
Item = TypeVar("Item")

# SQLite binds at most 32,766 values in one statement (https://www.sqlite.org/limits.html).
CHUNK = 10_000

# Deleted rows leave free pages in the file, which new rows fill (https://www.sqlite.org/pragma.html#pragma_auto_vacuum).
AUTO_VACUUM = "pragma auto_vacuum = incremental"
FREE_BYTES, FREE_SHARE = 4 * 2**20, 0.25
STEP_PAGES = 1000
REWRITTEN_BYTES = 2**30
# After a large transaction the write-ahead log would stay as large as it was.
LOG_BYTES = 64 * 2**20
# Each run of a page is a thread of its own; to open the file and read its schema takes it 2.7 ms of processor.
IDLE_MOST = 8


class _Lease:
    """A thread's connection: when the thread ends the next one may have it, of `IDLE_MOST` that wait for one."""

    def __init__(self, connection: sqlite3.Connection, idle: list[sqlite3.Connection]) -> None:
        self.connection, self.is_sound = connection, True
        self._idle = idle

    def __del__(self) -> None:
        if self.is_sound and not self.connection.in_transaction and len(self._idle) < IDLE_MOST:
            self._idle.append(self.connection)
        else:
            self.connection.close()


class Connections:
    """One connection to `path` per thread; the first one creates or migrates the tables.

    `guard` is called before each transaction, and raises Locked if nothing can be written now.
    """

    def __init__(self, path: Path, *, guard: Guard | None = None) -> None:
        self._path = path
        self._local = threading.local()
        self._idle: list[sqlite3.Connection] = []
        self._guard = guard
        self._journal_mode = disks.journal_mode(path.parent)
        if guard:
            return
        # When two processes switch a new file to the write-ahead log at once, SQLite does not wait: one fails.
        with blobs.storage_errors(path), filelock.FileLock(path.with_suffix(".lock")):
            with sqlite_errors.as_ours_when_opened(path):
                if step := migrations.next_step(self.connection):
                    copies.keep_before(step, self.connection, path.parent)
            with self.transaction():
                migrations.apply(self.connection)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection; writes outside a `transaction` are lost."""
        lease: _Lease | None = getattr(self._local, "lease", None)
        if lease is None:
            lease = self._local.lease = _Lease(self._connected(), self._idle)
        return lease.connection

    def _connected(self) -> sqlite3.Connection:
        """A connection that no thread uses, else a new one."""
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        with sqlite_errors.as_ours_when_opened(self._path):
            return _connect(self._path, self._journal_mode)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """A block in which SQLite's errors become ours; a connection that had one serves this thread alone."""
        try:
            with sqlite_errors.as_ours(self._path):
                yield
        except TagwiseError:
            if hasattr(self._local, "lease"):
                self._local.lease.is_sound = False
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A block whose writes are committed together, or rolled back if it raises; an inner block joins the outer one.

        It takes the write lock at once: a transaction that has read fails if another one has written meanwhile
        (https://www.sqlite.org/isolation.html).
        """
        connection = self.connection
        if connection.in_transaction:
            yield
            return
        self.check_unlocked()
        afterwards: list[Callable[[], None]] = []
        self._local.afterwards = afterwards
        with self._errors():
            connection.execute("begin immediate")
            try:
                yield
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
        for action in afterwards:
            action()

    def check_unlocked(self) -> None:
        """Raise Locked if nothing can be written now."""
        if self._guard:
            self._guard()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run an action that no rollback can undo: after the open transaction has committed, or now if none is open."""
        if self.connection.in_transaction:
            self._local.afterwards.append(action)
        else:
            action()

    def rows(self, sql: str, parameters: Sequence[Any] | Row = ()) -> list[Row]:
        """All rows of a query, as dictionaries."""
        with self._errors():
            cursor = self.connection.execute(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, values, strict=True)) for values in cursor]

    def row(self, sql: str, parameters: Sequence[Any] | Row = ()) -> Row | None:
        """The first row of a query, or None."""
        return next(iter(self.rows(sql, parameters)), None)

    def value(self, sql: str, parameters: Sequence[Any] | Row = ()) -> Any:
        """The first column of the first row, or None if there is no row."""
        with self._errors():
            row = self.connection.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def write(self, sql: str, parameters: Sequence[Any] | Row = ()) -> int:
        """Run one statement that writes; returns the number of rows it changed."""
        with self.transaction():
            return self.connection.execute(sql, parameters).rowcount

    def insert(self, table: str, row: Row) -> None:
        """Add one row."""
        columns = ", ".join(row)
        self.write(f"insert into {table} ({columns}) values ({marks(row)})", tuple(row.values()))

    def rewrite(self) -> None:
        """Write the file anew without the space of deleted rows, and empty the write-ahead log."""
        with self._errors():
            self.connection.execute("vacuum")
            self.connection.execute("pragma wal_checkpoint(truncate)")

    def reclaim(self) -> int:
        """Make the file smaller where a quarter of it, and at least 4 MB, is free; returns by how many bytes.

        It shrinks in short steps, so that others write meanwhile. A file from before it could do so is written anew
        once, where it is small enough to take seconds, and the disk has room for what SQLite writes beside it.
        """
        size, free, page_bytes, is_stepwise = (
            self.value(f"pragma {name}") for name in ("page_count", "freelist_count", "page_size", "auto_vacuum")
        )
        if free * page_bytes < max(FREE_BYTES, FREE_SHARE * size * page_bytes):
            return 0
        with self._errors():
            if is_stepwise:
                for _ in range(0, free, STEP_PAGES):
                    # It frees a page at a time, as a query gives rows: `execute` would stop after the first.
                    self.connection.executescript(f"pragma incremental_vacuum({STEP_PAGES})")
            elif self._can_rewrite((size - free) * page_bytes):
                self.connection.execute(AUTO_VACUUM)
                self.connection.execute("vacuum")
            # The file shrinks when the log is written back; whoever reads is not waited for.
            self.connection.execute("pragma wal_checkpoint(passive)")
        return int(size - self.value("pragma page_count")) * int(page_bytes)

    def _can_rewrite(self, used_bytes: int) -> bool:
        """Whether the file can be written anew: into the system's temporary folder, then into the write-ahead log."""
        room = min(shutil.disk_usage(folder).free for folder in (self._path.parent, tempfile.gettempdir()))
        return used_bytes <= REWRITTEN_BYTES and room > 2 * used_bytes + FREE_BYTES

    def close(self) -> None:
        """Close this thread's connection, and those that no thread uses."""
        lease: _Lease | None = self._local.__dict__.pop("lease", None)
        if lease:
            lease.is_sound = False
            lease.connection.close()
        while self._idle:
            self._idle.pop().close()


@contextlib.contextmanager
def unique_name(noun: str, name: str) -> Iterator[None]:
    """A block in which SQLite's error about a duplicate name becomes `NameTaken`."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise NameTaken(
            noun, t("the {noun}'s name must be unique, {name!r} is taken: choose another", noun=t(noun), name=name)
        ) from error


def marks(values: Sequence[Any] | Row) -> str:
    """One question mark per value, for SQL.

    >>> marks([7, 8, 9])
    '?, ?, ?'
    """
    return ", ".join("?" * len(values))


def chunks(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Slices of values, each short enough to bind in one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def new_id() -> str:
    """The id of a new row: a UUID of version 7 (RFC 9562), which has the time and 62 random bits.

    Rows that were added one after another so lie together in every index, and are read together. Among a million images
    that takes a third of the time of random ids.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    part = rest * 4096 // 1_000_000
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | part << 64 | 0b10 << 62 | secrets.randbits(62)))


def now() -> str:
    """The present moment in UTC, as the database stores it."""
    return datetime.now(UTC).isoformat()


def moment(text: str | None) -> datetime | None:
    """A text from `now` as an aware datetime, None for None."""
    return datetime.fromisoformat(text) if text else None


def _connect(path: Path, journal_mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=sqlite_errors.BUSY_TIMEOUT_S, check_same_thread=False)
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = normal")
    if connection.execute("pragma page_count").fetchone() == (0,):
        connection.execute(AUTO_VACUUM)
    connection.execute(f"pragma journal_size_limit = {LOG_BYTES}")
    connection.execute(f"pragma journal_mode = {journal_mode}")
    return connection
