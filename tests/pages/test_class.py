"""What the teacher and pupils see on the page Class, part by part: who somebody is comes from a cookie of a browser."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import classroom, projects
from cvcore.classroom import class_tests
from cvcore.settings import Limits
from cvcore.store import ClassResult, Pupil, SchoolClass, Store
from tests.conftest import fill_in
from tests.pages.conftest import button, checked, texts


@pytest.fixture
def school_class(store: Store) -> SchoolClass:
    """A class."""
    classroom.set_password(store, "chalk and sponge")
    return classroom.open_class(store, "4b")


@pytest.fixture
def pupils(store: Store, school_class: SchoolClass) -> list[Pupil]:
    """Six pupils, of whom nobody is there any more."""
    found = [classroom.join(store, school_class.code, f"*P{number}*")[0] for number in range(6)]
    store.pupils._db.write("update pupils set seen_at = null")
    return found


def part(store: Store, name: str, *given: str) -> AppTest:
    """A part of the page, shown for the first class."""

    def script(home: str, name: str, given: list[str]) -> None:
        import importlib
        from pathlib import Path

        from cvcore.store import Store

        store = Store(Path(home))
        module = importlib.import_module(f"pages.parts.classroom.{name}")
        extra = [store.pupils.get(each) for each in given]
        (module.show_to_pupil if given else module.show)(store, store.classes.all()[0], *extra)

    app = AppTest.from_function(script, kwargs={"home": str(store.home), "name": name, "given": list(given)})
    app.default_timeout = 30
    return checked(app.run())


def opening(store: Store) -> AppTest:
    """The form that opens the first class."""

    def script(home: str) -> None:
        from pathlib import Path

        from cvcore.store import Store
        from pages.parts.classroom import opening

        opening.show(Store(Path(home)), is_first=True)

    app = AppTest.from_function(script, kwargs={"home": str(store.home)})
    app.default_timeout = 30
    return checked(app.run())


def table(app: AppTest) -> list[list[str]]:
    """The cells of the table that is HTML."""
    body = next(each.proto.body for each in app.get("html") if "<table" in each.proto.body)
    rows = re.findall(r"<tr.*?</tr>", body)[1:]
    return [[re.sub("<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_everybody_is_let_in_again(store: Store, school_class: SchoolClass, pupils: list[Pupil]) -> None:
    """After the address has changed: each pupil's digits, which work."""
    app = part(store, "pupil_list")
    cells = table(checked(button(app, "Let everybody in again").click().run()))
    assert [pupil.nickname for pupil in pupils] == [row[0] for row in cells]
    assert pupils[3].id == classroom.come_back(store, school_class.code, cells[3][1])[0].id


def test_who_only_joined_is_removed(store: Store, school_class: SchoolClass, pupils: list[Pupil]) -> None:
    """At once, if they are many; who has a project stays."""
    projects.create(classroom.store_of(store, pupils[0]), "Mine")
    app = part(store, "pupil_list")
    checked(button(app, "Remove 5 who only joined and are not here").click().run())
    assert [pupils[0].id] == [pupil.id for pupil in store.pupils.all()]
    app = part(store, "pupil_list")
    checked(next(each for each in app.button if each.key == f"back-{pupils[2].id}").click().run())
    assert {pupils[0].id, pupils[2].id} == {pupil.id for pupil in store.pupils.all()}


def test_of_a_damaged_database_no_number_is_told(store: Store, pupils: list[Pupil]) -> None:
    """Nor 0: what is wrong is said below the table."""
    own = classroom.store_of(store, pupils[0])
    own.close()
    classroom.homes.forget()
    for path in own.home.glob("tagwise.db*"):
        path.write_bytes(b"no database" * 1000)
    app = checked(part(store, "pupil_list"))
    (shown,) = [each.value for each in app.dataframe]
    assert [True, False] == shown["Images"].isna().tolist()[:2]
    assert "is damaged: restore the home folder from a backup" in app.error[0].value


def test_what_was_deleted_is_brought_back(store: Store, pupils: list[Pupil]) -> None:
    """A project and images, each by a button; the list says what and when."""
    own = classroom.store_of(store, pupils[0])
    classroom.delete_project(own, fill_in(own, "*Gone*", rose=1), Limits())
    app = part(store, "pupil_list")
    assert "Project *Gone*, " in texts(app)
    checked(button(app, "Bring back").click().run())
    assert ["*Gone*"] == [project.name for project in own.projects.all()]


def test_the_board(store: Store, school_class: SchoolClass, pupils: list[Pupil]) -> None:
    """Who cannot be told apart shares a place; why somebody has no score is told to them and to the teacher."""
    exam = fill_in(store, "Exam", rose=20)
    test = class_tests.find(store, classroom.choose_test_set(store, school_class, exam))
    assert test is not None
    for pupil, right in zip(pupils, (20, 19, 0), strict=False):
        store.class_results.put(ClassResult(pupil.id, "i", test.digest, bytes([1] * right + [0] * (20 - right))))
    store.class_results.put(ClassResult(pupils[3].id, "i", test.digest, missing_tags=("rose",)))
    app = part(store, "board")
    assert [["*P0*", "1", "100.0 % (84 to 100)", "20"], ["*P1*", "1"], ["*P2*", "3"]] == [
        row[:length] for row, length in zip(table(app), (4, 2, 2), strict=False)
    ]
    said = texts(app)
    assert "Place 1: *P0* and *P1* cannot be told apart" in said
    assert "*P3***: the newest iteration lacks tags of the test set (rose)" in said
    assert "lacks tags" in texts(part(store, "board", pupils[3].id))
    assert "lacks tags" not in texts(part(store, "board", pupils[4].id))


def test_a_hidden_board_is_the_teacher_s(store: Store, school_class: SchoolClass, pupils: list[Pupil]) -> None:
    """Pupils see nothing of it until it is shown again."""
    app = part(store, "board")
    checked(app.toggle[0].set_value(False).run())
    assert "Board" in texts(part(store, "board"))
    assert "Board" not in texts(part(store, "board", pupils[0].id))


def test_a_class_that_is_refused_leaves_no_password(store: Store) -> None:
    """Else the browser that chose the password would be shut out by it."""
    app = opening(store)
    app.text_input[0].input(" ")
    app.text_input[1].input("chalk and sponge")
    app = button(app, "Open the class").click().run()
    assert "The class must have a name" in app.error[0].value
    assert store.classes.password() is None
