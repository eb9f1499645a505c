"""The lesson of the sample with a trap in a browser: made by a click, odd images looked at, the trap named."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore.projects import samples
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.conftest import Trained

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_trap_is_named(page: Page, serve: Serve, home: Path, store: Store, trained: Trained) -> None:
    """The button makes the sample; its dark images are found, enlarged and deleted; then the light is named."""
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})
    page.goto(url)
    page.get_by_role("button", name="Sample with a trap").first.click()
    expect(page.get_by_role("option").first).to_be_visible(timeout=60_000)
    (project,) = store.projects.all()
    assert project.name == samples.TRAP
    page.get_by_role("radio", name="Quality").click()
    expect(page.get_by_text("46 of 120 images are very dark.")).to_be_visible()
    tiles = page.get_by_role("option")
    expect(tiles).to_have_count(46)
    tiles.first.dblclick()
    expect(page.get_by_role("dialog").get_by_text("colour-field-40.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    tiles.first.click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("45 of 119 images are very dark.")).to_be_visible()
    trained(project)
    page.goto(f"{url}/performance?project={project.id}&view=Shortcuts")
    told = page.get_by_text("by brightness alone: take both in the same light.")
    expect(told).to_contain_text("Colour field and Drip painting can be told apart 9")
