"""The images behind a number, in a drawer beside the page: in sight, with the focus, in the address, by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cvcore.records import MULTILABEL, Project
from cvcore.store import Store
from tests.browser.conftest import ROOT, Serve, three_wrong
from tests.conftest import Fill, Trained

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a home, in place of each test's own."""
    return tmp_path_factory.mktemp("drawer") / "home"


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path) -> str:
    """The whole app, on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture
def store(home: Path) -> Store:
    """That home's store."""
    return Store(home)


@pytest.fixture
def project(fill: Fill, trained: Trained, request: pytest.FixtureRequest) -> Project:
    """Eight roses and six tulips of this test's own; three roses are taken for tulips."""
    return three_wrong(fill, trained, request.node.name, "Multiclass")


@pytest.fixture
def labels(fill: Fill, trained: Trained, request: pytest.FixtureRequest) -> Project:
    """The same in Multilabel."""
    return three_wrong(fill, trained, request.node.name, MULTILABEL)


def open_view(page: Page, url: str, project: Project, view: str = "Mistakes", **query: str) -> None:
    """Open a view of the Performance page."""
    more = "".join(f"&{name}={value}" for name, value in query.items())
    page.goto(f"{url}/performance?project={project.id}&view={view}{more}")


def cell(page: Page) -> Locator:
    """The roses taken for tulips."""
    return page.locator('td[data-at="0,1"]')


def drawer(page: Page) -> Locator:
    return page.locator(".st-key-drawer")


def heading(page: Page) -> Locator:
    return drawer(page).locator("h2")


def tiles(page: Page) -> Locator:
    return drawer(page).locator(".item")


def expect_beside(page: Page, *others: Locator) -> None:
    """The drawer is inside the window with its images, has the focus, and lies over none of the others."""
    expect(heading(page)).to_be_focused()
    expect(tiles(page).first).to_be_in_viewport(ratio=1)
    box = drawer(page).bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= page.evaluate("innerWidth")
    for other in others:
        expect(other).to_be_in_viewport()
        there = other.bounding_box()
        assert there is not None
        assert there["x"] + there["width"] <= box["x"]


def test_a_cells_images_stand_beside_the_matrix(page: Page, url: str, project: Project) -> None:
    """The slider, the matrix and the clicked number stay in sight; Escape gives the focus back to that number."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_view(page, url, project)
    cell(page).click()
    expect(heading(page)).to_have_text("3 images tagged rose, answered with tulip")
    expect_beside(page, page.locator(".stSlider"), page.locator("table"), cell(page))
    expect(cell(page)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(cell(page)).to_be_focused()
    expect(cell(page)).not_to_have_attribute("aria-selected", "true")


@pytest.mark.slow
def test_a_cards_images_stand_beside_the_cards(page: Page, url: str, labels: Project) -> None:
    """The same for a tag's number in Multilabel; the close button gives the focus back."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_view(page, url, labels)
    number = page.locator('button[data-tag="0"][data-outcome="fn"]')
    number.click()
    expect(heading(page)).to_have_text("3 images tagged rose but not answered with it")
    expect_beside(page, page.locator(".stSlider"), number)
    drawer(page).get_by_role("button", name="Close").click()
    expect(drawer(page)).to_have_count(0)
    expect(number).to_be_focused()


