"""The teacher sees what each pupil has."""

from __future__ import annotations

import pytest

from cvcore import classroom, projects
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
