"""What to do next as people use it: each line's button opens the place that it speaks of, also on a phone."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from cvcore import analyses, projects
from cvcore.next_steps import FILE, NextSteps
from cvcore.next_steps.steps import BetterThresholds, DifferentDuplicates, Gain, Merge, MoreImages, WrongTags
from cvcore.store import Store
from tests.browser.conftest import ROOT, Serve, three_wrong
from tests.conftest import fill_in, train

pytestmark = pytest.mark.browser

GAIN = Gain(0.02, 0.01, 0.03)
STEPS = (
    MoreImages(GAIN, 7.0, 14),
    WrongTags(GAIN, 3, 14, 2.0, 1.0, 3.0, (0, 1, 2)),
    Merge(GAIN, 0, 1, 14, 0.5, (3, 0)),
    DifferentDuplicates(GAIN, 1, 2, (0, 13), (1, 1)),
    BetterThresholds(GAIN, (0.3, 0.4), 0.5, 14),
)


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole app on a project of 14 images with a step of each kind; `{}` is the page."""
    store = Store(tmp_path_factory.mktemp("steps") / "home")
    project = three_wrong(partial(fill_in, store), partial(train, store), "Flowers", "Multiclass")
    analyses.save(store, store.iterations.trained(project.id)[0], FILE, NextSteps(STEPS))
    home, project = store.home, projects.find(store, "Flowers")
    store.close()
    url = serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})
    return f"{url}/{{}}?project={project.id}"


@pytest.mark.parametrize(
    ("button", "place", "heading"),
    [
        ("See the curve", r"view=More", "Would more images help"),
        pytest.param(
            "Look at the tags",
            r"view=Mistakes.*images=label_issues|images=label_issues.*view=Mistakes",
            "1 image with a tag that may be wrong",
            marks=pytest.mark.slow,
        ),
        ("Look at the images", r"images=cell-0-1", "3 images tagged rose, answered with tulip"),
        pytest.param("Look at the duplicates", r"images=duplicates", "near duplicate", marks=pytest.mark.slow),
        pytest.param("See the thresholds", r"view=Thresholds", "Suggested thresholds", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("page_name", ["performance", pytest.param("train", marks=pytest.mark.slow)])
def test_each_button_opens_its_place(
    page: Page, address: str, page_name: str, button: str, place: str, heading: str
) -> None:
    """The view and the images are those of the step, and the address names them."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address.format(page_name))
    page.get_by_role("button", name=re.compile(button)).click()
    expect(page).to_have_url(re.compile(rf"/performance\?.*({place})"))
    expect(page.get_by_text(re.compile(heading)).first).to_be_visible()


def test_on_a_phone_the_numbers_stay_in_sight(page: Page, address: str) -> None:
    """Only the first step is open at 390 pixels, the slider is in the first screen; the others open by a tap."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address.format("performance"))
    expect(page.get_by_text("As many images again")).to_be_visible()
    expect(page.get_by_text("can hardly be told apart")).to_be_hidden()
    expect(page.get_by_text("Probability threshold").first).to_be_in_viewport()
    page.get_by_text("Show all 5").click()
    expect(page.get_by_text("can hardly be told apart")).to_be_visible()


@pytest.mark.slow
def test_on_a_wide_screen_all_are_open(page: Page, address: str) -> None:
    """Where there is room, nothing has to be opened, and the numbers are still in the first screen."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address.format("performance"))
    expect(page.get_by_text("can hardly be told apart")).to_be_visible()
    expect(page.get_by_text("Show all 5")).to_be_hidden()
    expect(page.get_by_text("Mean of 2 tags")).to_be_in_viewport()