@pytest.mark.slow
def test_the_images_follow_the_slider(page: Page, url: str, project: Project) -> None:
    """The drawer is no dialog: the slider beside it moves, and number and images follow."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_view(page, url, project)
    cell(page).click()
    expect(tiles(page)).to_have_count(3)
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    expect(heading(page)).to_have_text("2 images tagged rose, answered with tulip")
    expect(tiles(page)).to_have_count(2)
    expect(slider).to_be_focused()


def test_retag_and_undo(page: Page, url: str, store: Store, project: Project) -> None:
    """One click retags, the toast undoes it, and the drawer stays open all the while."""
    open_view(page, url, project)
    cell(page).click()
    drawer(page).locator("button.action").first.click()
    expect(tiles(page).first).to_contain_text("now tulip")
    page.get_by_role("button", name="Undo").click()
    expect(drawer(page).locator("button.action")).to_have_count(3)
    assert {"rose": 8, "tulip": 6} == {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_reload_keeps_it_and_back_closes_it_once(page: Page, url: str, project: Project) -> None:
    """What is open is in the address; one press of Back closes it, however many numbers were clicked."""
    open_view(page, url, project)
    page.locator('td[data-at="0,0"]').click()
    expect(heading(page)).to_have_text("5 images tagged rose, answered correctly")
    cell(page).click()
    expect(heading(page)).to_have_text("3 images tagged rose, answered with tulip")
    page.wait_for_function("location.search.includes('images=cell-0-1')")
    page.reload()
    expect(heading(page)).to_have_text("3 images tagged rose, answered with tulip")
    page.go_back()
    expect(drawer(page)).to_have_count(0)
    expect(page.locator("table")).to_be_visible()
    assert "view=Mistakes" in page.evaluate("location.search")
    assert "images=" not in page.evaluate("location.search")
    page.go_forward()
    expect(heading(page)).to_have_text("3 images tagged rose, answered with tulip")


@pytest.mark.slow
def test_closing_leaves_no_step_behind(page: Page, url: str, project: Project) -> None:
    """After opening and closing, one press of Back leaves the page."""
    page.goto(f"{url}/images?project={project.id}")
    page.get_by_role("link", name="Performance").first.click()
    page.get_by_text("Mistakes", exact=True).click()
    expect(cell(page)).to_be_visible()
    cell(page).click()
    expect(heading(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    page.wait_for_function("!location.search.includes('images=')")
    page.go_back()
    page.wait_for_function("!location.search.includes('view=Mistakes')")


@pytest.mark.slow
def test_another_view_closes_it(page: Page, url: str, project: Project) -> None:
    """Its images belong to what was clicked; the address forgets them."""
    open_view(page, url, project)
    cell(page).click()
    expect(heading(page)).to_be_focused()
    page.get_by_text("Compare", exact=True).click()
    expect(drawer(page)).to_have_count(0)
    page.wait_for_function("!location.search.includes('images=')")
    page.get_by_text("Mistakes", exact=True).click()
    expect(cell(page)).to_be_visible()
    expect(drawer(page)).to_have_count(0)


@pytest.mark.slow
def test_a_count_of_the_numbers_opens_it(page: Page, url: str, project: Project) -> None:
    """A link to a count's images opens them beside the table of tags."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_view(page, url, project, "Numbers", images="fn-0")
    expect(heading(page)).to_have_text("3 images tagged rose but not answered with it")
    expect_beside(page, page.locator("table").first)


@pytest.mark.slow
def test_on_a_phone_it_covers_the_page(page: Page, url: str, project: Project) -> None:
    """There is no room beside the page; the focus stays in the drawer, and the close button is in sight."""
    page.set_viewport_size({"width": 390, "height": 800})
    open_view(page, url, project)
    cell(page).click()
    expect(heading(page)).to_be_focused()
    box = drawer(page).bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 800}
    expect(drawer(page).get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert drawer(page).evaluate("drawer => drawer.scrollWidth <= drawer.clientWidth")
    page.get_by_role("slider").evaluate("slider => slider.focus()")
    expect(heading(page)).to_be_focused()
    drawer(page).get_by_role("button", name="Close").click()
    expect(drawer(page)).to_have_count(0)
    expect(cell(page)).to_be_focused()


def test_by_keys_alone(page: Page, url: str, project: Project) -> None:
    """Enter on a cell opens its images, Tab leads to the close button, and names of cells say what they count."""
    open_view(page, url, project)
    expect(cell(page)).to_have_accessible_name(
        "3 of 8 images tagged \u2068rose\u2069 were answered with \u2068tulip\u2069 (37.5 %)."
    )
    page.locator('td[data-at="0,0"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(heading(page)).to_be_focused()
    expect(drawer(page)).to_have_attribute("role", "region")
    page.keyboard.press("Tab")
    expect(drawer(page).get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page)).to_be_focused()
