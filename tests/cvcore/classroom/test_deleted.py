"""What pupils delete, and pupils who were removed, can be brought back; what is deleted for good leaves no byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cvcore import classroom, projects
from cvcore.errors import InvalidInput, Locked, NameTaken, NotFound
from cvcore.files import blobs
from cvcore.projects import changes, trash, uploads
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import ClassLimits, Pupil, SchoolClass, Store
from tests.conftest import draw_image, fill_in, train

ANY = Limits()


@pytest.fixture
def school_class(store: Store) -> SchoolClass:
    """A class whose pupils may store four images."""
    classroom.set_password(store, "chalk and sponge")
    return classroom.open_class(store, "4b", limits=ClassLimits(4, 10))


@pytest.fixture
def anna(store: Store, school_class: SchoolClass) -> Pupil:
    """A pupil."""
    return classroom.join(store, school_class.code, "Anna")[0]


@pytest.fixture
def own(store: Store, anna: Pupil) -> Store:
    """Anna's store."""
    return classroom.store_of(store, anna)


def upload(own: Store, project: Project, number: int, limits: Limits = ANY) -> uploads.Upload:
    return uploads.add(own, project, f"{number}.png", draw_image(number), limits=limits)


def test_a_deleted_project_comes_back(own: Store) -> None:
    """With its images, tags and iterations, which are still the pupil's own; its files take no further space."""
    project = fill_in(own, "Flowers", rose=5, tulip=5)
    iteration = train(own, project)
    classroom.delete_project(own, project, ANY)
    assert [] == own.projects.all()
    assert not blobs.iteration_folder(own.home, iteration.id).exists()
    (kept,) = classroom.deleted_projects(own)
    restored = classroom.restore_project(own, kept)
    assert ("Flowers", project.created_at, 10) == (restored.name, restored.created_at, own.images.count(restored.id))
    assert [True] == [own.iterations.get(each).project_id == restored.id for each in own.class_results.trained_here()]
    assert ["rose", "tulip"] == [tag.name for tag in own.tags.of_project(restored.id)]
    assert all(blobs.original_path(own.home, digest).exists() for digest in own.images.digests(restored.id))
    assert [] == classroom.deleted_projects(own)
    assert [] == [path for path in (blobs.deleted_home(own.home) / "originals").rglob("*") if path.is_file()]
    with pytest.raises(NotFound):
        classroom.restore_project(own, kept)


def test_a_project_comes_back_beside_one_of_its_name(own: Store) -> None:
    """Under a name with a number; several of one name are kept."""
    for _ in range(2):
        classroom.delete_project(own, fill_in(own, "Flowers", rose=1), ANY)
    projects.create(own, "Flowers")
    for kept in classroom.deleted_projects(own):
        classroom.restore_project(own, kept)
    assert 3 == len({project.name for project in own.projects.all()})


def test_what_is_kept_is_bounded(store: Store, own: Store, anna: Pupil) -> None:
    """By what the pupil may store: then the project that was deleted first is gone."""
    limits = classroom.limits_of(store, anna, ANY)
    for number, name in enumerate("ABC"):
        project = projects.create(own, name)
        for image in (1, 2):
            upload(own, project, 10 * number + image)
        classroom.delete_project(own, project, limits)
    assert ["C", "B"] == [project.name for project in classroom.deleted_projects(own)]


def test_a_locked_pupil_deletes_nothing(store: Store, own: Store, anna: Pupil) -> None:
    """Nor is a copy made."""
    project = fill_in(own, "Flowers", rose=1)
    store.pupils.set_locked(anna.id, True)
    with pytest.raises(Locked):
        classroom.delete_project(classroom.store_of(store, anna, as_pupil=True), project, ANY)
    assert [] == classroom.deleted_projects(own)


def test_deleted_images_come_back(own: Store) -> None:
    """With their tags, also after more than a day."""
    project = fill_in(own, "Flowers", rose=3)
    ids = [image.id for image in own.images.page(project.id, take=2)]
    trash.delete_images(own, project, ids)
    (deleted,) = classroom.deleted_images(own)
    assert (project.id, set(ids)) == (deleted.project.id, set(deleted.image_ids))
    own._connections.write("update deleted_images set deleted_at = ?", ["2020-01-01T00:00:00+00:00"])
    assert "2 images restored." == classroom.restore_images(own, project, deleted.image_ids)
    assert [1, 1, 1] == [len(image.tag_ids) for image in own.images.page(project.id, take=9)]
    assert [] == classroom.deleted_images(own)


