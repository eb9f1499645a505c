"""From the first page to the first precision, as somebody does it who sees Tagwise for the first time."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects
from cvcore.imaging import paintings
from cvcore.store import Store
from tests.browser.conftest import Serve

ROOT = Path(__file__).resolve().parents[2]
TRAINING_MS = 120_000
GRID, FIELD = "Primary grid", "Colour field"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home folder."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The whole app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Ten images of each of two tags, a folder for each."""
    top = tmp_path_factory.mktemp("photos")
    found: dict[str, list[Path]] = {GRID: [], FIELD: []}
    for sample in paintings.paintings(seed=3, per_school=10):
        if sample.tag in found:
            path = top / sample.tag / sample.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(sample.data)
            found[sample.tag].append(path)
    return found


def open_new_project(page: Page, url: str) -> None:
    """Open the dialog; the cursor is in its first field."""
    page.goto(url)
    page.get_by_role("button", name="New project").click()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Name")).to_be_focused()


def create(page: Page, url: str, name: str) -> None:
    """Create a project by its name and Enter."""
    open_new_project(page, url)
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible()


def choose(page: Page, files: list[Path]) -> None:
    """Choose files by one click on the button that says so."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose images").click()
    chooser.value.set_files(files)


def upload(page: Page, files: list[Path], tag: str) -> None:
    """Type a tag, Enter, choose files, send them."""
    field = page.get_by_label("Tag for all of them")
    field.click()
    field.press_sequentially(tag)
    page.keyboard.press("Enter")
    choose(page, files)
    page.get_by_role("button", name=f"Upload {len(files)} images").click()
    expect(page.get_by_text(f"{len(files)} images stored, tagged {tag}.")).to_be_visible(timeout=30_000)


def train_and_see(page: Page) -> None:
    """Press Train, then what comes next, until a precision is on the screen."""
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("was trained in")).to_be_visible(timeout=TRAINING_MS)
    page.get_by_role("button", name=re.compile("performance")).or_(
        page.get_by_role("link", name=re.compile("performance"))
    ).first.click()
    expect(page.get_by_role("heading", name="Performance", exact=True)).to_be_visible()
    expect(page.get_by_text("Precision", exact=True).first).to_be_visible()


def test_the_sample_way(page: Page, app_url: str, home: Path) -> None:
    """One click makes the sample, shows at once that it does and moves no button; a double click makes one."""
    page.goto(app_url)
    sample, new = page.get_by_role("button", name="Try the sample"), page.get_by_role("button", name="New project")
    expect(sample).to_be_visible()
    before = new.bounding_box()
    page.evaluate(
        """() => {
            window.seen = [];
            const saying = (text) =>
                [...document.querySelectorAll("button")].find((each) => each.innerText.includes(text));
            new MutationObserver(() => {
                const [busy, other] = [saying("Drawing"), saying("New project")];
                if (busy && other) window.seen.push(other.getBoundingClientRect().x);
            }).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    sample.dblclick()
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible(timeout=TRAINING_MS)
    seen = page.evaluate("window.seen")
    assert before is not None
    assert seen, "nothing showed that the sample is drawn"
    assert {round(before["x"])} == {round(x) for x in seen}
    store = Store(home)
    (project,) = (each for each in projects.cards(store) if each.project.name.startswith("Sample"))
    store.close()
    assert 120 == project.images


def test_the_own_way(page: Page, app_url: str, photos: dict[str, list[Path]]) -> None:
    """A name and Enter; for each of two tags: tag, Enter, choose, upload; Train, the numbers, Quick Test."""
    create(page, app_url, "Two schools")
    upload(page, photos[GRID][:-1], GRID)
    page.get_by_role("button", name="Next tag").click()
    expect(page.get_by_label("Tag for all of them")).to_be_focused()
    upload(page, photos[FIELD], FIELD)
    page.locator(".st-key-upload-train").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    train_and_see(page)
    page.get_by_role("link", name="Quick Test", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(photos[GRID][-1])
    expect(page.get_by_role("heading", name=GRID)).to_be_visible(timeout=30_000)


@pytest.mark.slow
def test_an_empty_name_is_told(page: Page, app_url: str) -> None:
    """Enter without a name says so in a sentence, and the name can be typed at once."""
    open_new_project(page, app_url)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The project must have a name, it has none yet: type one.")
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Name")).to_be_focused()


@pytest.mark.parametrize("name", ["Entered twice", pytest.param("Clicked twice", marks=pytest.mark.slow)])
def test_pressed_twice_creates_one(page: Page, app_url: str, home: Path, name: str) -> None:
    """A double Enter and a double click create one project and open it."""
    open_new_project(page, app_url)
    page.keyboard.type(name)
    if name == "Entered twice":
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("dialog").get_by_role("button", name="Create project").dblclick()
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    store = Store(home)
    assert 1 == sum(each.name.startswith(name) for each in store.projects.all())
    store.close()


def test_chosen_files_are_seen_before(page: Page, app_url: str, photos: dict[str, list[Path]], tmp_path: Path) -> None:
    """Each chosen image is a tile with its thumbnail, and a file that is no image is named; each can be removed."""
    create(page, app_url, "Chosen")
    notes = tmp_path / "notes.txt"
    notes.write_text("no image")
    choose(page, [*photos[GRID][:3], notes])
    expect(page.get_by_text("1 file will not be stored: notes.txt.")).to_be_visible()
    tiles = page.locator(".stFileChip:visible")
    expect(tiles).to_have_count(4)
    images = page.evaluate(
        """() => [...document.querySelectorAll(".stFileChip > :first-child")].map(
            (each) => getComputedStyle(each).backgroundImage.startsWith('url("data:image/jpeg'))"""
    )
    assert [True, True, True, False] == images
    page.get_by_role("button", name="Remove notes.txt").click()
    expect(page.get_by_text("will not be stored")).to_have_count(0)
    expect(page.get_by_role("button", name="Upload 3 images")).to_be_enabled()


@pytest.mark.slow
def test_the_stored_can_be_seen(page: Page, app_url: str, photos: dict[str, list[Path]]) -> None:
    """After an upload one click leads to the images of that tag."""
    create(page, app_url, "Seen")
    upload(page, photos[GRID][:3], GRID)
    page.get_by_role("button", name="See them").click()
    expect(page.get_by_role("option")).to_have_count(3)
    expect(page).to_have_url(re.compile("tags=Primary"))


@pytest.fixture
def slow_upload(page: Page, app_url: str, tmp_path: Path) -> Callable[[str], None]:
    """Creates a project of that name and starts an upload that takes some seconds."""

    def start(name: str) -> None:
        from PIL import Image

        paths = []
        for number in range(60):
            paths.append(tmp_path / f"{number}.png")
            Image.frombytes("RGB", (500, 500), os.urandom(500 * 500 * 3)).save(paths[-1], compress_level=0)
        create(page, app_url, name)
        page.locator("input[type=file]").first.set_input_files(paths)
        page.get_by_role("button", name="Upload 60 images").click()

    return start


@pytest.mark.slow
def test_a_reload_shows_a_first_upload(page: Page, app_url: str, slow_upload: Callable[[str], None]) -> None:
    """Loaded again in the middle of a project's first upload, and in a second window, the page shows how far it is."""
    slow_upload("Reloaded")
    expect(page.get_by_text(re.compile(r"Upload: \d+ of 60 files"))).to_be_visible()
    page.reload()
    other = page.context.new_page()
    other.goto(page.url)
    for window in (page, other):
        told = re.compile(r"Upload: \d+ of 60 files|60 images stored, without a tag")
        expect(window.get_by_text(told).first).to_be_visible()
        expect(window.get_by_text("60 images stored, without a tag")).to_be_visible(timeout=60_000)
    other.close()
