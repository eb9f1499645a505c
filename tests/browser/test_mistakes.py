"""The confusion matrix and the gallery behind it, as people use them: a cell is clicked, a wrong tag put right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cvcore import projects
from cvcore.records import MULTILABEL, Project
from cvcore.store import Store
from tests.browser.conftest import Serve, three_wrong
from tests.conftest import Fill, Trained

pytestmark = pytest.mark.browser


APP = """
import streamlit as st
from cvcore import settings
from cvcore.api import assets, images
from cvcore.store import Store

app = st.App("script.py", routes=[*assets.routes(), *images.routes(Store(settings.load().home))])
"""

SCRIPT = """
import numpy as np
import streamlit as st
from cvcore import projects
from pages.parts.performance import mistakes
from pages.parts.shell import backend, undo_toast
from pages.parts.widgets import confusion_grid

st.set_page_config(layout="wide")
if tags := int(st.query_params.get("tags", 0)):
    counts = np.random.default_rng(0).poisson(0.3, (tags, tags + 1)) + 40 * np.eye(tags, tags + 1, dtype=int)
    names = [f"tag number {i}" for i in range(tags)]
    names[0] = "<img src=x onerror=alert(1)>"
    totals = counts.sum(axis=1), counts.sum(axis=0)
    clicked = confusion_grid.show(kind="matrix", tags=names, counts=counts, totals=totals, opened=None,
                                  signature="drawn", key="drawn")
    st.text(f"Python has {clicked}")
    st.stop()
