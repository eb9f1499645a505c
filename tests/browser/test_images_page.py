"""The Images page in a browser: the large view by keyboard, the filter in the address, clicks that do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cvcore import projects
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Project
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, UNTAGGED, Store
from pages.parts.images.image_browser import PAGE
from pages.parts.images.image_filter import PILLS_MOST
from tests.browser.conftest import Serve
from tests.conftest import fill_in

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a home, in place of each test's own."""
    return tmp_path_factory.mktemp("images") / "home"


@pytest.fixture
def store(home: Path) -> Store:
    """That home's store."""
    return Store(home)


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


def opened(page: Page, url: str, project: Project, query: str = "") -> Locator:
    """The tiles of a project's images."""
    page.goto(f"{url}/images?project={project.id}{query}")
    tiles = page.get_by_role("option")
    expect(tiles.first).to_be_visible()
    return tiles


def names(store: Store, project: Project, place: int) -> list[str]:
    """The tags of the image at that place of the gallery."""
    by_id = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    return [by_id[tag_id] for tag_id in store.images.page(project.id, take=99)[place].tag_ids]


def test_large_view_by_keyboard(page: Page, url: str, store: Store) -> None:
    """Enter opens, arrows go to the next and back, a tag is typed there, Escape closes and returns the focus."""
    project = fill_in(store, "Large", classification_type=MULTILABEL, rose=3, tulip=2)
    tiles = opened(page, url, project)
    tiles.nth(1).focus()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    expect(large.get_by_text("2 of 5")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(large.get_by_text("3 of 5")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(large.get_by_text("2 of 5")).to_be_visible()
    field = large.get_by_role("combobox", name="Tags")
    field.focus()
    page.keyboard.type("daisy")
    page.keyboard.press("Enter")
    expect(large.get_by_text("1 image tagged daisy.")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "false")
    assert "daisy" in names(store, project, 1)
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(tiles.nth(1)).to_be_focused()
    expect(tiles.nth(1)).to_have_accessible_name(re.compile("daisy"))
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Tags restored on 1 image.").first).to_be_visible()
    assert "daisy" not in names(store, project, 1)


@pytest.mark.slow
def test_double_click_opens_and_selects_nothing(page: Page, url: str, store: Store) -> None:
    """A double click shows the image large and leaves the selection as it was."""
    project = fill_in(store, "Double", rose=3)
    tiles = opened(page, url, project)
    tiles.nth(0).click()
    expect(page.get_by_text("1 of 3 selected")).to_be_visible()
    tiles.nth(2).dblclick()
    expect(page.get_by_role("dialog").get_by_text("3 of 3")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("1 of 3 selected")).to_be_visible()


def test_filter_is_in_the_address(page: Page, url: str, store: Store) -> None:
    """A reload and a link keep the filter, and one press of Back comes back to it from another page."""
    project = fill_in(store, "Filter", rose=3, tulip=2)
    tiles = opened(page, url, project)
    page.get_by_role("button", name="tulip 2").click()
    expect(tiles).to_have_count(2)
    expect(page).to_have_url(re.compile("tags=tulip"))
    page.reload()
    expect(page.get_by_text("2 of 5 images")).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).first.click()
    expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    page.go_back()
    expect(page.get_by_text("2 of 5 images")).to_be_visible()
    page.get_by_role("button", name="Clear filter").click()
    expect(tiles).to_have_count(5)
    expect(page).not_to_have_url(re.compile("tags="))


@pytest.mark.slow
def test_one_of_many_tags_is_found_by_typing(page: Page, url: str, store: Store) -> None:
    """With more tags than fit in a row the filter is one field; its list closes once a tag is chosen."""
    project = fill_in(store, "Many", rose=3, tulip=2)
    for number in range(PILLS_MOST):
        tagging.create(store, project, f"tag {number}", limits=Limits())
    tiles = opened(page, url, project)
    field = page.get_by_role("combobox", name="Tags").first
    field.click()
    page.keyboard.type("tul")
    page.get_by_role("option", name="tulip 2").click()
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_text("2 of 5 images")).to_be_visible()
    expect(tiles).to_have_count(2)


@pytest.mark.parametrize("kind", ["Multiclass", pytest.param("Multilabel", marks=pytest.mark.slow)])
def test_a_typed_tag_eats_no_click(page: Page, url: str, store: Store, kind: str) -> None:
    """After a tag is typed its list is closed, no sentence stands in the way, and the next click does what it says."""
    project = fill_in(store, f"Typed {kind}", classification_type=kind, rose=3)
    tiles = opened(page, url, project)
    tiles.nth(0).click()
    field = page.get_by_role("combobox", name="Tags")
    field.fill("daisy")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_text("You can only select")).to_have_count(0)
    page.get_by_role("button", name="Tag selected").click()
    expect(page.get_by_text("1 image tagged daisy.").first).to_be_visible()
    assert "daisy" in names(store, project, 0)


