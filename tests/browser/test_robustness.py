"""Robustness in a browser: another change and another tag redraw the chart, the images and the sentences."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cvcore import analyses, evaluation, robustness
from cvcore.robustness import CHANGES, Measurement
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.conftest import ROOT, fill_in, train

pytestmark = pytest.mark.browser

SCRIPT = """
import streamlit as st
from cvcore import projects
from pages.parts.robustness import panel
from pages.parts.shell import backend

st.set_page_config(layout="wide")
store = backend.store()
iteration = store.iterations.trained(projects.find(store, "Flowers").id)[0]
panel.show(store, iteration, 0.95 if st.toggle("Careful") else 0.5)
"""


@pytest.fixture(scope="module")
def app_url(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> str:
    """The view of an iteration whose roses are missed as soon as they are covered."""
    folder = tmp_path_factory.mktemp("robustness")
    store = Store(folder / "home")
    project = fill_in(store, rose=20, tulip=20)
    iteration = train(store, project)
    truth = evaluation.load(store, iteration).truth
    levels = np.tile((91 * truth).astype(np.uint8), (1 + len(robustness.CONDITIONS), 1, 1))
    covered = next(change for change in CHANGES if change.name == "covered")
    for _, place in robustness.places(covered):
        levels[place, truth[:, 0]] = 0
    analyses.save(store, iteration, robustness.FILE, Measurement(np.arange(40), levels, np.array(True)))
    store.close()
    script = folder / "script.py"
    script.write_text(SCRIPT)
    return serve(script, {"TAGWISE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)})


def test_a_change_and_a_tag_are_chosen(page: Page, app_url: str) -> None:
    """The images are those of the change, each with its answer; sentences are those of the tag and the threshold."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(app_url)
    pictures, answers = page.locator(".tagwise-changed img"), page.locator(".tagwise-changed bdi")
    expect(pictures).to_have_count(6)
    expect(page.get_by_text("Covered by 10 %: recall of all tags falls from 100.0 % to 50.0 %")).to_be_visible()
    turned = pictures.nth(3).get_attribute("src")
    page.get_by_role("radio", name="Covered").click()
    expect(page.locator(".tagwise-changed b").nth(3)).to_have_text("30 %")
    assert turned != pictures.nth(3).get_attribute("src")
    page.get_by_role("combobox", name="Tag").click()
    page.get_by_role("option", name="rose").click()
    expect(answers).to_have_text(["rose", *["no answer"] * 5])
    expect(page.get_by_text("Covered by 10 %: recall of rose falls from 100.0 % to 0.0 %")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_text("Careful").click()
    expect(page.get_by_text("No change makes recall or precision of rose fall")).to_be_visible()
