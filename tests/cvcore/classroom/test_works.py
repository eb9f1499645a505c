"""The teacher sees what each pupil has."""

from __future__ import annotations

import pytest

from cvcore import classroom, projects
from cvcore.classroom import homes
from cvcore.files import blobs
from cvcore.projects import changes, uploads
from cvcore.settings import Limits
from cvcore.store import Pupil, Store
from tests.conftest import draw_image, train


@pytest.fixture
def pupils(store: Store) -> dict[str, Pupil]:
    """Anna and Ben, in a class."""
    classroom.set_password(store, "chalk and sponge")
    school_class = classroom.open_class(store, "4b")
    return {name: classroom.join(store, school_class.code, name)[0] for name in ("Ben", "Anna")}


def test_what_each_pupil_has(store: Store, pupils: dict[str, Pupil]) -> None:
    """By nickname: projects, images, trainings, and the scores of the newest iteration."""
    own = classroom.store_of(store, pupils["Anna"])
    project = projects.create(own, "Mine")
    for number in range(10):
        stored = uploads.add(own, project, f"{number}.png", draw_image(number), limits=Limits())
        changes.tag(own, project, [stored.image_id or ""], ["rose" if number % 2 else "tulip"], limits=Limits())
    iteration = train(own, project)
    anna, ben = classroom.works(store, pupils["Anna"].class_id)
    assert ("Anna", 1, 10, 1, iteration.scores) == (
        anna.pupil.nickname, anna.projects, anna.images, anna.trainings, anna.newest,
    )  # fmt: skip
    assert ("Ben", 0, 0, 0, None, False) == (
        ben.pupil.nickname, ben.projects, ben.images, ben.trainings, ben.newest, ben.is_training,
    )  # fmt: skip


def test_one_damaged_database_does_not_stop_the_class(store: Store, pupils: dict[str, Pupil]) -> None:
    """It is told beside its pupil; the others are seen, hand in and wait for their turn, and it can be deleted."""
    anna, ben = pupils["Anna"], pupils["Ben"]
    own = classroom.store_of(store, ben)
    project = projects.create(own, "Mine")
    stored = uploads.add(own, project, "1.png", draw_image(1), limits=Limits())
    changes.tag(own, project, [stored.image_id or ""], ["rose"], limits=Limits())
    damage(store, anna)
    broken, whole = classroom.works(store, anna.class_id)
    assert (0, True, 1, "") == (broken.projects, "is damaged" in broken.fault, whole.projects, whole.fault)
    assert [own.home] == [each.home for each in classroom.usable(store, [anna, ben])]
    assert ["rose"] == classroom.tag_names(store, [anna, ben])
    _, collected = classroom.collect(store, "All", [anna, ben], ["rose"], limits=Limits())
    assert ([1], [anna]) == ([new for _, new in collected.new if new], [pupil for pupil, _ in collected.refused])
    assert classroom.trainings_ahead(store, own) is None
    assert 1 == classroom.delete_pupil(store, anna).pupils
    assert not blobs.pupil_home(store.home, anna.class_id, anna.id).exists()
    assert 1 == classroom.delete_class(store, store.classes.get(ben.class_id)).pupils


def test_a_lost_database_is_not_made_anew(store: Store, pupils: dict[str, Pupil]) -> None:
    """Where a pupil's images are, but not their database, this is told beside the pupil, and no empty one is made."""
    own = classroom.store_of(store, pupils["Ben"])
    uploads.add(own, projects.create(own, "Mine"), "1.png", draw_image(1), limits=Limits())
    own.close()
    for path in own.home.glob("tagwise.db*"):
        path.unlink()
    homes.forget()
    whole, broken = classroom.works(store, pupils["Ben"].class_id)
    assert ("", True) == (whole.fault, "is missing" in broken.fault)
    assert not (own.home / "tagwise.db").exists()


def damage(store: Store, pupil: Pupil) -> None:
    """Let a pupil's database be found damaged when it is opened next."""
    own = classroom.store_of(store, pupil)
    own.close()
    for path in own.home.glob("tagwise.db*"):
        path.unlink()
    (own.home / "tagwise.db").write_bytes(b"no database" * 1000)
    homes.forget()
