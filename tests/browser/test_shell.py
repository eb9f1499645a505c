"""What every project page has around it, in a browser: Back, titles, the step bar, the switch, announcements, calm."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.browser.views import address_of
from tests.conftest import fill_in, train

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("images", "train", "performance", "quick_test", "predictions", "publish")
OPENED_HERE_ALONE = ("predictions", "publish")  # of the tests that are not slow
HEAD_PX_MOST = 110
# Counts what the page sends to the server, and can send the last of it again.
SENT = """(() => {
    const send = WebSocket.prototype.send;
    window.sent = 0;
    WebSocket.prototype.send = function (message) {
        window.sendAgain = () => send.call(this, message);
        window.sent++;
        return send.call(this, message);
    };
})()"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with *Roses*, trained twice, *Fresh*, not trained yet, and *Few*, which lacks images."""
    store = Store(tmp_path_factory.mktemp("shell") / "home")
    roses = fill_in(store, "Roses", rose=12, tulip=12)
    train(store, roses)
    train(store, roses)
    fill_in(store, "Fresh", rose=8, tulip=8)
    fill_in(store, "Few", rose=8, tulip=3)
    store.close()
    return store.home


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


def is_page(page: Page, title: str) -> None:
    """The page with that heading is shown."""
    expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()


def test_one_press_of_back_is_one_step(page: Page, app_url: str, home: Path) -> None:
    """Views, iterations, links at the top, steps and projects: each is one entry, and Back undoes one at a time."""
    page.goto(f"{app_url}/performance?{address_of(home, 'Roses')}")
    view = page.get_by_role("radiogroup", name="View").or_(page.locator(".st-key-view"))
    expect(view.get_by_text("Mistakes", exact=True)).to_be_visible()
    steps = page.evaluate("history.length")
    view.get_by_text("Mistakes", exact=True).click()
    expect(page).to_have_url(re.compile("view=Mistakes"))
    page.get_by_test_id("stTopNav").get_by_role("link", name="Images", exact=True).click()
    is_page(page, "Images")
    expect(page).to_have_url(re.compile("images.*project="))
    page.locator(".st-key-steps").get_by_role("link", name="Train").click()
    is_page(page, "Train")
    page.get_by_label("Project").click()
    page.get_by_role("option", name="Fresh").click()
    expect(page).to_have_title("Train · Fresh · Tagwise")
    assert steps + 4 == page.evaluate("history.length")
    for title in ("Train · Roses · Tagwise", "Images · Roses · Tagwise", "Performance · Roses · Tagwise"):
        page.go_back()
        expect(page).to_have_title(title)
    expect(page).to_have_url(re.compile("view=Mistakes"))
    expect(view.get_by_role("radio", name="Mistakes")).to_be_checked()
    page.go_back()
    expect(view.get_by_role("radio", name="Numbers")).to_be_checked()


@pytest.mark.new_tab
def test_a_late_request_of_the_page_before_changes_nothing(page: Page, app_url: str, home: Path) -> None:
    """The step bar looks for news by itself. Where its request met a step to another page the window became empty."""
    page.add_init_script(SENT)
    page.goto(f"{app_url}/performance?{address_of(home, 'Roses')}")
    is_page(page, "Performance")
    page.wait_for_load_state("networkidle")
    looked = "window.sent > 0 && !(window.sent = 0)"
    page.evaluate("window.sent = 0")
    page.wait_for_function(looked)
    page.evaluate("window.late = window.sendAgain")
    page.get_by_test_id("stTopNav").get_by_role("link", name="Images", exact=True).click()
    is_page(page, "Images")
    expect(page.get_by_role("option")).to_have_count(24)
    page.wait_for_load_state("networkidle")
    address = page.url
    page.evaluate("window.late(); window.sent = 0")
    page.wait_for_function(looked)
    page.get_by_role("option").first.click()
    expect(page.get_by_text("1 of 24 selected")).to_be_visible()
    is_page(page, "Images")
    assert address == page.url


@pytest.mark.slow
def test_a_link_to_the_open_page_keeps_the_project_in_the_address(page: Page, app_url: str, home: Path) -> None:
    """The link at the top to the page that is open does not lose what a reload or a shared link needs."""
    roses = address_of(home, "Roses")
    page.goto(f"{app_url}/images?{roses}")
    is_page(page, "Images")
    expect(page).to_have_url(re.compile(roses))
    page.get_by_test_id("stTopNav").get_by_role("link", name="Images", exact=True).click()
    page.wait_for_timeout(1500)
    expect(page).to_have_url(re.compile(roses))


@pytest.mark.slow
def test_a_link_without_a_project_keeps_the_rest(page: Page, app_url: str) -> None:
    """What else the link asks for is shown of a project, and stays in the address; what another project had goes."""
    page.goto(f"{app_url}/images?images-view=Tags&order=least-sure")
    expect(page).to_have_url(re.compile("[?]project=[^&]+&images-view=Tags&order=least-sure$"))
    expect(page.get_by_role("radio", name="Tags", exact=True)).to_be_checked()
    page.goto(f"{app_url}/images?project=of-another&images-view=Tags&order=least-sure")
    expect(page).to_have_url(re.compile("[?]project=(?!of-another)[^&]+"))
    assert "order" not in page.url


