"""What only a browser shows of the pages: the address and the Back button, what stays in sight, what is asked for."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects, training
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.browser.views import address_of

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(ready_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two projects, in place of each test's own; Flowers has two iterations."""
    return Path(shutil.copytree(ready_home, tmp_path_factory.mktemp("pages") / "home"))


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture
def flowers(home: Path) -> str:
    """The part of an address that asks for Flowers."""
    return address_of(home, "Flowers")


def chosen_iteration(page: Page, name: str) -> None:
    """That iteration is the one shown."""
    expect(page.get_by_label("Iteration", exact=True)).to_have_value(name)


def choose_iteration(page: Page, name: str) -> None:
    """Choose it from the list."""
    page.get_by_label("Iteration", exact=True).click()
    page.get_by_role("option", name=name).click()
    expect(page).to_have_url(re.compile(f"iteration={name[-1]}"))


def test_back_button_leads_to_the_project_and_iteration_before(page: Page, app_url: str, flowers: str) -> None:
    """Another project, another iteration are steps that Back undoes; an iteration's number stays with its project."""
    page.goto(f"{app_url}/performance?{flowers}")
    chosen_iteration(page, "Iteration 2")
    choose_iteration(page, "Iteration 1")
    chosen_iteration(page, "Iteration 1")
    page.go_back()
    chosen_iteration(page, "Iteration 2")
    page.go_forward()
    chosen_iteration(page, "Iteration 1")
    page.get_by_label("Project").click()
    page.get_by_role("option", name="Other").click()
    expect(page.get_by_text("No iteration is trained yet")).to_be_visible()
    assert "iteration" not in page.url
    page.go_back()
    chosen_iteration(page, "Iteration 1")


@pytest.mark.slow
def test_links_at_the_top_are_one_step_each(page: Page, app_url: str, flowers: str) -> None:
    """Each page's address has the project in it, and Back leads from page to page."""
    page.goto(f"{app_url}/images?{flowers}")
    for title in ("Train", "Quick Test", "Images"):
        page.get_by_test_id("stTopNav").get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile(flowers))
    for title in ("Quick Test", "Train", "Images"):
        page.go_back()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_threshold_is_in_the_address_and_no_step_back(page: Page, app_url: str, flowers: str) -> None:
    """Wherever the slider rested, the address leads there again, and Back leads to the page before."""
    page.goto(f"{app_url}/train?{flowers}")
    page.get_by_role("button", name="See its performance").click()
    slider = page.get_by_label("Probability threshold")
    for percent in (70, 30, 60):
        slider.fill(str(percent))
        expect(page).to_have_url(re.compile(f"threshold={percent / 100:g}(&|$)"))
    choose_iteration(page, "Iteration 1")
    expect(page).to_have_url(re.compile("iteration=1&threshold=0.6(&|$)"))
    page.reload()
    expect(slider).to_have_value("60")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("view", ["Mistakes", "Download"])
def test_every_slider_is_in_the_address(page: Page, app_url: str, flowers: str, view: str) -> None:
    """The views with a slider of their own tell its threshold too, and a reload finds it there."""
    page.goto(f"{app_url}/performance?{flowers}&view={view}")
    slider = page.get_by_role("slider", name="Probability threshold")
    expect(page).to_have_url(re.compile("threshold=0.5(&|$)"))
    steps = page.evaluate("history.length")
    for percent in (51, 52):
        slider.press("ArrowRight")
        expect(page).to_have_url(re.compile(f"threshold={percent / 100:g}(&|$)"))
    page.reload()
    expect(slider).to_have_attribute("aria-valuetext", "52\u00a0%")
    assert steps == page.evaluate("history.length"), "a move is no step of the Back button"


