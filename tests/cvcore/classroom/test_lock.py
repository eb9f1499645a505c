"""A locked pupil can look at everything and change nothing."""

from __future__ import annotations

import dataclasses

import pytest

from cvcore import classroom, projects
from cvcore.errors import Locked, NotFound
from cvcore.projects import changes, trash, uploads
from cvcore.settings import Limits
from cvcore.store import Pupil, Store
from tests.conftest import draw_image


@pytest.fixture
def anna(store: Store) -> Pupil:
    """A pupil with a project and an image."""
    classroom.set_password(store, "chalk and sponge")
    pupil = classroom.join(store, classroom.open_class(store, "4b").code, "Anna")[0]
    own = classroom.store_of(store, pupil)
    uploads.add(own, projects.create(own, "Mine"), "1.png", draw_image(1), limits=Limits())
    return pupil


def test_everything_is_seen_and_nothing_changed(store: Store, anna: Pupil) -> None:
    """Uploads, tags, deletions and trainings are refused with one sentence, and leave no file."""
    locked = classroom.store_of(store, anna, as_pupil=True)
    projects.create(locked, "Before")
    store.pupils.set_locked(anna.id, True)
    project = locked.projects.find("Mine")
    assert project is not None
    (image,) = locked.images.page(project.id, take=2)
    files = sorted(locked.home.rglob("originals/**/*"))
    for attempt in (
        lambda: projects.create(locked, "Another"),
        lambda: uploads.add(locked, project, "2.png", draw_image(2), limits=Limits()),
        lambda: changes.tag(locked, project, [image.id], ["rose"], limits=Limits()),
        lambda: trash.delete_images(locked, project, [image.id]),
        lambda: locked.jobs.add("train", project.id),
    ):
        with pytest.raises(Locked, match="the teacher has locked it: ask them"):
            attempt()
    assert files == sorted(locked.home.rglob("originals/**/*"))
    assert [image] == locked.images.page(project.id, take=2)


def test_the_teacher_works_in_what_is_locked(store: Store, anna: Pupil) -> None:
    """Hands out, for instance."""
    store.pupils.set_locked(anna.id, True)
    projects.create(classroom.store_of(store, anna), "Handed out")


def test_a_removed_pupil_changes_nothing(store: Store, anna: Pupil) -> None:
    """Not from a page that is still open, nor after the class was deleted: no file is made again."""
    own = classroom.store_of(store, anna, as_pupil=True)
    (project,) = own.projects.all()
    store.pupils.remove(anna.id)
    with pytest.raises(NotFound, match="they or the class may have been removed"):
        uploads.add(own, project, "2.png", draw_image(2), limits=Limits())
    classroom.delete_class(store, store.classes.all()[0])
    with pytest.raises(NotFound):
        uploads.add(own, project, "2.png", draw_image(2), limits=Limits())
    assert [] == list((store.home / "classes").glob("*"))


def test_who_is_locked(store: Store, anna: Pupil) -> None:
    """One pupil, or all of a class; unlocked, everything works again."""
    assert not classroom.is_locked(store, anna)
    store.pupils.set_locked(anna.id, True)
    assert classroom.is_locked(store, store.pupils.get(anna.id))
    store.pupils.set_locked(anna.id, False)
    school_class = store.classes.get(anna.class_id)
    store.classes.update(dataclasses.replace(school_class, is_locked=True))
    assert classroom.is_locked(store, store.pupils.get(anna.id))
    projects.create(classroom.store_of(store, anna), "Another")