@pytest.mark.parametrize(
    "name", [each if each in OPENED_HERE_ALONE else pytest.param(each, marks=pytest.mark.slow) for each in PAGES]
)
def test_each_page_has_a_title_of_its_own(page: Page, app_url: str, home: Path, name: str) -> None:
    """Tabs and the history tell pages and projects apart; the heading and its bar stay low."""
    page.goto(f"{app_url}/{name}?{address_of(home, 'Roses')}")
    expect(page).to_have_title(f"{name.replace('_', ' ').title()} · Roses · Tagwise")
    head = page.locator(".st-key-head")
    expect(head.locator("[aria-current=step]").or_(head.get_by_role("link", name="Quick Test")).first).to_be_visible()
    box = head.bounding_box()
    assert box is not None
    assert box["height"] <= HEAD_PX_MOST


def test_the_next_step_leads_through(page: Page, app_url: str, home: Path) -> None:
    """From images one button trains, then shows the numbers, then tests; the bar says where one is."""
    page.goto(f"{app_url}/images?{address_of(home, 'Fresh')}")
    bar = page.locator(".st-key-steps")
    expect(bar.locator("[aria-current=step]")).to_contain_text("Images")
    bar.get_by_role("button", name="Next: train").dblclick()
    # The reader stays on the page, and the bar says when it is done.
    bar.get_by_role("button", name="Iteration 1 is ready: show it").click(timeout=60_000)
    is_page(page, "Performance")
    expect(bar.locator("[aria-current=step]")).to_contain_text("Performance")
    bar.get_by_role("button", name="Next: Quick Test").click()
    is_page(page, "Quick Test")
    store = Store(home)
    assert 1 == len(store.iterations.of_project(projects.find(store, "Fresh").id)), "a double click trains once"
    store.close()


@pytest.mark.slow
def test_what_a_tag_lacks_is_the_next_step(page: Page, app_url: str, home: Path) -> None:
    """From any page and view the button names the tag and the number, and opens the upload with that tag."""
    for place in ("train?", "images?images-view=Images&", "images?images-view=Tags&"):
        page.goto(f"{app_url}/{place}{address_of(home, 'Few')}")
        page.get_by_role("button", name="Next: add 2 images to tulip").click()
        is_page(page, "Images")
        expect(page).to_have_url(re.compile("images-view=Upload"))
        expect(page.get_by_role("combobox", name="Tag for all of them")).to_have_value("tulip")


def test_another_windows_training_announces_itself(page: Page, app_url: str, home: Path) -> None:
    """The numbers being read stay; a button and a screen reader's message offer the new ones."""
    roses = address_of(home, "Roses")
    page.goto(f"{app_url}/performance?{roses}")
    expect(page).to_have_url(re.compile("iteration=2"))
    store = Store(home)
    train(store, projects.find(store, "Roses"))
    store.close()
    news = page.locator(".st-key-steps").get_by_role("button", name="Iteration 3 is ready: show it")
    expect(news).to_be_visible()
    expect(page.locator("#tagwise-training")).to_have_text("Iteration 3 is ready.")
    expect(page).to_have_url(re.compile("iteration=2"))
    news.click()
    expect(page).to_have_url(re.compile("iteration=3"))
    expect(news).to_have_count(0)


def test_the_switch_is_remembered_by_the_browser(page: Page, app_url: str, home: Path) -> None:
    """Simple at first; what was chosen is there after a reload and on another page."""
    page.goto(f"{app_url}/train?{address_of(home, 'Roses')}")
    switch = page.locator(".st-key-detail-switch")
    expect(switch.get_by_role("radio", name="Simple")).to_be_checked()
    expect(page.get_by_text("How it is evaluated")).to_have_count(0)
    switch.get_by_text("Full", exact=True).click()
    expect(page.get_by_text("How it is evaluated")).to_be_visible()
    page.reload()
    expect(switch.get_by_role("radio", name="Full")).to_be_checked()
    page.goto(f"{app_url}/images?{address_of(home, 'Roses')}")
    expect(switch.get_by_role("radio", name="Full")).to_be_checked()


@pytest.mark.slow
def test_the_steps_by_keyboard(page: Page, app_url: str, home: Path) -> None:
    """Tab reaches a step, its focus can be seen, and Enter opens it."""
    page.goto(f"{app_url}/images?{address_of(home, 'Roses')}")
    step = page.locator(".st-key-steps").get_by_role("link", name="Train")
    expect(step).to_be_visible()
    page.locator(".st-key-detail-switch").get_by_role("radio", name="Simple").focus()
    page.keyboard.press("Tab")
    expect(step).to_be_focused()
    style = "(link) => { const s = getComputedStyle(link); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }"
    assert step.evaluate(style)
    page.keyboard.press("Enter")
    is_page(page, "Train")


@pytest.mark.parametrize("width", [390, pytest.param(1280, marks=pytest.mark.slow)])
def test_trains_button_is_in_sight(page: Page, app_url: str, home: Path, width: int) -> None:
    """Train is on the first screen."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{app_url}/train?{address_of(home, 'Roses')}")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_in_viewport(ratio=1)
