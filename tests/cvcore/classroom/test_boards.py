"""Pupils' iterations are tested on images that only the teacher has, and the board says what the numbers can tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvcore import classroom, evaluation, projects
from cvcore.classroom import boards, class_tests, judging
from cvcore.errors import Conflict
from cvcore.evaluation import out_of_fold
from cvcore.files import blobs
from cvcore.networks import backbones
from cvcore.progress import silent
from cvcore.projects import changes, tagging, uploads
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Pupil, SchoolClass, Store
from tests.conftest import draw_image, train

ROSES, TULIPS = 4, 6


@pytest.fixture
def test_project(store: Store) -> Project:
    """The teacher's project: four roses and six tulips, whose embeddings (n, 0…) tell them apart."""
    project = fill(store, "Exam", start=500, rose=ROSES, tulip=TULIPS)
    dimension = backbones.built_in().dimension
    roses = {image.sha256 for image in store.images.tagged(project.id)} & set(digests_of(store, project, "rose"))
    vectors = {each: np.full(dimension, float(each in roses), np.float32) for each in store.images.digests(project.id)}
    store.embeddings.put(backbones.built_in().fingerprint, vectors)
    return project


@pytest.fixture
def school_class(store: Store, test_project: Project) -> SchoolClass:
    """A class with that test set."""
    classroom.set_password(store, "chalk and sponge")
    return classroom.choose_test_set(store, classroom.open_class(store, "4b"), test_project)


def fill(store: Store, name: str, start: int = 0, kind: str = "Multiclass", **counts: int) -> Project:
    """A project with drawn images, from number `start` on."""
    project = projects.create(store, name, classification_type=kind, domain="Built-in")
    number = start
    for tag, count in counts.items():
        for _ in range(count):
            number += 1
            stored = uploads.add(store, project, f"{number}.png", draw_image(number), limits=Limits())
            changes.tag(store, project, [stored.image_id or ""], [tag], limits=Limits())
    return project


def digests_of(store: Store, project: Project, tag: str) -> list[str]:
    ids = {each.name: each.id for each in store.tags.of_project(project.id)}
    return [image.sha256 for image in store.images.tagged(project.id) if ids[tag] in image.tag_ids]


def join(store: Store, school_class: SchoolClass, nickname: str) -> Pupil:
    return classroom.join(store, school_class.code, nickname)[0]


def trained(store: Store, pupil: Pupil, *, knows: bool, start: int = 0, **counts: int) -> Iteration:
    """A pupil's iteration that knows roses from tulips, or takes everything for a tulip."""
    own = classroom.store_of(store, pupil)
    project = fill(own, f"Mine {start}", start, **(counts or {"rose": 5, "tulip": 5}))
    iteration = train(own, project)
    if knows:
        folder = blobs.iteration_folder(own.home, iteration.id)
        arrays = out_of_fold.read(folder / evaluation.ARRAYS)
        columns = [tag.name.casefold() == "rose" for tag in evaluation.tags(own, iteration)]
        kernel = np.tile(np.array(columns, np.float32), (len(arrays.kernel), 1))
        evaluation.save(folder, replace(arrays, kernel=2 * kernel))
    return iteration


def judge(store: Store) -> int:
    return judging.judge(store, Store, silent)


def rows(store: Store, school_class: SchoolClass) -> dict[str, boards.Row]:
    return {row.work.pupil.nickname: row for row in boards.make(store, school_class).rows}


def test_iterations_are_tested_once(store: Store, school_class: SchoolClass) -> None:
    """On all test images, with the interval of so few; again only when the iteration or the test set changes."""
    anna, ben = (join(store, school_class, name) for name in ("Anna", "Ben"))
    trained(store, anna, knows=False)
    assert rows(store, school_class)["Anna"].is_waiting
    assert [1, 0] == [judge(store), judge(store)]
    row = rows(store, school_class)["Anna"]
    assert (TULIPS, 0.6, 1, False) == (row.right, row.score, row.place, row.is_waiting)
    assert (0.31, 0.83) == (round(row.low, 2), round(row.high, 2))
    assert (None, None) == (rows(store, school_class)["Ben"].score, rows(store, school_class)["Ben"].result)
    trained(store, ben, knows=True)
    trained(store, anna, knows=True, start=20)
    assert [2, 0] == [judge(store), judge(store)]
    assert [10, 10] == [row.right for row in rows(store, school_class).values()]
    project = store.projects.get(school_class.test_project_id or "")
    changes.tag(store, project, [store.images.page(project.id, take=1)[0].id], ["rose"], limits=Limits())
    assert rows(store, school_class)["Anna"].is_waiting
    assert 2 == judge(store)


