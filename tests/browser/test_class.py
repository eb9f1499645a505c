"""A lesson: the teacher opens a class, three pupils join, get a project, work, are compared and locked, and it ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, expect

from cvcore import classroom, languages, projects
from cvcore.classroom import class_tests
from cvcore.classroom.members import COOKIE
from cvcore.projects import changes, uploads
from cvcore.settings import Limits
from cvcore.store import ClassResult, Store
from tests.browser.conftest import ROOT, Serve
from tests.browser.test_accessibility import WIDER, violations
from tests.browser.test_first_two_minutes import TRAINING_MS, upload
from tests.conftest import draw_image

pytestmark = pytest.mark.browser
PASSWORD = "chalk and sponge"


@pytest.fixture
def device(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Callable[[], Page]]:
    """`device()`: a page on a device of its own, with cookies of its own."""
    browser = browser_type.launch(**browser_type_launch_args)
    yield lambda: browser.new_context(viewport={"width": 800, "height": 900}).new_page()
    browser.close()


@pytest.fixture
def class_home(tmp_path: Path) -> Path:
    """A home folder with a project of two tags to hand out, and one of other images to test pupils on."""
    store = Store(tmp_path / "home")
    for name, start in (("Handed out", 0), ("Exam", 100)):
        project = projects.create(store, name, domain="Built-in")
        for number in range(start, start + 10):
            stored = uploads.add(store, project, f"{number}.png", draw_image(number), limits=Limits())
            changes.tag(store, project, [stored.image_id or ""], ["rose" if number % 2 else "tulip"], limits=Limits())
    store.close()
    return store.home


def open_view(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()


def join(page: Page, url: str, code: str, nickname: str) -> None:
    """Come in as a pupil: a stranger's every address leads to the form."""
    page.goto(f"{url}/images")
    page.get_by_label("Class code").first.fill(code)
    page.get_by_label("Your nickname").fill(nickname)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()


def open_class(page: Page, url: str) -> None:
    """Open the class from the form; the browser is the teacher's from then on."""
    page.goto(f"{url}/class")
    page.get_by_label("Name of the class").fill("4b")
    page.get_by_role("textbox", name="Choose a password for the teacher").fill(PASSWORD)
    page.get_by_role("button", name="Open the class").click()
    expect(page.get_by_text("Scan to join")).to_be_visible()


def work(page: Page, url: str, photos: list[Path]) -> None:
    """Add photos of a tag to the project that was handed out, and train it."""
    page.get_by_role("button", name="Open").first.click()
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Upload").click()
    upload(page, photos, "rose")
    page.get_by_role("link", name="Train", exact=True).first.click()
    # Below the stored images there is a button of the same name, which only leads here.
    expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("was trained in")).to_be_visible(timeout=TRAINING_MS)


def see_the_board(teacher: Page, anna: Page, ben: Page, url: str) -> None:
    """The teacher chooses the test set; Anna's row fills by itself, on all boards until it is hidden."""
    open_view(teacher, "Board")
    teacher.get_by_role("combobox", name="Test set").click()
    teacher.get_by_role("option", name="Exam").click()
    teacher.get_by_role("button", name="Use as test set").click()
    expect(teacher.get_by_text("Tested on all 10 tagged images")).to_be_visible()
    for page in (anna, ben):
        page.goto(f"{url}/class")
    for page in (teacher, anna, ben):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Anna"))
        # Place, score with its interval, right ones, images, trainings.
        expect(row).to_contain_text(re.compile(r"1\s*\d+\.\d\s%\s\(\d+ to \d+\)\s*\d+\s*12\s*1"), timeout=TRAINING_MS)
    teacher.get_by_text("Pupils see the board").click()
    expect(ben.get_by_role("heading", name="Board")).to_have_count(0)
    expect(teacher.get_by_role("heading", name="Board")).to_be_visible()


