"""Slices and groups, as people use them: a key and a value are chosen, mistakes are looked at, a group key is set."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.conftest import ROOT, fill_in, train

pytestmark = pytest.mark.browser


def test_a_slice_and_a_group_key_are_chosen(page: Page, serve: Serve, tmp_path: Path) -> None:
    """The worst day opens with its mistakes in the drawer, a reload keeps it, and Train offers days as groups."""
    store = Store(tmp_path / "home")
    project = fill_in(store, rose=24, tulip=24)
    images = store.images.tagged(project.id)
    rose = store.tags.of_project(project.id)[0].id
    is_rose = np.array([rose in image.tag_ids for image in images])
    number = np.where(is_rose, is_rose.cumsum(), (~is_rose).cumsum())
    for day, chosen in (("Mon", number <= 10), ("Tue", number > 10)):
        store.metadata.put([images[row].id for row in np.flatnonzero(chosen)], {"weekday": day})
    truth = np.stack([is_rose, ~is_rose], axis=1)
    train(store, project, np.where((number <= 8)[:, None], ~truth, truth) * 0.8 + 0.1)
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(store.home)})

    page.goto(f"{url}/performance?project={project.id}&view=Slices")
    page.locator(".st-key-worst-0 button").click()
    page.get_by_role("button", name="Show 16 mistakes").click()
    expect(page.locator(".st-key-drawer .item")).to_have_count(16)
    expect(page).to_have_url(re.compile("slice=weekday"))
    page.reload()
    expect(page.get_by_text("16 (80.0 %)")).to_be_visible()

    page.goto(f"{url}/train?project={project.id}")
    page.get_by_role("combobox", name="Keep together images with the same").click()
    page.get_by_role("option", name="weekday").click()
    expect(page.get_by_text("has only 2 values")).to_be_visible()
