"""Writes are kept together or not at all, and what SQLite refuses is told in our words."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cvcore.errors import HomeUnusable, NotFound, TagwiseError, Unavailable
from cvcore.files import blobs, disks
from cvcore.records import Project
from cvcore.store import Store
from cvcore.store.database import CHUNK, IDLE_MOST, Connections, chunks, moment, new_id, now

COUNT = "select count(*) from projects"


def names(store: Store) -> list[str]:
    return sorted(project.name for project in store.projects.all())


def add(store: Store, name: str) -> None:
    store.projects.add(name, description="", classification_type="Multilabel", domain_id="general")


def test_a_transaction_is_kept_together(store: Store) -> None:
    """What a block wrote is there for others when it ends, and not before."""
    seen: list[list[str]] = []
    with store.transaction():
        add(store, "a")
        add(store, "b")
        other = threading.Thread(target=lambda: seen.append(names(store)))
        other.start()
        other.join()
    assert seen == [[]]
    assert names(store) == ["a", "b"]


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """When a block ends in an error, all it wrote is gone, what a block inside it wrote too."""

    def fail() -> None:
        with store.transaction():
            add(store, "a")
            with store.transaction():
                add(store, "b")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert names(store) == []
    add(store, "c")
    assert names(store) == ["c"]


def test_what_cannot_be_undone_waits_for_the_end(store: Store) -> None:
    """An action for after the commit runs once the outermost block has ended, and sees what it wrote."""
    told: list[object] = []
    with store.transaction():
        with store.transaction():
            add(store, "a")
            store.after_commit(lambda: told.append(names(store)))
        told.append("still inside")
    assert told == ["still inside", ["a"]]


def test_what_cannot_be_undone_is_left_out_after_a_failure(store: Store) -> None:
    """When the block fails, its actions for after the commit never run, not even later; outside one runs at once."""
    told: list[str] = []

    def fail() -> None:
        with store.transaction():
            store.after_commit(lambda: told.append("failed"))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    with store.transaction():
        add(store, "a")
    store.after_commit(lambda: told.append("at once"))
    assert told == ["at once"]


def test_an_action_may_write(store: Store) -> None:
    """An action for after the commit may open a transaction of its own, and ask for more to come after."""
    told: list[str] = []

    def action() -> None:
        with store.transaction():
            add(store, "later")
            store.after_commit(lambda: told.append("last"))

    with store.transaction():
        store.after_commit(action)
    assert names(store) == ["later"]
    assert told == ["last"]


def test_references_are_kept_whole(store: Store, project: Project) -> None:
    """A tag of a project that someone deleted is refused as not found, not as a database's riddle."""
    store.projects.delete(project.id)
    with pytest.raises(NotFound) as refusal:
        store.tags.add(project.id, "rose")
    assert str(refusal.value) == ("this belongs to something that was deleted meanwhile: reload the page")
    with pytest.raises(NotFound), store.transaction():
        store.tags.add(project.id, "rose")


def test_closing_is_for_one_thread_and_may_be_undone(store: Store) -> None:
    """A closed store opens again at the next use; closing it twice is fine."""
    add(store, "a")
    store.close()
    store.close()
    assert names(store) == ["a"]


def connection_of_a_thread(connections: Connections, work: Callable[[], object] = lambda: None) -> sqlite3.Connection:
    """The connection of a thread that does some work and ends."""
    used: list[sqlite3.Connection] = []

    def run() -> None:
        used.append(connections.connection)
        work()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return used[0]


def test_a_thread_takes_the_connection_of_one_that_ended(store: Store) -> None:
    """Nobody opens the file anew then, and what was written meanwhile is seen; threads at once have one each."""
    connections = Connections(store.home / "tagwise.db")
    first = connection_of_a_thread(connections)
    add(store, "a")
    seen: list[int] = []
    assert connection_of_a_thread(connections, lambda: seen.append(connections.value(COUNT))) is first
    assert [1] == seen
    others: list[sqlite3.Connection] = []
    assert connection_of_a_thread(connections, lambda: others.append(connection_of_a_thread(connections))) is first
    assert [first] != others