def test_undo_after_removing_tags_and_deleting(page: Page, url: str, store: Store) -> None:
    """Remove all tags and Delete act at once, say so, and one click brings everything back."""
    project = fill_in(store, "Undo", rose=3)
    tiles = opened(page, url, project)
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Remove all tags").click()
    expect(page.get_by_text("Tags removed from 3 images.").first).to_be_visible()
    assert 3 == store.images.count(project.id, UNTAGGED)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Untagged 0")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("3 images deleted.").first).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(tiles).to_have_count(3)
    assert {"rose": 3} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_all_images_that_match_are_chosen_and_changed(page: Page, url: str, store: Store) -> None:
    """After All, a line offers those of the other pages; what is done is done to them, too, and one click undoes it."""
    project = projects.create(store, "Whole", domain="Built-in")
    store.tags.add(project.id, "rose")
    for number in range(PAGE + 4):
        store.images.add(
            project.id, f"{number:064x}", name=f"{number}.png", width=9, height=9, size_bytes=9, signature=bytes(192)
        )
    opened(page, url, project)
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_text(f"All {PAGE} images on this page are chosen.")).to_be_visible()
    page.get_by_role("button", name=f"Choose all {PAGE + 4} that match").click()
    expect(page.get_by_text(f"All {PAGE + 4} images that match are chosen.")).to_be_visible()
    page.get_by_role("button", name="Use for testing").click()
    expect(page.get_by_text(f"{PAGE + 4} images kept for testing.").first).to_be_visible()
    expect(page.get_by_text("images that match are chosen")).to_have_count(0)
    assert PAGE + 4 == store.images.count(project.id, FOR_TESTING)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text(f"{PAGE + 4} images kept for training again.").first).to_be_visible()
    assert 0 == store.images.count(project.id, FOR_TESTING)


@pytest.mark.slow
def test_tags_are_added_one_after_another(page: Page, url: str, store: Store) -> None:
    """Enter adds a tag and leaves the cursor in the field for the next; a tag's number leads to its images."""
    project = fill_in(store, "Tags", rose=3, tulip=2)
    page.goto(f"{url}/images?project={project.id}&images-view=Tags")
    page.get_by_label("New tag").click()
    for name in ("lily", "iris"):
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"Edit {name}")).to_be_visible()
    page.get_by_role("button", name="2 images of tulip").click()
    expect(page.get_by_text("2 of 5 images")).to_be_visible()
    expect(page).to_have_url(re.compile("images-view=Images.*tags=tulip|tags=tulip.*images-view=Images"))
    page.go_back()
    expect(page.get_by_role("button", name="Edit iris")).to_be_visible()


@pytest.mark.slow
def test_an_empty_project_opens_at_upload(page: Page, url: str, store: Store) -> None:
    """Its address says so, and a reload stays there even when images have come in meanwhile."""
    project = projects.create(store, "Empty")
    page.goto(f"{url}/images?project={project.id}")
    upload = page.get_by_role("radio", name="Upload")
    expect(upload).to_be_checked()
    expect(page).to_have_url(re.compile("images-view=Upload"))
    page.reload()
    expect(upload).to_be_checked()


@pytest.mark.slow
def test_names_from_right_to_left_stay_in_place(page: Page, url: str, store: Store) -> None:
    """A name written from right to left does not pull its number to the other side."""
    project = fill_in(store, "Arabic", وردة=3)
    opened(page, url, project)
    pill = page.get_by_role("button", name="وردة")
    ends = pill.evaluate("""(button) => {
        const walker = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
        const text = walker.nextNode();
        const place = (from, to) => {
            const range = document.createRange();
            range.setStart(text, from);
            range.setEnd(text, to);
            return range.getBoundingClientRect().left;
        };
        return [place(1, 2), place(text.length - 1, text.length)];
    }""")
    assert ends[0] < ends[1]


@pytest.mark.slow
def test_metadata_in_bulk_and_the_filter_by_it(page: Page, url: str, store: Store) -> None:
    """A key typed for two selected images is set at once, undone and set again; then the filter finds these two."""
    project = fill_in(store, "Rooms", rose=3, tulip=2)
    tiles = opened(page, url, project)

    def describe() -> None:
        tiles.nth(0).click()
        tiles.nth(1).click(modifiers=["Control"])
        expect(page.get_by_text("2 of 5 selected")).to_be_visible()
        page.locator(".st-key-browser-metadata button").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("combobox", name="Key").fill("room")
        page.keyboard.press("Enter")
        dialog.get_by_role("textbox", name="Value").fill("12")
        page.keyboard.press("Tab")
        dialog.get_by_role("button", name="Set").click()
        expect(page.get_by_test_id("stMarkdown").filter(has_text="room set to 12 on 2 images.")).to_be_visible()
        expect(dialog).to_have_count(0)

    describe()
    ids = [image.id for image in store.images.page(project.id, take=2)]
    assert {image_id: {"room": "12"} for image_id in ids} == store.metadata.of_images(ids)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("stMarkdown").filter(has_text="room restored on 2 images.")).to_be_visible()
    assert {} == store.metadata.of_images(ids)
    describe()
    page.locator(".st-key-image-filter").get_by_role("button", name="Metadata").click()
    for name, text in (("What", "room"), ("Value", "12 (2)")):
        page.get_by_role("combobox", name=name).click()
        page.get_by_role("option", name=text, exact=True).click()
    expect(page.get_by_text("2 of 5 images")).to_be_visible()
    expect(page).to_have_url(re.compile("key=room&value=12"))
    page.reload()
    expect(page.get_by_text("2 of 5 images")).to_be_visible()
    page.get_by_role("button", name="Clear filter").click()
    expect(page).not_to_have_url(re.compile("key=room"))
    expect(tiles).to_have_count(5)