def bring_back(teacher: Page, anna: Page, url: str) -> None:
    """Anna deletes her project, the teacher brings it back."""
    anna.goto(url)
    anna.get_by_role("button", name="More").first.click()
    anna.get_by_role("menuitem", name="Delete").click()
    anna.get_by_label("Type the project's name to confirm").fill("Anna's own")
    expect(anna.get_by_text("The teacher can bring it back until the class ends")).to_be_visible()
    anna.get_by_role("dialog").get_by_role("button", name="Delete project").click()
    expect(anna.get_by_role("heading", name="Anna's own")).to_have_count(0)
    open_view(teacher, "Pupils")
    teacher.get_by_text("Deleted by Anna").click()
    teacher.get_by_role("button", name="Bring back").click()
    expect(teacher.get_by_text("Anna's own is back.")).to_be_visible()
    anna.reload()
    expect(anna.get_by_role("heading", name="Anna's own")).to_be_visible()


@pytest.mark.slow
def test_a_lesson(serve: Serve, class_home: Path, device: Callable[[], Page], tmp_path: Path) -> None:
    """From the first code on the projector to the receipt."""
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(class_home)})
    teacher, pupils = device(), {name: device() for name in ("Anna", "Ben", "Cem")}
    anna, ben = pupils["Anna"], pupils["Ben"]
    open_class(teacher, url)
    code = Store(class_home).classes.all()[0].code
    expect(teacher.get_by_text(f"{code[:3]} {code[3:]}")).to_be_visible()
    for name, page in pupils.items():
        join(page, url, code.lower(), name)
        expect(page.get_by_text("Handed out")).to_have_count(0)
    expect(teacher.get_by_text("3 pupils joined")).to_be_visible()

    open_view(teacher, "Hand out and collect")
    teacher.get_by_role("combobox", name="Project").click()
    teacher.get_by_role("option", name="Handed out").click()
    teacher.get_by_role("button", name="Hand out to 3 pupils").click()
    expect(teacher.get_by_text("3 pupils got a copy of")).to_be_visible()
    anna.reload()
    expect(anna.get_by_role("heading", name="Handed out")).to_be_visible()
    photos = [tmp_path / f"{number}.png" for number in (50, 51)]
    for number, path in enumerate(photos, 50):
        path.write_bytes(draw_image(number))
    work(anna, url, photos)
    see_the_board(teacher, anna, ben, url)

    anna.goto(url)
    anna.get_by_role("button", name="New project").click()
    anna.get_by_role("dialog").get_by_label("Name").fill("Anna's own")
    anna.get_by_role("dialog").get_by_role("button", name="Create project").click()
    expect(anna.get_by_role("heading", name="Images")).to_be_visible()
    ben.goto(url)
    expect(ben.get_by_role("heading", name="Handed out")).to_be_visible()
    expect(ben.get_by_text("Anna's own")).to_have_count(0)
    bring_back(teacher, anna, url)

    teacher.get_by_role("button", name="Look at their pages").click()
    expect(teacher.get_by_role("heading", name="Anna's own")).to_be_visible()
    expect(teacher.get_by_text("You see and change the work of")).to_be_visible()
    teacher.get_by_role("button", name="Back to my own").click()

    open_view(teacher, "Hand out and collect")
    teacher.get_by_role("combobox", name="Tags").click()
    teacher.get_by_role("option", name="rose").click()
    teacher.keyboard.press("Escape")
    teacher.get_by_label("Into the project").fill("Ours")
    teacher.get_by_role("button", name="Collect").click()
    expect(teacher.get_by_text("new images in Ours")).to_be_visible()

    open_view(teacher, "Settings and end")
    # A dialog that was opened before is locked, too.
    ben.get_by_role("button", name="New project").click()
    ben.get_by_role("dialog").get_by_label("Name").fill("Too late")
    teacher.get_by_text("Lock the class").click()
    ben.get_by_role("dialog").get_by_role("button", name="Create project").click()
    expect(ben.get_by_text("the teacher has locked it: ask them")).to_be_visible()

    teacher.get_by_role("button", name="Delete the class").click()
    dialog = teacher.get_by_role("dialog")
    dialog.get_by_label("Name of the class").fill("4b")
    dialog.get_by_label("Name of the class").press("Enter")
    dialog.get_by_role("button", name="Delete everything").click()
    expect(teacher.get_by_text("pupils: 3")).to_be_visible()
    expect(teacher.get_by_role("button", name="Download the receipt")).to_be_visible()
    assert [] == list((class_home / "classes").glob("*"))
    assert {"Exam", "Handed out", "Ours"} == {project.name for project in Store(class_home).projects.all()}


