"""A project is handed out to every pupil at once, and what pupils collected comes together."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import archive, classroom, evaluation, projects
from cvcore.errors import Conflict
from cvcore.files import blobs
from cvcore.projects import changes, uploads
from cvcore.records import MULTILABEL
from cvcore.settings import Limits
from cvcore.store import Pupil, Store
from tests.conftest import Fill, Trained, draw_image


@pytest.fixture
def pupils(store: Store) -> list[Pupil]:
    """Anna and Ben, in a class."""
    classroom.set_password(store, "chalk and sponge")
    school_class = classroom.open_class(store, "4b")
    return [classroom.join(store, school_class.code, nickname)[0] for nickname in ("Anna", "Ben")]


def photograph(own: Store, number: int, *tags: str, project: str = "Mine") -> str:
    """Put a drawn image with these tags into a pupil's project; returns its id."""
    made = own.projects.find(project) or projects.create(own, project, classification_type=MULTILABEL)
    stored = uploads.add(own, made, f"{number}.png", draw_image(number), limits=Limits())
    changes.tag(own, made, [stored.image_id or ""], tags, limits=Limits())
    return stored.image_id or ""


def test_every_pupil_gets_a_copy(store: Store, pupils: list[Pupil], fill: Fill, trained: Trained) -> None:
    """With tags, images, iterations and embeddings; images are links, so they take no further space."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    digests = store.images.digests(project.id)
    store.embeddings.put("f", {digest: np.ones(3, np.float32) for digest in digests})
    done: list[int] = []
    handed = classroom.hand_out(store, project, pupils, done.append)
    assert (pupils, (), [1, 2]) == (list(handed.given), handed.refused, done)
    for pupil in pupils:
        own = classroom.store_of(store, pupil)
        (copy,) = own.projects.all()
        assert ["rose", "tulip"] == [tag.name for tag in own.tags.of_project(copy.id)]
        assert sorted(digests) == sorted(own.images.digests(copy.id))
        assert iteration.scores == own.iterations.trained(copy.id)[0].scores
        np.testing.assert_array_equal(
            evaluation.load(store, iteration).probabilities,
            evaluation.load(own, own.iterations.trained(copy.id)[0]).probabilities,
        )
        assert [] == own.embeddings.missing("f", digests)
        for digest in digests:
            given, kept = (blobs.original_path(home, digest).stat() for home in (own.home, store.home))
            assert given.st_ino == kept.st_ino


def test_what_a_pupil_does_with_a_copy_stays_theirs(store: Store, pupils: list[Pupil], fill: Fill) -> None:
    """Deleting, retagging or erasing images of a copy changes neither the teacher's nor another pupil's."""
    project = fill(rose=2, tulip=2)
    classroom.hand_out(store, project, pupils)
    anna, ben = (classroom.store_of(store, pupil) for pupil in pupils)
    copy = anna.projects.all()[0]
    uploads.erase(anna, [image.id for image in anna.images.tagged(copy.id)])
    assert 0 == anna.images.count(copy.id)
    for own, other in ((store, project), (ben, ben.projects.all()[0])):
        for digest in own.images.digests(other.id):
            assert blobs.original_path(own.home, digest).exists()
            assert blobs.thumbnail_path(own.home, digest).exists()


def test_handing_out_again_gives_another_copy(store: Store, pupils: list[Pupil], fill: Fill) -> None:
    """Nothing of a pupil's is overwritten."""
    project = fill(rose=1, tulip=1)
    for _ in range(2):
        classroom.hand_out(store, project, pupils[:1])
    names = {each.name for each in classroom.store_of(store, pupils[0]).projects.all()}
    assert {project.name, f"{project.name} (2)"} == names


def test_who_cannot_get_it_is_told(store: Store, pupils: list[Pupil], fill: Fill, trained: Trained) -> None:
    """An iteration's missing file hinders the copy; nothing of it is left with the pupil."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    (blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS).unlink()
    handed = classroom.hand_out(store, project, pupils)
    assert [] == list(handed.given)
    assert ["the file arrays.npz is missing from the home folder; restore it from a backup"] * 2 == [
        why for _, why in handed.refused
    ]
    own = classroom.store_of(store, pupils[0])
    assert [] == own.projects.all()
    assert [] == [path for path in (own.home / "originals").rglob("*") if path.is_file()]


def test_images_come_together(store: Store, pupils: list[Pupil]) -> None:
    """Of the tags chosen, each content once, with who gave what; the pupils keep theirs."""
    anna, ben = (classroom.store_of(store, pupil) for pupil in pupils)
    photograph(anna, 1, "rose")
    photograph(anna, 2, "rose", "tulip")
    photograph(anna, 3, "tulip")
    photograph(ben, 1, "rose")
    photograph(ben, 4, "rose")
    assert ["rose", "tulip"] == classroom.tag_names(store, pupils)
    project, collected = classroom.collect(store, "Roses of all", pupils, ["rose"], limits=Limits())
    assert ([2, 1], 1, ()) == ([number for _, number in collected.new], collected.known, collected.refused)
    names = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    images = store.images.page(project.id, take=9)
    assert ["rose"] == list(names.values())
    assert [1, 1, 1] == [len(image.tag_ids) for image in images]
    whose = store.metadata.of_images([image.id for image in images])
    assert ["Anna", "Anna", "Ben"] == sorted(each["pupil"] for each in whose.values())
    assert 3 == anna.images.count(anna.projects.all()[0].id)


def test_collecting_again_adds_what_is_new(store: Store, pupils: list[Pupil]) -> None:
    """Into the same project, nothing twice."""
    anna = classroom.store_of(store, pupils[0])
    photograph(anna, 1, "rose")
    project, _ = classroom.collect(store, "Roses", pupils, ["rose"], limits=Limits())
    photograph(anna, 2, "rose")
    again, collected = classroom.collect(store, "Roses", pupils, ["rose"], limits=Limits())
    assert (project.id, [1, 0], 1) == (again.id, [number for _, number in collected.new], collected.known)


def test_nothing_to_collect_is_told(store: Store, pupils: list[Pupil]) -> None:
    """No project is made for it."""
    with pytest.raises(Conflict, match="no pupil has one: choose other tags"):
        classroom.collect(store, "Roses", pupils, ["rose"], limits=Limits())
    assert [] == store.projects.all()


def test_a_copy_within_a_home_is_as_before(store: Store, fill: Fill, trained: Trained) -> None:
    """Without another store the copy is beside the original, with the same images."""
    project = fill(rose=5, tulip=5)
    trained(project)
    copy = archive.copy(store, project)
    assert copy.name == f"{project.name} (2)"
    assert store.images.count(project.id) == store.images.count(copy.id)
