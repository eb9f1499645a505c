"""Compare as people use it: all in one look, changed images large, one threshold moved, everything by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cvcore import evaluation, projects
from cvcore.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.conftest import fill_in, train

pytestmark = pytest.mark.browser

# Of 60 roses and 60 tulips, the older iteration has these wrong, and the newer those.
OLDER_WRONG, NEWER_WRONG = range(20, 45), range(40, 48)
FIXED, BROKEN = 20, 3


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two iterations that differ by design; the sure ones are at 90 %, wrong ones at 80 %."""
    store = Store(tmp_path_factory.mktemp("compare") / "home")
    project = fill_in(store, **{"rose": 60, "<b>tulip</b>": 60})
    truth = evaluation.load(store, train(store, project)).truth
    store.iterations.delete(store.iterations.trained(project.id)[0].id)
    for wrong in (OLDER_WRONG, NEWER_WRONG):
        is_wrong = np.isin(np.arange(120), wrong)[:, None]
        train(store, project, np.where(is_wrong, np.where(truth, 0.2, 0.8), np.where(truth, 0.9, 0.1)))
    store.close()
    return store.home


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path) -> str:
    """The whole app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture
def compare(page: Page, url: str, home: Path) -> Page:
    """Compare, just opened on a screen of 1280 x 800."""
    store = Store(home)
    project = projects.find(store, "Flowers")
    store.close()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{url}/performance?project={project.id}&view=Compare")
    expect(page.get_by_role("heading", name=re.compile(f"^{FIXED} images fixed"))).to_be_visible()
    return page


def test_the_story_is_seen_on_opening(compare: Page) -> None:
    """Verdict, table and the beginning of what changed, without a scroll, at 1280 x 800."""
    for shown in (
        compare.get_by_role("heading", name=re.compile(r"Iteration \d is better than Iteration \d")),
        compare.get_by_role("row", name=re.compile("All tags")),
        compare.get_by_role("row", name=re.compile("rose")),
        compare.get_by_role("heading", name=f"{BROKEN} images broken"),
        compare.locator(".card").first,
    ):
        expect(shown).to_be_in_viewport(ratio=0.9)
    expect(compare.get_by_text(f"{FIXED} images fixed, {BROKEN} broken", exact=False).first).to_be_visible()
    expect(compare.get_by_text("exact McNemar test")).to_be_visible()
    expect(compare.get_by_text("% points")).to_have_count(0)


def test_a_changed_image_opens_large(compare: Page) -> None:
    """By a click: its tag and both answers with probabilities; next and previous; Escape gives the focus back."""
    compare.locator(".broken .card").first.click()
    large = compare.get_by_role("dialog")
    expect(large).to_be_visible()
    expect(large.locator("dd").nth(1)).to_contain_text("✓ right")
    expect(large.locator("dd").nth(2)).to_contain_text("✗ wrong")
    expect(large.get_by_text(f"1 of {BROKEN} broken")).to_be_visible()
    expect(large.get_by_role("button", name="Previous")).to_be_disabled()
    large.get_by_role("button", name="Next").click()
    expect(large.get_by_text(f"2 of {BROKEN} broken")).to_be_visible()
    compare.keyboard.press("ArrowRight")
    expect(large.get_by_text(f"3 of {BROKEN} broken")).to_be_visible()
    expect(large.locator("b")).to_have_count(0)
    compare.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(compare.locator(".broken .card").nth(2)).to_be_focused()


@pytest.mark.slow
def test_everything_by_keyboard(compare: Page) -> None:
    """A card is a button with a visible focus: Enter opens it, and more of a list is one press away."""
    card = compare.locator(".fixed .card").first
    compare.locator(".fixed .card").nth(1).focus()
    compare.keyboard.press("Shift+Tab")
    expect(card).to_be_focused()
    expect(card).to_have_css("outline-style", "solid")
    compare.keyboard.press("Enter")
    expect(compare.get_by_role("dialog")).to_be_visible()
    compare.keyboard.press("Escape")
    expect(card).to_be_focused()
    expect(compare.locator(".fixed .card")).to_have_count(12)
    more = compare.locator(".fixed .more")
    more.focus()
    compare.keyboard.press("Enter")
    expect(compare.locator(".fixed .card")).to_have_count(FIXED)
    expect(compare.locator(".fixed .card").nth(12)).to_be_focused()
    expect(more).to_be_hidden()


@pytest.mark.slow
def test_the_threshold_of_both_is_in_the_address(compare: Page) -> None:
    """Moving it judges both again; a reload and the other views find it; own thresholds take its place."""
    slider = compare.get_by_role("slider", name="Threshold of both")
    for _ in range(35):
        slider.press("ArrowRight")
    # At 85 % the answers of 80 % are gone: no answer is wrong as well.
    expect(compare.get_by_text("Both at 85 %")).to_be_visible()
    expect(compare).to_have_url(re.compile("threshold=0.85(&|$)"))
    expect(compare.locator(".broken .card").first).to_contain_text("no answer")
    compare.reload()
    expect(compare.get_by_text("Both at 85 %")).to_be_visible()
    compare.get_by_role("radio", name="Each its own").click()
    expect(compare.get_by_text("Each at its own thresholds, chosen on other images")).to_be_visible()
    expect(slider).to_have_count(0)
    compare.reload()
    expect(compare.get_by_text("Each at its own thresholds, chosen on other images")).to_be_visible()


@pytest.mark.slow
def test_a_phone_shows_both_lists(compare: Page) -> None:
    """At 390 px nothing is wider than the page, and fixed and broken stand side by side."""
    compare.set_viewport_size({"width": 390, "height": 844})
    fixed, broken = (compare.locator(f".side.{kind}") for kind in ("fixed", "broken"))
    expect(fixed).to_be_visible()
    boxes = [fixed.bounding_box(), broken.bounding_box()]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[1]["x"] + boxes[1]["width"] <= 390
    assert compare.evaluate("() => document.documentElement.scrollWidth") <= 390