store = backend.store()
project = projects.find(store, st.query_params["project"])
undo_toast.show(project)
iteration = store.iterations.trained(project.id)[0]
threshold = float(st.query_params.get("careful", 0.9)) if st.toggle("Careful") else 0.5
mistakes.show(store, project, iteration, threshold, key="mistakes")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a home, in place of each test's own."""
    return tmp_path_factory.mktemp("mistakes") / "home"


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with a page of both panels, on that home."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "script.py").write_text(SCRIPT, "utf-8")
    (folder / "app.py").write_text(APP, "utf-8")
    return serve(folder / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture
def store(home: Path) -> Store:
    """That home's store."""
    return Store(home)


@pytest.fixture
def flowers(fill: Fill, trained: Trained, request: pytest.FixtureRequest) -> Project:
    """Eight roses and six tulips of this test's own; three roses are taken for tulips, at 60, 70 and 99 %."""
    return three_wrong(fill, trained, request.node.name, "Multiclass")


@pytest.fixture
def labels(fill: Fill, trained: Trained, request: pytest.FixtureRequest) -> Project:
    """The same in Multilabel."""
    return three_wrong(fill, trained, request.node.name, MULTILABEL)


def cell(page: Page, row: int, column: int) -> Locator:
    return page.locator(f'td[data-at="{row},{column}"]')


def counts(store: Store, project: Project) -> dict[str, int]:
    return {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def tiles(page: Page) -> Locator:
    """The images in the drawer."""
    return page.locator(".st-key-drawer .item")


def test_a_cell_opens_its_images_and_a_wrong_tag_is_put_right(
    page: Page, url: str, store: Store, flowers: Project
) -> None:
    """Three roses taken for tulips, the surest first; one click retags one, another takes it back."""
    page.goto(f"{url}/?project={flowers.name}")
    expect(cell(page, 0, 1)).to_have_text("3")
    cell(page, 0, 1).click()
    expect(tiles(page)).to_have_count(3)
    for tile, probability in zip(tiles(page).all(), ("99.0", "70.0", "60.0"), strict=True):
        expect(tile).to_contain_text(f"tulip {probability}")
        expect(tile).to_contain_text("tagged rose")
        expect(tile).to_contain_text("answer tulip")
        assert tile.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.locator("button.action").first.click()
    expect(page.get_by_text("1 image retagged.").first).to_be_visible()
    expect(tiles(page).first).to_contain_text("now tulip")
    expect(page.locator("button.action")).to_have_count(2)
    assert {"rose": 7, "tulip": 7} == counts(store, flowers)
    expect(cell(page, 0, 1)).to_have_text("3")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 image has its old tags again.").first).to_be_visible()
    expect(page.locator("button.action")).to_have_count(3)
    assert {"rose": 8, "tulip": 6} == counts(store, flowers)


def test_several_are_retagged_at_once(page: Page, url: str, store: Store, flowers: Project) -> None:
    """All of a cell's images are selected and retagged; nothing stays selected."""
    page.goto(f"{url}/?project={flowers.name}")
    cell(page, 0, 1).click()
    page.get_by_role("button", name="All", exact=True).click()
    page.locator(".st-key-drawer-follow button").click()
    expect(page.get_by_text("3 images retagged.").first).to_be_visible()
    expect(page.get_by_text("0 of 3 selected")).to_be_visible()
    assert {"rose": 5, "tulip": 9} == counts(store, flowers)


@pytest.mark.slow
def test_images_are_looked_at_one_after_another(page: Page, url: str, flowers: Project) -> None:
    """A double click shows one large with its answer, the next follows, and Escape leads back."""
    page.goto(f"{url}/?project={flowers.name}")
    cell(page, 0, 1).click()
    tiles(page).first.dblclick()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Answer: tulip; tulip 99.0")).to_be_visible()
    assert dialog.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text("Answer: tulip; tulip 70.0")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(tiles(page)).to_have_count(3)


@pytest.mark.slow
def test_the_open_cell_follows_the_threshold(page: Page, url: str, flowers: Project) -> None:
    """At a high threshold one wrong answer is left in it, and the others are in the column of no answer."""
    page.goto(f"{url}/?project={flowers.name}")
    cell(page, 0, 1).click()
    expect(tiles(page)).to_have_count(3)
    page.get_by_text("Careful").click()
    expect(cell(page, 0, 1)).to_have_text("1")
    expect(tiles(page)).to_have_count(1)
    cell(page, 0, 2).click()
    expect(tiles(page)).to_have_count(2)
    expect(tiles(page).first).to_contain_text("no answer")


@pytest.mark.slow
def test_a_cell_that_empties_says_so(page: Page, url: str, flowers: Project) -> None:
    """Where nothing is answered any longer the drawer stays and says that there is nothing."""
    page.goto(f"{url}/?project={flowers.name}&careful=1")
    cell(page, 0, 1).click()
    expect(tiles(page)).to_have_count(3)
    page.get_by_text("Careful").click()
    expect(cell(page, 0, 2)).to_have_text("8")
    expect(page.get_by_text("No image at this threshold.")).to_be_visible()
    expect(page.locator(".st-key-drawer h2")).to_have_text("0 images tagged rose, answered with tulip")


def test_the_matrix_by_keys(page: Page, url: str) -> None:
    """One stop of the Tab key; arrows move and read out, Enter opens."""
    page.goto(f"{url}/?tags=6")
    page.get_by_label("Counts").focus()
    page.keyboard.press("Tab")
    expect(cell(page, 0, 0)).to_be_focused()
    for key, at in (
        ("ArrowDown", (1, 0)),
        ("ArrowRight", (1, 1)),
        ("End", (1, 6)),
        ("Home", (1, 0)),
        ("ArrowLeft", (1, 0)),
    ):
        page.keyboard.press(key)
        expect(cell(page, *at)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".readout")).to_have_text(
        re.compile(r"^\d+ of \d+ images tagged .tag number 1. were answered correctly")
    )
    page.keyboard.press("Enter")
    expect(page.get_by_text("Python has (1, 1)")).to_be_visible()
    expect(cell(page, 1, 1)).to_have_attribute("aria-selected", "true")


def test_counts_or_shares(page: Page, url: str) -> None:
    """A switch turns counts into shares of their rows; a row of them makes a hundred, but for rounding."""
    page.goto(f"{url}/?tags=6")
    expect(cell(page, 0, 0)).to_have_text(re.compile(r"^4\d$"))
    page.get_by_text("Share of row").click()
    expect(cell(page, 0, 0)).to_have_text(re.compile(r"\u00a0%$"))
    row = page.locator("tbody tr").first.locator("td[data-at]").all_inner_texts()
    assert 97 <= sum(int(share.removesuffix("\u00a0%")) for share in row if share and "<" not in share) <= 103


@pytest.mark.new_tab
@pytest.mark.parametrize("tags", [*(pytest.param(number, marks=pytest.mark.slow) for number in (2, 6, 30)), 100])
@pytest.mark.parametrize("width", [800, 1280])
def test_any_number_of_tags_can_be_read(page: Page, url: str, tags: int, width: int) -> None:
    """Names stay in sight at both ends of the table, none acts as HTML, and the page never scrolls sideways."""
    page.on("dialog", lambda dialog: pytest.fail(f"a name was run: {dialog.message}"))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{url}/?tags={tags}")
    last = cell(page, tags - 1, tags - 1)
    expect(last).to_be_attached()
    page.locator("tbody th").first.hover()
    last.scroll_into_view_if_needed()
    for title in (page.locator("tbody tr").nth(tags - 1).locator("th"), page.locator("thead th").nth(tags - 1)):
        expect(title).to_be_in_viewport()
        expect(title).to_have_text(f"tag number {tags - 1}")
    last.hover()
    expect(page.locator(".readout")).to_contain_text(
        re.compile(rf"tagged .tag number {tags - 1}. were answered correctly")
    )
    expect(page.locator("tbody th").first).to_have_text("<img src=x onerror=alert(1)>")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_tags_count_in_multilabel(page: Page, url: str, store: Store, labels: Project) -> None:
    """One small matrix a tag; what it missed opens, and the tag is taken off with one click."""
    page.goto(f"{url}/?project={labels.name}")
    page.get_by_role("button", name=re.compile(r"3 missed \(FN\): images tagged .rose. but not answered")).click()
    expect(tiles(page)).to_have_count(3)
    expect(tiles(page).first).to_contain_text("rose 1.0")
    page.locator("button.action").first.click()
    expect(page.get_by_text("1 image retagged.").first).to_be_visible()
    assert {"rose": 7, "tulip": 6} == counts(store, labels)


@pytest.mark.slow
def test_swapped_tags_in_multilabel(page: Page, url: str, store: Store, labels: Project) -> None:
    """Missed one, got another: the cell opens those images, and one click swaps the tags."""
    page.goto(f"{url}/?project={labels.name}")
    page.get_by_text("Swapped tags").click()
    cell(page, 0, 1).click()
    expect(tiles(page)).to_have_count(3)
    page.locator("button.action").first.click()
    expect(page.get_by_text("1 image retagged.").first).to_be_visible()
    assert {"rose": 7, "tulip": 7} == counts(store, labels)


@pytest.mark.slow
def test_suspected_tags_are_put_right(page: Page, url: str, store: Store, flowers: Project) -> None:
    """From the list of suspects to the changed workspace."""
    page.goto(f"{url}/?project={flowers.name}")
    page.get_by_role("button", name="Likely wrong tags").click()
    expect(page.locator(".st-key-drawer h2")).to_contain_text("with a tag that may be wrong")
    first = tiles(page).first
    expect(first).to_contain_text("tagged rose")
    page.locator("button.action").first.click()
    expect(first).to_contain_text("now tulip")
    assert {"rose": 7, "tulip": 7} == counts(store, flowers)
    assert projects.find(store, flowers.name).modified_at > flowers.modified_at
