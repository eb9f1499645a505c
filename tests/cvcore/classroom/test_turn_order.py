"""Whoever waits for a training is told how many run before it, and that is how they run."""

from __future__ import annotations

import pytest

from cvcore import classroom, projects
from cvcore.classroom import turn_order
from cvcore.store import Store
from cvcore.training.turns import Turns


@pytest.fixture
def stores(store: Store) -> dict[str, Store]:
    """The stores of the teacher, Anna and Ben, each with a project that has the name of its owner."""
    classroom.set_password(store, "chalk and sponge")
    code = classroom.open_class(store, "4b").code
    found = {"teacher": store}
    for name in ("Anna", "Ben"):
        found[name] = classroom.store_of(store, classroom.join(store, code, name)[0])
    for name, own in found.items():
        projects.create(own, name, domain="Built-in")
    return found


def queue(own: Store, number: int = 1) -> list[int]:
    return [own.jobs.add("train", own.projects.all()[0].id).id for _ in range(number)]


def told(stores: dict[str, Store], job_ids: dict[str, list[int]]) -> list[str]:
    """The owners of all waiting trainings, in the order of the places that they are told."""
    read = turn_order.read(stores["teacher"])
    places = {}
    for name, ids in job_ids.items():
        for job_id in ids:
            places[turn_order.ahead(read, stores[name].home, job_id)] = name
    return [name for _, name in sorted((place or 0, name) for place, name in places.items())]


def test_trainings_run_in_the_order_that_is_told(stores: dict[str, Store]) -> None:
    """Whoever has just trained comes after all who wait, however many they queued; then who waits longest."""
    anna, ben = queue(stores["Anna"], 3), queue(stores["Ben"])
    expected = ["Anna", "Ben", "Anna", "Anna"]
    assert expected == told(stores, {"Anna": anna, "Ben": ben})
    turns = Turns(stores["teacher"])
    run = []
    while claimed := turns.next_job():
        own, job = claimed
        own.jobs.finish(job.id, "done")
        if job.kind == "train":
            run.append(own.projects.get(job.project_id).name)
            later = {"Anna": queue(stores["Anna"]), "teacher": queue(stores["teacher"])} if len(run) == 4 else {}
            if later:
                assert ["teacher", "Anna"] == told(stores, later)
    assert [*expected, "teacher", "Anna"] == run


def test_a_running_training_counts(stores: dict[str, Store]) -> None:
    """Of others and one's own; who does not wait has no place."""
    (anna,) = queue(stores["Anna"])
    stores["Anna"].jobs.claim(anna)
    assert turn_order.ahead(turn_order.read(stores["teacher"]), stores["Anna"].home) is None
    queue(stores["Anna"])
    queue(stores["Ben"])
    read = turn_order.read(stores["teacher"])
    assert [2, 1, None] == [turn_order.ahead(read, stores[name].home) for name in ("Anna", "Ben", "teacher")]


def test_all_who_wait_read_one_queue(stores: dict[str, Store]) -> None:
    """It is kept for a second, for thirty pages that ask each second."""
    queue(stores["Anna"])
    assert 0 == classroom.trainings_ahead(stores["teacher"], stores["Anna"])
    queue(stores["Ben"])
    assert classroom.trainings_ahead(stores["teacher"], stores["Ben"]) is None
