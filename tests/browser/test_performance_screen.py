"""The Performance page's first screen: slider, table and chart together, images beside them, thresholds in the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from cvcore import evaluation, projects
from cvcore.evaluation import saved_thresholds
from cvcore.records import Project
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.conftest import fill_in, train

ROOT = Path(__file__).resolve().parents[2]
TAGS = ("a yellow and white daisy", "daisy", "dandelion", "no flower", "poppy", "rose", "sunflower", "tulip")
ROSE = TAGS.index("rose")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a project of eight tags, two of six images of each taken for the next tag, and one of two tags."""
    store = Store(tmp_path_factory.mktemp("screen") / "home")
    project = fill_in(store, **dict.fromkeys(TAGS, 6))
    truth = evaluation.load(store, train(store, project)).truth
    place = np.cumsum(truth, axis=0)[truth]  # of each image among those of its tag
    answers = np.where((place <= 2)[:, None], np.roll(truth, 1, axis=1), truth)
    train(store, project, np.linspace(0.55, 0.95, len(truth))[:, None] * answers + 0.005)
    train(store, fill_in(store, "Twice", rose=5, tulip=5))
    store.close()
    return store.home


@pytest.fixture(scope="module")
def address(serve: Serve, home: Path) -> str:
    """The address of the page of the eight tags."""
    with _project(home) as (_, project):
        return f"{serve(ROOT / 'app.py', {'TAGWISE_HOME': str(home)})}/performance?project={project.id}"


@contextmanager
def _project(home: Path, name: str = "Flowers") -> Iterator[tuple[Store, Project]]:
    store = Store(home)
    try:
        yield store, projects.find(store, name)
    finally:
        store.close()


@pytest.fixture
def opened(page: Page, address: str) -> Page:
    """The page on a screen of 1280 x 800, its chart drawn."""
    return _open(page, address, 1280, 800)


def _open(page: Page, address: str, width: int, height: int) -> Page:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    expect(page.locator(".canvas .main-svg").first).to_be_attached()
    return page


def _slider(page: Page) -> Locator:
    return page.get_by_label("Probability threshold")