def test_the_test_set_is_what_is_marked(store: Store, school_class: SchoolClass, test_project: Project) -> None:
    """The images marked for testing, if there are any; else all with tags."""
    test = class_tests.find(store, school_class)
    assert test is not None
    assert (10, False, ["rose", "tulip"]) == (len(test.digests), test.is_marked, sorted(test.tags))
    image = store.images.page(test_project.id, take=1)[0]
    changes.mark_for_testing(store, test_project, [image.id], True)
    marked = class_tests.find(store, school_class)
    assert marked is not None
    assert ((image.sha256,), True) == (marked.digests, marked.is_marked)


def test_the_test_set_is_as_it_is_now(store: Store, school_class: SchoolClass, test_project: Project) -> None:
    """Also after a tag was renamed, and after images were deleted for good."""
    tagging.rename(store, tagging.find(store, test_project, "rose"), "Rose of mine", limits=Limits())
    renamed = class_tests.find(store, school_class)
    assert renamed is not None
    assert ["Rose of mine", "tulip"] == sorted(renamed.tags)
    uploads.erase(store, [store.images.page(test_project.id, take=1)[0].id])
    fewer = class_tests.find(store, school_class)
    assert fewer is not None
    assert 9 == len(fewer.digests)


def test_a_project_without_tagged_images_is_no_test_set(store: Store, school_class: SchoolClass) -> None:
    """It says so; no test set at all can be chosen again."""
    with pytest.raises(Conflict, match="a test set must have tagged images, 'Empty' has none"):
        classroom.choose_test_set(store, school_class, projects.create(store, "Empty"))
    assert classroom.choose_test_set(store, school_class, None).test_project_id is None


def test_a_deleted_test_set_ends_the_test(store: Store, school_class: SchoolClass, test_project: Project) -> None:
    """The board then has images and trainings alone."""
    projects.delete(store, test_project)
    join(store, school_class, "Anna")
    board = boards.make(store, store.classes.get(school_class.id))
    assert (0, ["Anna"]) == (board.test_images, [row.work.pupil.nickname for row in board.rows])


def test_the_newest_iteration_counts(store: Store, school_class: SchoolClass) -> None:
    """Never the best: the test set would have chosen it."""
    anna = join(store, school_class, "Anna")
    trained(store, anna, knows=True)
    judge(store)
    newest = trained(store, anna, knows=False, start=20)
    judge(store)
    assert newest.id == store.class_results.of_class(school_class.id)[anna.id].iteration_id
    assert TULIPS == rows(store, school_class)["Anna"].right


def test_other_tags_are_told(store: Store, school_class: SchoolClass) -> None:
    """Which are missing; the case does not matter, and a project with the tags goes before a newer one without.

    Answers with a tag that the test set lacks are wrong.
    """
    anna, ben = (join(store, school_class, name) for name in ("Anna", "Ben"))
    trained(store, anna, knows=False, cat=5, dog=5)
    trained(store, ben, knows=True, start=40, Rose=5, TULIP=5, other=5)
    trained(store, ben, knows=False, start=60, cat=5, dog=5)
    judge(store)
    result = rows(store, school_class)["Anna"].result
    assert result is not None
    assert (["rose", "tulip"], None) == (sorted(result.missing_tags), rows(store, school_class)["Anna"].score)
    assert ROSES == rows(store, school_class)["Ben"].right