@pytest.mark.slow
def test_views_of_performance(page: Page, app_url: str, flowers: str) -> None:
    """Compare and Calibration draw what they tell; a threshold saved under Thresholds is there after a reload."""
    page.goto(f"{app_url}/performance?{flowers}&view=Compare")
    expect(page.get_by_text("both have the same 110 of 110 images right")).to_be_visible()
    page.goto(f"{app_url}/performance?{flowers}&view=Calibration")
    expect(page.get_by_text("On average its probabilities are off by")).to_be_visible()
    for _ in range(2):  # before and after temperature scaling
        expect(page.get_by_text("How often it is right").first).to_be_visible()
        page.get_by_text("Show it with temperature scaling").click()
    page.goto(f"{app_url}/performance?{flowers}&view=Thresholds")
    expect(page.get_by_text("In use: 50 %, nothing is saved.")).to_be_visible()
    page.get_by_role("button", name="Save as suggested").click()
    expect(page.get_by_text(re.compile(r"In use: \d+ % for all tags"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"In use: \d+ % for all tags"))).to_be_visible()
    page.get_by_role("button", name="Back to 50 %").click()
    expect(page.get_by_text("In use: 50 %, nothing is saved.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.slow
def test_renamed_iteration_stays_chosen(page: Page, app_url: str, flowers: str) -> None:
    """Enter saves the new name, and the iteration is still the one that is looked at."""
    page.goto(f"{app_url}/performance?{flowers}&iteration=1")
    for old, new in (("Iteration 1", "The first"), ("The first", "Iteration 1")):
        chosen_iteration(page, old)
        page.get_by_role("button", name="Edit", exact=True).click()
        page.get_by_text("Rename", exact=True).click()
        page.get_by_role("dialog").get_by_label("Name").fill(new)
        page.keyboard.press("Enter")
        chosen_iteration(page, new)


@pytest.mark.slow
def test_gallery_keeps_its_tools_in_sight(page: Page, app_url: str, flowers: str) -> None:
    """However far down an image is chosen, what can be done with it is on the screen, and it is seen whole."""
    page.set_viewport_size({"width": 800, "height": 600})
    page.goto(f"{app_url}/images?{flowers}")
    page.get_by_role("option").nth(90).click()
    look = page.get_by_role("button", name="Enlarge")
    expect(look).to_be_enabled()
    expect(look).to_be_in_viewport(ratio=1)
    look.click()
    expect(page.get_by_role("dialog").get_by_role("img").first).to_be_in_viewport(ratio=1)


@pytest.mark.slow
def test_dialogs_begin_anew(page: Page, app_url: str) -> None:
    """What was changed in one project's dialog and not saved is not found in the next one's."""
    page.goto(app_url)
    more, dialog = page.get_by_role("button", name="More"), page.get_by_role("dialog")
    for number in (0, 1, 0):
        more.nth(number).click()
        page.get_by_text("Edit", exact=True).click()
        expect(dialog.get_by_role("radio", name="Multiclass")).to_be_checked()
        dialog.get_by_text("Multilabel: any number").click()
        expect(dialog.get_by_role("radio", name="Multilabel")).to_be_checked()
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_have_count(0)


def test_names_never_become_links(page: Page, app_url: str, home: Path) -> None:
    """A web or mail address in a name or description is text, which leads nowhere."""
    store = Store(home)
    project = projects.create(store, "http://a.test www.b.test c@d.test", description="https://e.test")
    page.goto(app_url)
    expect(page.get_by_role("heading", name="a.test")).to_be_visible()
    expect(page.get_by_text("https://e.test")).to_be_visible()
    assert 0 == page.locator("a[href*='.test']").count()
    projects.delete(store, project)
    store.close()


@pytest.mark.slow
def test_training_started_elsewhere_shows(page: Page, app_url: str, flowers: str, home: Path) -> None:
    """Who looks at an idle page sees a training that somebody else starts, without loading it again."""
    page.goto(f"{app_url}/performance?{flowers}")
    chosen_iteration(page, "Iteration 2")
    store = Store(home)
    training.start(store, projects.find(store, "Flowers"), force=True)
    store.close()
    under_way, done = page.get_by_role("button", name="Cancel"), page.get_by_text("Iteration 3 is ready")
    expect(under_way.or_(done).first).to_be_visible(timeout=15_000)


def test_the_project_stays_in_the_address(page: Page, app_url: str, flowers: str) -> None:
    """Also where Streamlit writes its own address of the page later, as on a busy computer."""
    page.goto(f"{app_url}/images?{flowers}")
    expect(page.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    page.wait_for_function("window.tagwiseProject")
    page.evaluate("history.replaceState({}, '', '/images?images-view=Images')")
    expect(page).to_have_url(re.compile(flowers))
