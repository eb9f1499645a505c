"""Advanced training as it looks in a browser: drawn images that follow the switches, curves that do not flicker."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import training
from cvcore.records import TrainingOptions, TuningEpoch
from cvcore.store import Store
from pages.parts.shell import detail_level
from tests.browser.conftest import Serve
from tests.conftest import Fill

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


# The whole app but for its worker, so that a training stays as the test leaves it.
APP = f"""
import streamlit as st
from cvcore import settings
from cvcore.api import images
from cvcore.store import Store

app = st.App({str(ROOT / "pages" / "router.py")!r}, routes=images.routes(Store(settings.load().home)))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a home, in place of each test's own."""
    return tmp_path_factory.mktemp("advanced") / "home"


@pytest.fixture
def store(home: Path) -> Store:
    """That home's store."""
    return Store(home)


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server of the pages on that home."""
    script = tmp_path_factory.mktemp("page") / "app.py"
    script.write_text(APP, "utf-8")
    return serve(script, {"TAGWISE_HOME": str(home)})


def test_switches_and_images(page: Page, url: str, store: Store, fill: Fill) -> None:
    """Advanced shows the user's own images; a switch draws them anew, and Train takes it along."""
    project = fill("Switches", rose=5, tulip=5)
    page.context.add_cookies([{"name": detail_level.COOKIE, "value": "full", "url": url}])
    page.goto(f"{url}/train?project={project.id}")
    page.get_by_text("Advanced", exact=True).click()
    versions = page.locator(".tagwise-seen img")
    expect(versions).to_have_count(18)
    widths = "all => Promise.all(all.map(each => each.decode().then(() => each.naturalWidth)))"
    assert [160] * 18 == versions.evaluate_all(widths)
    before = versions.nth(1).get_attribute("src")
    page.get_by_text("Mirror", exact=True).click()
    page.get_by_text("Turn a little", exact=True).click()
    expect(versions.nth(1)).not_to_have_attribute("src", before or "")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="Advanced training")).to_be_visible()
    (iteration,) = store.iterations.of_project(project.id)
    assert ("zoom", "shift", "light") == store.trainings.options(iteration.id).transforms


@pytest.mark.slow
def test_curves_stay_while_nothing_is_new(page: Page, url: str, store: Store, fill: Fill) -> None:
    """The page asks each second and leaves the charts alone until there is another round; then one more is drawn."""
    project = fill("Curves", rose=5, tulip=5)
    job = training.start(store, project, options=TrainingOptions(is_advanced=True))
    assert store.jobs.claim(job.id) is not None
    for number in (1, 2):
        told = TuningEpoch(1, number, 1e-4, 1 / number, 1.2 / number, 0.5, 40.0, 10.0)
        store.trainings.put_epoch(job.iteration_id or "", number, told)
    page.goto(f"{url}/train?project={project.id}")
    points = page.locator(".js-plotly-plot").nth(1).locator(".scatterlayer .point")
    expect(points).to_have_count(2)
    page.evaluate("document.querySelectorAll('.js-plotly-plot').forEach(each => { each.dataset.kept = 'yes' })")
    store.jobs.report(job.id, "Training on", 0.5)
    expect(page.get_by_text("Training on")).to_be_visible()
    expect(page.locator("[data-kept]")).to_have_count(3)
    store.trainings.put_epoch(job.iteration_id or "", 3, TuningEpoch(1, 3, 1e-4, 0.3, 0.4, 0.6, 40.0, 10.0))
    expect(points).to_have_count(3)
    page.get_by_role("button", name="Stop here and keep the best").click()
    expect(page.get_by_text("Ending, the best so far is kept …")).to_be_visible()
    assert store.trainings.is_finishing_early(job.iteration_id or "")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopping …")).to_be_visible()
