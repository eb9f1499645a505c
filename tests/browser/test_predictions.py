"""The loop closed in a real browser: ask, tag what was asked, train again, and the next answer is better."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects
from cvcore.imaging import paintings
from cvcore.projects import tagging, uploads
from cvcore.settings import Limits
from cvcore.store import Store
from tests.browser.conftest import Serve

ROOT = Path(__file__).resolve().parents[2]
TRAINING_MS = 120_000
GRID, DRIP, FIELD = paintings.TAGS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of six colour fields, a school of which the project knows nothing."""
    folder = tmp_path_factory.mktemp("fields")
    found = [sample for sample in paintings.paintings(seed=1, per_school=6) if sample.tag == FIELD]
    for sample in found:
        (folder / sample.name).write_bytes(sample.data)
    return [folder / sample.name for sample in found]


@pytest.fixture(scope="module")
def app_url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole app on a home whose one project has six images each of two schools."""
    home = tmp_path_factory.mktemp("home")
    store = Store(home)
    project = projects.create(store, "Schools", domain="Built-in")
    for sample in paintings.paintings(per_school=6):
        if sample.tag != FIELD:
            (tag,) = tagging.ensure(store, project, [sample.tag], limits=Limits())
            uploads.add(store, project, sample.name, sample.data, tag_ids=[tag.id], limits=Limits())
    store.close()
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


def go(page: Page, name: str) -> None:
    """Another page by its link at the top."""
    page.get_by_test_id("stTopNav").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def train(page: Page, name: str) -> None:
    """Press Train and wait for the iteration of that name."""
    go(page, "Train")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(f"{name} was trained in")).to_be_visible(timeout=TRAINING_MS)


def load_anew(page: Page) -> None:
    """Load the page without what its address keeps, such as the image that was tested last."""
    page.goto(page.url.partition("?")[0])


def ask(page: Page, file: Path) -> None:
    """Load Quick Test anew, give it an image, and wait until it is kept."""
    load_anew(page)
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("link", name="Tag it under Predictions")).to_be_visible()


def probability(page: Page, tag: str) -> float:
    """What Quick Test shows beside a tag's bar; nothing for a tag that the iteration does not know."""
    names = page.locator(".tagwise-bars .name").all_inner_texts()
    values = page.locator(".tagwise-bars .value").all_inner_texts()
    return float(re.sub(r"[^\d.]", "", dict(zip(names, values, strict=True)).get(tag, "0")))


@pytest.mark.slow
def test_what_was_asked_makes_the_next_iteration_better(page: Page, app_url: str, fields: list[Path]) -> None:
    """Five images from Quick Test, tagged under Predictions and trained with: a sixth, kept aside, is then known."""
    page.goto(app_url)
    train(page, "Iteration 1")
    go(page, "Quick Test")
    *told, aside = fields
    for file in told:
        ask(page, file)
    load_anew(page)
    page.get_by_text("Keep for 30 days under Predictions").click()
    page.locator("input[type=file]").first.set_input_files(aside)
    expect(page.locator(".tagwise-bars .value").first).to_be_visible()
    before = probability(page, FIELD)

    go(page, "Predictions")
    cells = page.get_by_role("option")
    expect(page.get_by_text("0 of 5 selected")).to_be_visible()
    cells.first.focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("5 of 5 selected")).to_be_visible()
    page.reload()
    expect(page.get_by_text("0 of 5 selected")).to_be_visible()
    cells.first.click()
    cells.last.click(modifiers=["Shift"])
    page.get_by_label("Tags").fill(FIELD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add to project").click()
    expect(page.get_by_text("5 images added to the project.").first).to_be_visible()

    train(page, "Iteration 2")
    go(page, "Quick Test")
    page.locator("input[type=file]").first.set_input_files(aside)
    expect(page.get_by_role("heading", name=FIELD)).to_be_visible()
    assert before == 0
    assert probability(page, FIELD) > 50
