"""A project handed on in a real browser: made ready, downloaded, opened again, with the very same numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects, training
from cvcore.evaluation import report_files
from cvcore.store import Store
from tests.browser.conftest import Serve

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_project_is_handed_on(page: Page, serve: Serve, ready_home: Path, tmp_path: Path) -> None:
    """The zip comes from the disk under the project's name, also after the page was loaded anew, and opens again."""
    home = Path(shutil.copytree(ready_home, tmp_path / "home"))
    page.goto(serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)}))
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("menuitem", name="Download").click()
    page.get_by_role("dialog").get_by_role("button", name="Make the zip").click()
    expect(page.get_by_text("is ready")).to_be_visible()
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "Flowers.zip"
    download.value.save_as(tmp_path / "Flowers.zip")
    page.get_by_role("button", name="Import").click()
    page.get_by_role("menuitem", name="A project zip").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "Flowers.zip")
    dialog.get_by_label("Name").fill("Handed on")
    dialog.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("is here, with 110 images and ")).to_be_visible()
    page.locator(".st-key-open-zip-go").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Performance")).to_be_visible()
    store = Store(home)
    told = []
    for name in ("Flowers", "Handed on"):
        project = projects.find(store, name)
        iteration = training.find_iteration(store, project)
        told.append(report_files.performance_json(store, project, iteration, 0.5) | {"project": ""})
    assert told[0] == told[1]