def test_no_more_connections_wait_than_a_few(store: Store) -> None:
    """When many threads end at once, most of their connections are closed."""
    connections = Connections(store.home / "tagwise.db")
    at_once = threading.Barrier(IDLE_MOST + 2)
    with ThreadPoolExecutor(IDLE_MOST + 2) as pool:
        used = list(pool.map(lambda _: (connections.connection, at_once.wait())[0], range(IDLE_MOST + 2)))
    assert 2 == sum(map(is_closed, used))


def test_a_connection_with_trouble_serves_no_other_thread(store: Store) -> None:
    """Whatever went wrong with it, the next thread opens the file again; so it does after a close."""
    connections = Connections(store.home / "tagwise.db")
    failed = connection_of_a_thread(connections, lambda: refused(connections))
    assert is_closed(failed)
    sound = connection_of_a_thread(connections)
    connections.close()
    assert is_closed(sound)
    assert connection_of_a_thread(connections) is not sound


def refused(connections: Connections) -> None:
    with pytest.raises(NotFound):
        connections.insert("tag_descriptions", {"tag_id": "gone", "description": "red"})


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("select 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Below a file there is no home."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HomeUnusable):
        Store(tmp_path / "file" / "home")


def test_a_database_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    """A database that cannot be opened is told of with its path and the remedy."""
    (tmp_path / "tagwise.db").mkdir()
    with pytest.raises(HomeUnusable) as refusal:
        Store(tmp_path)
    assert str(refusal.value) == (
        f"the database {tmp_path / 'tagwise.db'} must be writable, and is not: set TAGWISE_HOME to a folder that is"
    )


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    """A file that is no database is told of, and left as it is."""
    (tmp_path / "tagwise.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(HomeUnusable) as refusal:
        Store(tmp_path)
    assert str(refusal.value) == (
        f"the database {tmp_path / 'tagwise.db'} is damaged: restore the home folder from a backup"
    )
    assert (tmp_path / "tagwise.db").read_bytes() == b"no database at all" * 100


def test_a_lost_database_is_not_made_anew(tmp_path: Path) -> None:
    """Images without a database are told of: in an empty one they would be nobody's. A new folder may have none."""
    Store(tmp_path).close()
    blobs.write(blobs.original_path(tmp_path, "0" * 64), b"an image")
    for path in tmp_path.glob("tagwise.db*"):
        path.rename(path.with_name(f"away-{path.name}"))
    with pytest.raises(HomeUnusable) as refusal:
        Store(tmp_path)
    assert str(refusal.value) == (
        f"the home folder has images, but its database {tmp_path / 'tagwise.db'} is missing: restore the home folder "
        "from a backup, or set TAGWISE_HOME to a new folder"
    )
    assert not (tmp_path / "tagwise.db").exists()
    (tmp_path / "away-tagwise.db").rename(tmp_path / "tagwise.db")
    assert [] == Store(tmp_path).projects.all()


def fill_and_empty(store: Store, project: Project, megabytes: int = 16) -> None:
    """Store embeddings of that size, a thousand bytes each, and delete nine of ten."""
    digests = [f"{number:064x}" for number in range(1000 * megabytes)]
    with store.transaction():
        store.embeddings.put("f", {digest: np.zeros(250, np.float32) for digest in digests})
    with store.transaction():
        for digest in digests[len(digests) // 10 :]:
            store.embeddings.delete(digest)


def size_bytes(store: Store) -> int:
    return (store.home / "tagwise.db").stat().st_size


def test_the_disk_gets_back_what_was_deleted(store: Store, project: Project) -> None:
    """The file shrinks to what its rows take, and tells by how much; asked again, it does nothing."""
    fill_and_empty(store, project)
    before = size_bytes(store)
    reclaimed = store.reclaim()
    assert reclaimed > before // 2
    assert before - reclaimed == size_bytes(store)
    assert 0 == store.reclaim()
    assert ["flowers"] == names(store)


def test_little_is_left_for_new_rows(store: Store, project: Project) -> None:
    """Where little is free, or little of it all, the file stays as it is."""
    fill_and_empty(store, project, megabytes=2)
    before = size_bytes(store)
    assert (0, before) == (store.reclaim(), size_bytes(store))


def test_an_older_database_shrinks_too(store: Store, project: Project) -> None:
    """One that was made before files could shrink is written anew, and shrinks in steps from then on."""
    store.close()
    with closing(sqlite3.connect(store.home / "tagwise.db", isolation_level=None)) as connection:
        connection.execute("pragma auto_vacuum = none")
        connection.execute("vacuum")
        assert (0,) == connection.execute("pragma auto_vacuum").fetchone()
    fill_and_empty(store, project)
    before = size_bytes(store)
    assert before - store.reclaim() == size_bytes(store) < before // 2
    with closing(sqlite3.connect(store.home / "tagwise.db")) as connection:
        assert (2,) == connection.execute("pragma auto_vacuum").fetchone()


def test_others_write_while_it_shrinks(store: Store, project: Project) -> None:
    """Whoever reads meanwhile sees what was there; whoever writes is not refused."""
    fill_and_empty(store, project)
    others = threading.Thread(target=lambda: [add(store, f"{number}") for number in range(50)])
    with closing(sqlite3.connect(store.home / "tagwise.db")) as reading:
        reading.execute("begin")
        before = reading.execute("select count(*) from projects").fetchone()
        others.start()
        assert store.reclaim() > 0
        others.join()
        assert before == reading.execute("select count(*) from projects").fetchone()
    assert 51 == len(names(store))


def test_other_errors_come_as_they_are(store: Store) -> None:
    """A mistake of ours in SQL is not dressed up as anybody else's."""
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.transaction():
        raise sqlite3.OperationalError("no such table")


def test_a_full_disk_is_told_of_and_passes(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """Where the disk is full no home is made and no row is written, in one sentence; with space again all goes on."""
    told = on_small_disk(
        "size=1m",
        """
from cvcore.store import Store
def add(name):
    store.projects.add(name, description="x" * 100_000, classification_type="Multilabel", domain_id="general")
fill()
with refusals():
    Store(disk / "new")
(disk / "filler").unlink()
store = Store(disk / "home")
fill()
for name in "abc":
    with refusals():
        add(name)
with refusals(), store.transaction():
    add("d")
    add("e")
print(len(store.projects.all()))
(disk / "filler").unlink()
add("f")
store.close()
print([project.name for project in Store(disk / "home").projects.all()])
""",
    )
    full = "StorageFull the disk that holds the home folder is full: free some space on it and try again"
    assert told == [*[full] * 5, "0", "['f']"]


def test_a_home_that_may_only_be_read(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """A disk that becomes read-only while Tagwise runs: each change is refused in one sentence, nothing is lost."""
    told = on_small_disk(
        "size=4m",
        """
import subprocess
from cvcore.files import blobs
from cvcore.store import Store
def add(name):
    store.projects.add(name, description="", classification_type="Multilabel", domain_id="general")
def mount(how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)
store = Store(disk / "home")
add("a")
# As long as a file is open for writing, the system allows no change.
store.close()
mount("ro")
with refusals():
    add("b")
with refusals():
    blobs.write(disk / "home" / "file", b"1")
store.close()
with refusals():
    Store(disk / "home")
mount("rw")
store = Store(disk / "home")
add("c")
print(sorted(project.name for project in store.projects.all()))
""",
    )
    home = "the home folder must be writable, {} is not (Read-only file system): set TAGWISE_HOME to a folder that is"
    assert told == [
        "HomeUnusable the database DISK/home/tagwise.db must be writable, and is not: "
        "set TAGWISE_HOME to a folder that is",
        f"HomeUnusable {home.format('DISK/home/file')}",
        f"HomeUnusable {home.format('DISK/home')}",
        "['a', 'c']",
    ]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_PROTOCOL, HomeUnusable, "cannot be locked or shared there"),
        (sqlite3.SQLITE_NOLFS, HomeUnusable, "cannot be locked or shared there"),
        (sqlite3.SQLITE_IOERR_LOCK, HomeUnusable, "cannot be locked or shared there"),
        (sqlite3.SQLITE_IOERR_SHMMAP, HomeUnusable, "cannot be locked or shared there"),
        (sqlite3.SQLITE_IOERR_READ, Unavailable, "the disk failed at the database"),
        (sqlite3.SQLITE_IOERR_FSYNC, Unavailable, "the disk failed at the database"),
    ],
)
def test_a_share_or_a_disk_that_fails(store: Store, code: int, kind: type[TagwiseError], words: str) -> None:
    """What SQLite says of locks, shared memory and a failing disk is told in our words, and the write is undone."""
    error = sqlite3.OperationalError("as SQLite raises it")
    error.sqlite_errorcode = code

    def fail() -> None:
        with store.transaction():
            add(store, "a")
            raise error

    with pytest.raises(kind, match=words):
        fail()
    assert [] == names(store)


@pytest.fixture
def on_a_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's table of mounts says that all folders are on a network share."""
    (tmp_path / "mounts").write_text("server:/ / nfs4 rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(disks, "MOUNTS", tmp_path / "mounts")


def test_a_home_on_a_share_has_no_shared_memory(on_a_share: None, home: Path) -> None:
    """The database lies there without the log that all its readers share, and keeps what many write at once."""
    store = Store(home)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: add(store, f"{number}"), range(60)))
        assert [60] * 6 == list(pool.map(lambda _: len(names(store)), range(6)))
    assert [] == [path.name for path in home.glob("tagwise.db-*") if path.name.endswith(("-wal", "-shm"))]


