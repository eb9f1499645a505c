"""One worker serves the teacher and all pupils, one after another."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

import pytest

from cvcore import classroom, projects
from cvcore.files import blobs, lending
from cvcore.records import Project
from cvcore.store import Pupil, Store
from cvcore.training import worker
from cvcore.training.turns import Turns


@pytest.fixture
def pupils(store: Store) -> list[Pupil]:
    """Anna and Ben, in a class."""
    classroom.set_password(store, "chalk and sponge")
    school_class = classroom.open_class(store, "4b")
    return [classroom.join(store, school_class.code, nickname)[0] for nickname in ("Anna", "Ben")]


def test_a_pupil_waits_until_the_others_had_one(store: Store, pupils: list[Pupil]) -> None:
    """Anna queues three trainings, then Ben and the teacher one each: they are next after her first."""
    homes = {"teacher": store, **{pupil.nickname: classroom.store_of(store, pupil) for pupil in pupils}}
    made: dict[str, Project] = {name: projects.create(each, name) for name, each in homes.items()}
    for name in ("Anna", "Anna", "Anna"):
        homes[name].jobs.add("train", made[name].id)
    turns = Turns(store)
    order = [_served(turns, homes)]
    for name in ("Ben", "teacher"):
        homes[name].jobs.add("train", made[name].id)
    order += [_served(turns, homes) for _ in range(4)]
    assert ["Anna", {"Ben", "teacher"}, "Anna", "Anna"] == [order[0], set(order[1:3]), *order[3:]]


def test_trainings_go_before_everything_else(store: Store, pupils: list[Pupil]) -> None:
    """Also before what was queued earlier in another home folder."""
    anna, ben = (classroom.store_of(store, pupil) for pupil in pupils)
    anna.jobs.embed_soon(projects.create(anna, "A").id)
    turns = Turns(store)
    assert not turns.is_training_waiting()
    ben.jobs.add("train", projects.create(ben, "B").id)
    turns.stores()
    assert turns.is_training_waiting()
    assert [ben.home, anna.home] == [each.home for each, _ in filter(None, (turns.next_job(), turns.next_job()))]


def test_a_class_that_is_gone_is_not_served(store: Store, pupils: list[Pupil]) -> None:
    """Its folders are not opened any more, and not made again."""
    turns = Turns(store)
    assert 3 == len(turns.stores())
    homes = [each.home for each in turns.stores() if each.home != store.home]
    store.classes.delete(pupils[0].class_id)
    assert [store.home] == [each.home for each in turns.stores()]
    blobs.delete(homes[0])
    assert turns.next_job() is None
    assert not homes[0].exists()


def test_networks_are_lent(store: Store, pupils: list[Pupil]) -> None:
    """Networks prepared for the teacher are there for a pupil, as links; what is being written is not."""
    own, anna = blobs.backbones_folder(store.home), classroom.store_of(store, pupils[0]).home
    own.mkdir()
    for name in ("a.json", "a.tflite", ".b.tflite"):
        (own / name).write_text(name)
    lending.networks(store.home, anna)
    lending.networks(store.home, anna)
    there = blobs.backbones_folder(anna)
    assert {"a.json", "a.tflite"} == {path.name for path in there.iterdir()}
    assert (own / "a.json").stat().st_ino == (there / "a.json").stat().st_ino


def _served(turns: Turns, homes: dict[str, Store]) -> str:
    claimed = turns.next_job()
    assert claimed is not None
    return next(name for name, store in homes.items() if store.home == claimed[0].home)


def test_a_damaged_database_keeps_nobody_waiting(store: Store, pupils: list[Pupil]) -> None:
    """Of a pupil whose queue cannot be read the worker says so once, and runs the others' jobs."""
    broken, whole = (classroom.store_of(store, pupil) for pupil in pupils[:2])
    job = whole.jobs.add("facts", projects.create(whole, "Mine").id)
    path = broken.home / "tagwise.db"
    broken.rewrite()
    with closing(sqlite3.connect(path)) as connection:
        pages = [page for (page,) in connection.execute("select rootpage from sqlite_master where tbl_name = 'jobs'")]
        (page_bytes,) = connection.execute("pragma page_size").fetchone()
    broken.close()
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * page_bytes)
            file.write(b"\xff" * page_bytes)
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(store, stop, "cpu"))
    thread.start()
    for _ in range(300):
        if not whole.jobs.get(job.id).is_active:
            break
        time.sleep(0.1)
    stop.set()
    thread.join()
    assert "done" == whole.jobs.get(job.id).status
