"""The map in a browser: a lasso lists its images, the legend selects a tag, and one image leads to more like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore.store import Store
from cvcore.training.analyses import made
from tests.browser.conftest import Serve
from tests.conftest import fill_in, train

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


def test_lasso_legend_and_more_like_this(page: Page, serve: Serve, home: Path) -> None:
    """What is inside the lasso stands below; from there the large view leads to the images most like one."""
    store = Store(home)
    project = fill_in(store, rose=12, tulip=12)
    made(store, train(store, project), "map")
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})
    page.goto(f"{url}/performance?project={project.id}&view=Map")
    canvas, tiles = page.locator("canvas.points"), page.locator("[role=option]")
    expect(page.get_by_text("0 of 24 images selected")).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    left, top, right, low = box["x"] + 3, box["y"] + 3, box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (left, low), (left, top)):
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
    expect(page.get_by_text("24 of 24 images selected")).to_be_visible()
    expect(tiles).to_have_count(24)
    page.get_by_role("button", name="tulip 12").click()
    page.get_by_role("button", name="Select these").click()
    expect(tiles).to_have_count(12)
    tiles.first.dblclick()
    page.get_by_role("button", name="More like this").click()
    expect(page.get_by_text("The 23 images most like")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(tiles).to_have_count(23)