def test_a_home_that_moves_to_a_share(store: Store, project: Project, tmp_path: Path) -> None:
    """A database that had the log is opened without it there, with all rows; back again it has the log."""
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        (tmp_path / "mounts").write_text("server:/ / cifs rw 0 0\n", encoding="utf-8")
        patch.setattr(disks, "MOUNTS", tmp_path / "mounts")
        there = Store(store.home)
        add(there, "a")
        assert [] == [path.name for path in store.home.glob("tagwise.db-*")]
        there.close()
    add(store, "b")
    assert (store.home / "tagwise.db-wal").exists()
    assert sorted([project.name, "a", "b"]) == names(store)


def test_many_values_go_in_pieces() -> None:
    """Values come in runs that one statement can bind, in order and each once; none give no run."""
    values = range(2 * CHUNK + 1)
    assert [len(part) for part in chunks(values)] == [CHUNK, CHUNK, 1]
    assert [value for part in chunks(values) for value in part] == list(values)
    assert list(chunks([])) == []


def test_moments_are_in_utc() -> None:
    """What is written as now comes back as the same moment, aware of its zone; nothing stays nothing."""
    before = datetime.now(UTC)
    written = moment(now())
    assert written is not None
    assert before <= written <= datetime.now(UTC)
    assert written.tzinfo == UTC
    assert moment(None) is None


def test_ids_rise_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are UUIDs of version 7: the time, to a quarter of a microsecond, then 62 random bits."""
    at_ns = 1_645_557_742_000 * 1_000_000
    ids = []
    for after_ns in (0, 250, 1000, 999_999, 1_000_000, 10**9):
        monkeypatch.setattr(time, "time_ns", lambda ns=at_ns + after_ns: ns)
        ids.append(new_id())
    assert sorted(ids) == ids
    # The time of RFC 9562's own example.
    assert ids[0].startswith("017f22e2-79b0-7000-")
    assert all((7, uuid.RFC_4122) == (uuid.UUID(each).version, uuid.UUID(each).variant) for each in ids)
    assert 1000 == len({new_id() for _ in range(1000)})