def test_deleted_images_do_not_count(store: Store, own: Store, anna: Pupil) -> None:
    """A pupil who deletes has space again; only if as much is deleted as may be stored, it is gone for good."""
    project, limits = projects.create(own, "Mine"), classroom.limits_of(store, anna, ANY)
    first = [upload(own, project, number, limits).image_id or "" for number in range(4)]
    assert "refused" == upload(own, project, 9, limits).status
    trash.delete_images(own, project, first)
    again = [upload(own, project, number, limits) for number in range(10, 14)]
    assert ["stored"] * 4 == [each.status for each in again]
    assert 4 == len(own.images.trashed(project.id))
    trash.delete_images(own, project, [each.image_id or "" for each in again[:1]])
    assert "stored" == upload(own, project, 20, limits).status
    assert [] == own.images.trashed(project.id)
    assert 4 == sum(path.is_file() for path in (own.home / "originals").rglob("*"))


def test_a_removed_pupil_is_out_and_comes_back(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """Their browser is a stranger's, their nickname free; brought back, everything is as it was."""
    other, cookie = classroom.join(store, school_class.code, "Ben")
    digits = classroom.offer_return(store, other)
    store.pupils.remove(other.id)
    assert classroom.viewer(store, cookie) is None
    with pytest.raises(InvalidInput, match="the code to come back must be the teacher's"):
        classroom.come_back(store, school_class.code, digits)
    assert (["Anna"], ["Ben"]) == (
        [each.nickname for each in store.pupils.of_class(school_class.id)],
        [each.nickname for each in store.pupils.removed(school_class.id)],
    )
    classroom.delete_leftovers(store)
    assert classroom.store_of(store, other).home.is_dir()
    newcomer = classroom.join(store, school_class.code, "ben")[0]
    with pytest.raises(NameTaken):
        store.pupils.bring_back(other)
    classroom.rename(store, newcomer, "Ben 2")
    store.pupils.bring_back(other)
    assert other.id == getattr(classroom.viewer(store, cookie), "id", None)
    assert [] == store.pupils.removed(school_class.id)


def test_nicknames_are_changed(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """Unless another pupil has it, whatever the case."""
    classroom.join(store, school_class.code, "Ben")
    assert "Ann" == classroom.rename(store, anna, " Ann ").nickname
    with pytest.raises(NameTaken, match="'BEN' is taken"):
        classroom.rename(store, anna, "BEN")


def test_not_a_byte_of_one_pupil_is_left(store: Store, school_class: SchoolClass, anna: Pupil, own: Store) -> None:
    """Of what they have, deleted and gave; another pupil's stays, and the receipt says whose it was."""
    ben = classroom.join(store, school_class.code, "Ben")[0]
    for pupil, number in ((anna, 1), (ben, 2)):
        mine = classroom.store_of(store, pupil)
        project = projects.create(mine, "Mine")
        stored = upload(mine, project, number)
        changes.tag(mine, project, [stored.image_id or ""], ["rose"], limits=ANY)
    upload(own, deleted := projects.create(own, "Deleted"), 3)
    classroom.delete_project(own, deleted, ANY)
    collected, _ = classroom.collect(store, "All", [anna, ben], ["rose"], limits=ANY)
    receipt = classroom.delete_pupil(store, anna)
    left = b"".join(path.read_bytes() for path in store.home.rglob("*") if path.is_file())
    assert [False, True, False] == [draw_image(number)[40:] in left for number in (1, 2, 3)]
    assert b"Anna" not in left
    assert ["Ben"] == [each.nickname for each in store.pupils.all()]
    assert 1 == store.images.count(collected.id)
    assert (1, 2, 2, 1) == (receipt.pupils, receipt.projects, receipt.images, receipt.collected)
    assert receipt.lines()[0].startswith("Pupil Anna of class 4b, deleted on 20")


def test_the_end_of_class_takes_what_could_come_back(
    store: Store, school_class: SchoolClass, anna: Pupil, own: Store
) -> None:
    """Deleted images and projects, and pupils who were removed; the receipt counts them."""
    project = projects.create(own, "Mine")
    trash.delete_images(own, project, [upload(own, project, 1).image_id or ""])
    upload(own, deleted := projects.create(own, "Deleted"), 2)
    classroom.delete_project(own, deleted, ANY)
    store.pupils.remove(anna.id)
    before = b"".join(path.read_bytes() for path in store.home.rglob("*") if path.is_file())
    assert all(draw_image(number)[40:] in before for number in (1, 2))
    receipt = classroom.delete_class(store, school_class)
    left = b"".join(path.read_bytes() for path in store.home.rglob("*") if path.is_file())
    assert not any(draw_image(number)[40:] in left for number in (1, 2))
    assert b"Anna" not in left
    assert (1, 2, 2) == (receipt.pupils, receipt.projects, receipt.images)


def test_without_a_class_the_trash_is_kept_a_day(store: Store) -> None:
    """As before."""
    project = fill_in(store, "Flowers", rose=1)
    (image,) = store.images.page(project.id, take=1)
    trash.delete_images(store, project, [image.id])
    trash.empty(store, datetime.now(UTC) + timedelta(days=2))
    assert [] == store.images.trashed(project.id)
