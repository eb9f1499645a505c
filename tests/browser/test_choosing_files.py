"""Files that were chosen are never lost, however the page changes, and each button to choose them has a name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import FileChooser, Page, expect

from cvcore import projects
from cvcore.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.conftest import DrawImage

pytestmark = pytest.mark.browser

# Every message of the server comes `gap` ms after the one before, as on a busy computer: each is drawn by itself.
ONE_BY_ONE = """() => {
    window.gap = 0;
    window.WebSocket = class extends WebSocket {
        addEventListener(kind, act, ...rest) {
            let last = Promise.resolve();
            const slowly = (event) => {
                window.came = performance.now();
                last = last.then(() => new Promise((done) => setTimeout(() => { act(event); done(); }, window.gap)));
            };
            super.addEventListener(kind, kind === "message" ? slowly : act, ...rest);
        }
    };
}"""


@pytest.fixture(scope="module")
def home(ready_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with Flowers, which is trained."""
    return Path(shutil.copytree(ready_home, tmp_path_factory.mktemp("choosing") / "home"))


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture(scope="module")
def address(app_url: str, home: Path) -> str:
    """The address of a page of Flowers, whose name and view are to be put in."""
    store = Store(home)
    project = projects.find(store, "Flowers")
    store.close()
    return f"{app_url}/{{}}?project={project.id}&{{}}"


@pytest.fixture
def files(tmp_path: Path, drawn_image: DrawImage) -> list[Path]:
    """Three images."""
    paths = [tmp_path / f"chosen {number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(drawn_image(900 + number))
    return paths


def opened(page: Page) -> FileChooser:
    """Click the button to choose images; the dialog of the system is open then."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose images").click()
    return chooser.value


@pytest.mark.slow
@pytest.mark.new_tab
def test_the_control_stays_while_the_next_tag_is_taken_in(
    page: Page, app_url: str, files: list[Path], drawn_image: DrawImage
) -> None:
    """After *Next tag*, files can be chosen as soon as the tag is typed: the page keeps its control for them."""
    page.add_init_script(f"({ONE_BY_ONE})()")
    page.goto(app_url)
    page.get_by_role("button", name="New project").click()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Two tags")
    page.keyboard.press("Enter")
    opened(page).set_files(files)
    page.get_by_role("button", name="Upload 3 images").click()
    page.get_by_role("button", name="Next tag").click()
    tag = page.get_by_label("Tag for all of them")
    expect(tag).to_be_focused()
    control = page.locator("input[type=file]")
    control.evaluate("each => { each.isFirst = true; window.gap = 50; }")
    page.keyboard.type("tulip")
    page.keyboard.press("Enter")
    chooser = opened(page)
    page.wait_for_function("() => performance.now() - window.came > 1500")
    assert control.evaluate("each => each.isFirst"), "the page has replaced its control"
    files[0].write_bytes(drawn_image(950))
    chooser.set_files(files)
    page.evaluate("window.gap = 0")
    page.get_by_role("button", name="Upload 3 images").click()
    expect(page.get_by_text("1 image stored, tagged tulip. 2 duplicates.")).to_be_visible()


def test_files_of_a_replaced_control_are_kept(page: Page, address: str, files: list[Path]) -> None:
    """If the page replaces the control while the system's dialog is open, the new one gets the files, once."""
    page.goto(address.format("images", "images-view=Upload"))
    chooser = opened(page)
    opened(page)  # a second click, as of somebody who is impatient
    for way, named in (("A folder", "Choose a folder"), ("Files or a zip", "Choose images")):
        page.get_by_role("radio", name=way).click()
        expect(page.get_by_role("button", name=named)).to_be_visible()
    chooser.set_files(files)
    expect(page.get_by_role("button", name="Upload 3 images")).to_be_visible()


@pytest.mark.parametrize(
    ("place", "view", "name"),
    [
        ("images", "images-view=Upload", "Choose images"),
        pytest.param("quick_test", "image-from=File", "Choose a file", marks=pytest.mark.slow),
        pytest.param("publish", "publish-view=Many+images", "Choose images", marks=pytest.mark.slow),
    ],
)
def test_buttons_are_named_as_they_look(page: Page, address: str, place: str, view: str, name: str) -> None:
    """Who hears the page hears what the button says, on every page; not all readers read what a style sheet writes."""
    page.goto(address.format(place, view))
    expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-label", name)


@pytest.mark.slow
def test_the_button_for_a_project_zip_is_named(page: Page, app_url: str) -> None:
    """So it is in the dialog to import a project."""
    page.goto(app_url)
    page.get_by_role("button", name="Import").click()
    page.get_by_text("A project zip").click()
    expect(page.get_by_role("button", name="Choose a file", exact=True)).to_have_attribute(
        "aria-label", "Choose a file"
    )