def test_who_trained_on_the_test_images_has_no_score(store: Store, school_class: SchoolClass) -> None:
    """However they came by them: the number is told in place of a score."""
    anna = join(store, school_class, "Anna")
    trained(store, anna, knows=True, start=498, rose=5, tulip=5)
    judge(store)
    row = rows(store, school_class)["Anna"]
    assert row.result is not None
    assert (None, 8) == (row.score, row.result.seen_images)


def test_what_cannot_be_tested_says_why(store: Store, school_class: SchoolClass) -> None:
    """A damaged iteration hinders nobody else."""
    anna, ben = (join(store, school_class, name) for name in ("Anna", "Ben"))
    iteration = trained(store, anna, knows=True)
    trained(store, ben, knows=True)
    evaluation_files = blobs.iteration_folder(classroom.store_of(store, anna).home, iteration.id)
    (evaluation_files / evaluation.ARRAYS).unlink()
    assert 2 == judge(store)
    result = rows(store, school_class)["Anna"].result
    assert result is not None
    assert "is missing from the home folder" in result.error
    assert 1 == rows(store, school_class)["Ben"].place


def test_iterations_that_were_handed_out_do_not_count(store: Store, school_class: SchoolClass) -> None:
    """Neither as a training nor on the board: the pupil has trained nothing yet."""
    anna = join(store, school_class, "Anna")
    given = fill(store, "Given", rose=5, tulip=5)
    train(store, given)
    classroom.hand_out(store, given, [anna])
    assert 0 == judge(store)
    row = rows(store, school_class)["Anna"]
    assert (0, None, False) == (row.work.trainings, row.score, row.is_waiting)


def test_test_images_are_not_handed_out(store: Store, school_class: SchoolClass, test_project: Project) -> None:
    """Those that are marked stay with the teacher, with their files; all of a project is refused."""
    anna = join(store, school_class, "Anna")
    with pytest.raises(Conflict, match="must not be the test set, all tagged images of 'Exam' are: mark some"):
        classroom.hand_out(store, test_project, [anna])
    images = store.images.page(test_project.id, take=3)
    changes.mark_for_testing(store, test_project, [image.id for image in images], True)
    classroom.hand_out(store, test_project, [anna])
    own = classroom.store_of(store, anna)
    assert 7 == own.images.count(own.projects.all()[0].id)
    for image in images:
        assert not blobs.original_path(own.home, image.sha256).exists()
        assert not blobs.thumbnail_path(own.home, image.sha256).exists()
        assert blobs.original_path(store.home, image.sha256).exists()
    assert [] == list(own.embeddings.get(backbones.built_in().fingerprint, [image.sha256 for image in images]))


def test_all_who_look_see_one_board(store: Store, school_class: SchoolClass) -> None:
    """It is made once, not for each of thirty."""
    first = classroom.board(store, school_class)
    join(store, school_class, "Anna")
    assert first is classroom.board(store, school_class)


def bits(right: int, of: int = 40) -> bytes:
    return bytes([1] * right + [0] * (of - right))


def test_places_are_shared_where_chance_may_explain_it() -> None:
    """Equal and nearly equal pupils share the first place; who is far behind leads the next."""
    scored = (("a", bits(39)), ("b", bits(37)), ("c", bits(39)), ("d", bits(12)), ("e", bits(10)))
    assert {"a": 1, "c": 1, "b": 1, "d": 4, "e": 4} == boards._places(scored, tuple(range(40)))


def test_near_duplicates_tell_nobody_apart() -> None:
    """Forty copies of one image are one image."""
    assert {"a": 1, "b": 1} == boards._places((("a", bits(40)), ("b", bits(0))), (0,) * 40)


def test_equal_pupils_are_seldom_told_apart() -> None:
    """Of classes of thirty who are equally good, about one in twenty may have a second place by chance."""
    rng = np.random.default_rng(0)
    places = [
        boards._places(
            tuple((f"{pupil}", bytes((rng.random(50) < 0.8).astype(np.uint8))) for pupil in range(30)),
            tuple(range(50)),
        )
        for _ in range(20)
    ]
    assert sum(len({*each.values()}) > 1 for each in places) <= 2