def test_a_pupil_who_came_back_elsewhere_is_told(serve: Serve, class_home: Path, device: Callable[[], Page]) -> None:
    """The browser from before says so at the next click, and the new one is in."""
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(class_home)})
    store = Store(class_home)
    classroom.set_password(store, PASSWORD)
    school_class = classroom.open_class(store, "4b")
    before, after = device(), device()
    join(before, url, school_class.code, "Anna")
    digits = classroom.offer_return(store, store.pupils.all()[0])
    after.goto(url)
    after.get_by_text("I was here before").click()
    after.get_by_label("Class code").last.fill(school_class.code)
    after.get_by_label("The six digits from your teacher").fill(digits)
    after.get_by_role("button", name="Come back").click()
    expect(after.get_by_role("heading", name="Projects")).to_be_visible()
    before.get_by_role("button", name="New project").click()
    expect(before.get_by_text("You are not in this class any more.")).to_be_visible()


def test_everybody_can_read_how_to_join(serve: Serve, class_home: Path, device: Callable[[], Page]) -> None:
    """The QR code has a text, and fits on the narrowest phone, as the board does."""
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(class_home)})
    teacher = device()
    open_class(teacher, url)
    assert [] == violations(teacher)
    teacher.set_viewport_size({"width": 320, "height": 800})
    expect(teacher.get_by_role("img", name="QR code of the address to join")).to_be_visible()
    assert [] == teacher.evaluate(WIDER)
    store = Store(class_home)
    school_class = store.classes.all()[0]
    classroom.join(store, school_class.code, "Anna")
    classroom.choose_test_set(store, school_class, store.projects.all()[0])
    open_view(teacher, "Board")
    head = teacher.get_by_role("columnheader", name="Score").bounding_box()
    assert head is not None
    assert head["width"] > head["height"]
    assert [] == teacher.evaluate(WIDER)


@pytest.mark.slow
def test_a_board_of_many_fits_on_a_phone(serve: Serve, class_home: Path, device: Callable[[], Page]) -> None:
    """Whatever pupils are called, also in Spanish, whose words are the longest: nobody scrolls it sideways."""
    store = Store(class_home)
    classroom.set_password(store, PASSWORD)
    school_class = classroom.choose_test_set(store, classroom.open_class(store, "4b"), store.projects.all()[0])
    test = class_tests.find(store, school_class)
    assert test is not None
    for name in ("W" * 32, "<b>Anna</b>", "محمد 12", "שרה (4b)", "김수한무 거북이와 두루미", "Zoë 🦄"):
        pupil, cookie = classroom.join(store, school_class.code, name)
        store.class_results.put(ClassResult(pupil.id, "one", test.digest, is_right=b"\1\1\0\1\1\1\0\1\1\1"))
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(class_home)})
    page = device()
    page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
    page.context.add_cookies([{"name": languages.COOKIE, "value": "es", "url": url}])
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{url}/class")
    board = page.get_by_role("region", name="Marcador")
    expect(board.get_by_role("rowheader")).to_have_count(6)
    assert "<b>Anna</b>" in board.inner_text()
    assert board.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert ["columnheader", "row", "rowheader", "table"] == sorted(
        {each["role"]["value"] for each in accessible(page)} & {"columnheader", "row", "rowheader", "table"}
    )


def accessible(page: Page) -> list[dict[str, Any]]:
    """What a screen reader gets of the page: the browser's own tree, which is not that of the elements' names."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [node for node in nodes if "role" in node]