def _box(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box, "it must be on the page"
    return box


def _focused(page: Page) -> str:
    """The text of the element with the focus, inside widgets too."""
    return str(
        page.evaluate(
            """() => {
                let at = document.activeElement;
                while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                return at.ariaLabel ?? at.textContent;
            }"""
        )
    )


def test_slider_table_and_chart_are_on_the_first_screen(opened: Page) -> None:
    """At 1280 x 800, without scrolling: the slider over both, six rows of the table, and the chart to their right."""
    assert 0 == opened.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    row, plot = opened.locator("tbody tr").nth(5), opened.locator(".plot")
    for part in (_slider(opened), opened.locator(".figures"), row, plot):
        expect(part, f"{part} at {_box(part)}").to_be_in_viewport(ratio=1)
    table, slider = _box(opened.locator("table")), _box(_slider(opened))
    assert slider["y"] + slider["height"] <= min(table["y"], _box(plot)["y"])
    assert table["x"] + table["width"] <= _box(plot)["x"]
    assert _box(plot)["x"] + _box(plot)["width"] <= slider["x"] + slider["width"] + 1
    assert 0.34 < _box(plot)["width"] / slider["width"] < 0.42


@pytest.mark.slow
def test_on_a_phone_the_table_comes_before_the_chart(page: Page, address: str) -> None:
    """At 390 px: slider, figures, table, then the chart; nothing is wider than the page, no name is cut short."""
    _open(page, address, 390, 844)
    parts = [_slider(page), page.locator(".figures"), page.locator("table"), page.locator(".plot")]
    tops = [_box(part)["y"] for part in parts]
    assert sorted(tops) == tops
    assert all(_box(part)["x"] + _box(part)["width"] <= 390 for part in parts)
    scroll = page.locator(".scroll").evaluate("node => node.scrollWidth - node.clientWidth")
    assert scroll <= 0
    for button in page.locator("tbody .tag button").all():
        assert button.evaluate("node => node.scrollWidth <= node.clientWidth")


@pytest.mark.parametrize("width", [800, *(pytest.param(each, marks=pytest.mark.slow) for each in (320, 1280))])
def test_names_are_whole(page: Page, address: str, width: int) -> None:
    """A tag's name wraps and is not cut where the table is narrow."""
    _open(page, address, width, 800)
    if width > 640:
        for button in page.locator("tbody .tag button").all():
            assert button.evaluate("node => node.scrollWidth <= node.clientWidth + 1"), button.text_content()
            assert button.evaluate("node => node.scrollHeight <= node.clientHeight + 1"), button.text_content()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


def test_a_count_opens_its_images_beside_the_table(opened: Page) -> None:
    """The images stand on the screen at once, with the focus on their heading; Escape gives it back to the count."""
    count = opened.get_by_role("button", name="2 false negatives of rose")
    count.click()
    heading = opened.get_by_role("heading", name="2 images tagged rose but not answered with it")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport(ratio=1)
    expect(opened.locator(".st-key-drawer").get_by_role("img").first).to_be_in_viewport()
    expect(_slider(opened)).to_be_in_viewport(ratio=1)
    opened.keyboard.press("Escape")
    expect(heading).to_be_hidden()
    expect(count).to_be_focused()


@pytest.mark.slow
def test_an_open_drawer_follows_a_handle(opened: Page) -> None:
    """The images are those at the tag's own threshold."""
    opened.get_by_role("button", name="2 false negatives of rose").click()
    expect(opened.get_by_role("heading", name="2 images tagged rose")).to_be_visible()
    opened.get_by_label("Threshold of rose").fill("99")
    expect(opened.get_by_role("heading", name="6 images tagged rose but not answered with it")).to_be_visible()


@pytest.mark.slow
def test_everything_that_takes_the_focus_shows_it(opened: Page) -> None:
    """Every button, list and handle of the explorer has a ring that is there only with the keyboard's focus."""
    _slider(opened).focus()
    seen = set()
    for _ in range(34):
        opened.keyboard.press("Tab")
        ring = opened.evaluate(
            """() => {
                const root = [...document.querySelectorAll("*")].map((e) => e.shadowRoot)
                    .find((r) => r?.querySelector(".explorer"));
                const at = root.activeElement;
                if (!at) return null;
                const { outlineStyle, outlineWidth } = getComputedStyle(at);
                const ring = getComputedStyle(at).getPropertyValue("--ring");
                const kind = at.type === "range" ? "range" : at.className || at.localName;
                return [kind, outlineStyle !== "none" && parseInt(outlineWidth) >= 2 || ring.includes("4px")];
            }"""
        )
        if ring:
            seen.add(ring[0])
            assert ring[1], f"{ring[0]} has the focus and does not show it"
    assert {"range", "count", "button", "suggest", "keep"} <= seen


def test_thresholds_are_saved_with_the_iteration(opened: Page, address: str, home: Path) -> None:
    """A row's own threshold is saved, is there after a reload, used by Download, and taken back by Undo."""
    opened.get_by_label("Threshold of rose").fill("30")
    opened.get_by_role("button", name="Save thresholds").click()
    expect(opened.locator(".told")).to_contain_text("Saved.")
    wanted = tuple(0.3 if tag == ROSE else 0.5 for tag in range(len(TAGS)))
    assert wanted == _saved(home)
    opened.goto(address)
    expect(opened.get_by_label("Threshold of rose")).to_have_value("30")
    expect(opened.get_by_label("Threshold of tulip")).to_have_value("50")
    expect(opened.get_by_title("Saved: 30\u00a0%")).to_have_count(1)
    _slider(opened).fill("60")
    expect(opened.get_by_label("Threshold of tulip")).to_have_value("60")
    expect(opened.get_by_label("Threshold of rose")).to_have_value("30")
    expect(opened.get_by_text("or at least the tag's own threshold.")).to_be_visible()
    for percent in (60, 50):
        _slider(opened).fill(f"{percent}")
        expect(opened).to_have_url(re.compile(f"threshold={percent / 100:g}(&|$)"))
    opened.get_by_role("radio", name="Download").click()
    expect(opened.get_by_text("Each tag at its own threshold, as set under Numbers.")).to_be_visible()
    opened.get_by_role("radio", name="Numbers").click()
    opened.get_by_role("button", name="Use the slider for all").click()
    opened.get_by_role("button", name="Save thresholds").click()
    expect(opened.locator(".told")).to_have_text("Saved.")
    assert 0.5 == _saved(home)
    opened.get_by_role("button", name="Undo").click()
    expect(opened.get_by_text("The thresholds are as they were before.").first).to_be_visible()
    assert wanted == _saved(home)
    with _project(home) as (store, project):
        saved_thresholds.clear(store, store.iterations.trained(project.id)[0])


def _saved(home: Path) -> object:
    with _project(home) as (store, project):
        return store.iterations.trained(project.id)[0].thresholds


def test_a_chosen_tag_shows_its_images_under_the_slider(opened: Page) -> None:
    """The strip stands between slider and figures; the slider, or the tag's own handle, moves its line."""
    opened.get_by_role("button", name="rose", exact=True).click()
    line = opened.get_by_role("button", name="rose", exact=True)
    expect(opened.locator(".strip-tile").first).to_be_visible()
    assert _box(_slider(opened))["y"] < _box(opened.locator(".strip"))["y"] < _box(opened.locator(".figures"))["y"]
    expect(opened.locator(".strip-at")).to_have_text(re.compile("50"))
    _slider(opened).fill("70")
    expect(opened.locator(".strip-at")).to_have_text(re.compile("70"))
    opened.get_by_label("Threshold of rose").fill("20")
    expect(opened.locator(".strip-at")).to_have_text(re.compile("20"))
    expect(opened).to_have_url(re.compile("[?&]tag=rose(&|$)"))
    opened.reload()
    expect(opened.locator(".strip-tile").first).to_be_visible()
    line.click()
    expect(opened.locator(".strip")).to_be_hidden()


@pytest.mark.slow
def test_a_double_click_far_down_chooses_what_it_meets(opened: Page) -> None:
    """The row stays under the pointer when its images come above the table, and both are in sight."""
    rose = opened.get_by_role("button", name="rose", exact=True)
    opened.locator("[data-testid=stMain]").evaluate("(main) => main.scrollTo(0, 150)")
    before = _box(rose)["y"]
    rose.dblclick()
    expect(opened.locator(".strip-tile").first).to_be_in_viewport()
    expect(rose).to_have_attribute("aria-pressed", "true")
    assert before == pytest.approx(_box(rose)["y"], abs=2)


@pytest.mark.slow
def test_a_window_stays_with_its_iteration(page: Page, address: str, home: Path) -> None:
    """When another iteration is trained meanwhile, an open page goes on showing the one it showed."""
    with _project(home, "Twice") as (store, project):
        address = re.sub("project=.*", f"project={project.id}", address)
        _open(page, address, 1280, 800)
        expect(page).to_have_url(re.compile("iteration=1"))
        train(store, project)
    page.wait_for_timeout(7_000)
    _slider(page).fill("60")
    expect(page).to_have_url(re.compile("iteration=1.*threshold=0.6"))
    expect(page.get_by_label("Iteration", exact=True)).to_have_value("Iteration 1")
    page.goto(address)
    expect(page.get_by_label("Iteration", exact=True)).to_have_value("Iteration 2")
    page.get_by_label("Iteration", exact=True).click()
    page.get_by_role("option", name="Iteration 1").click()
    expect(page).to_have_url(re.compile("iteration=1"))
    page.go_back()
    expect(page.get_by_label("Iteration", exact=True)).to_have_value("Iteration 2")


@pytest.mark.slow
def test_an_address_opens_any_view(page: Page, address: str) -> None:
    """Simple pages offer fewer views; one that only full pages offer opens from its address."""
    page.goto(f"{address}&view=Calibration")
    expect(page.get_by_role("radio", name="Calibration")).to_be_checked()
    expect(page.get_by_role("heading", name="Do its probabilities mean")).to_be_visible()
    page.get_by_role("radio", name="Numbers").click()
    expect(page.get_by_role("radio", name="Calibration")).to_have_count(0)
    expect(_slider(page)).to_be_visible()


@pytest.mark.slow
@pytest.mark.new_tab
def test_plotly_is_fetched_once_and_ahead(opened: Page) -> None:
    """It is asked for while the page itself still loads, and the chart takes that answer."""
    fetched = opened.evaluate(
        "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/plotly'))"
        ".map(({ initiatorType }) => initiatorType)"
    )
    assert fetched == ["link"]
