"""Suggested tags by keys alone, and the camera: what only a browser does, down to what is stored in the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Project
from cvcore.store import UNTAGGED, Store
from tests.browser.conftest import Serve
from tests.conftest import Fill, Trained

pytestmark = pytest.mark.browser


APP = """
import streamlit as st
from cvcore import settings
from cvcore.api import images
from cvcore.store import Store

app = st.App("script.py", routes=images.routes(Store(settings.load().home)))
"""

SCRIPT = """
import streamlit as st
from pages.parts.images import suggestion_panel, upload_panel
from pages.parts.shell import backend, undo_toast

st.set_page_config(layout="wide")
store = backend.store()
project = store.projects.get(st.query_params["project"])
if "upload" in st.query_params:
    upload_panel.show(store, project, store.tags.of_project(project.id), backend.limits())
else:
    undo_toast.show(project)
    suggestion_panel.show(store, project)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a home, in place of each test's own."""
    return tmp_path_factory.mktemp("suggested") / "home"


@pytest.fixture
def store(home: Path) -> Store:
    """That home's store."""
    return Store(home)


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with a page of both, on that home."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "script.py").write_text(SCRIPT, "utf-8")
    (folder / "app.py").write_text(APP, "utf-8")
    return serve(folder / "app.py", {"TAGWISE_HOME": str(home)})


def opened(page: Page, url: str, store: Store, project: Project, untagged: int) -> None:
    """The page of a project of which so many images have lost their tags."""
    free = store.images.page(project.id, take=untagged)
    tagging.remove_tags(store, project, [each.id for each in free])
    page.goto(f"{url}/?project={project.id}")
    expect(page.get_by_role("option")).to_have_count(min(untagged, 24))


def press(page: Page, *keys: str) -> None:
    """Keys one after another, wherever the focus is."""
    for key in keys:
        page.keyboard.press(key)


def counts(store: Store, project: Project) -> dict[str, int]:
    """How many images carry each tag."""
    return {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def test_two_batches_by_keys_alone(page: Page, url: str, store: Store, fill: Fill, trained: Trained) -> None:
    """Confirm, correct, skip, take back; decisions outlive a reload; at the end Enter saves and brings the next."""
    project = fill("By keys", rose=6, tulip=32)
    trained(project)
    opened(page, url, store, project, 26)
    told = page.locator(".count")
    expect(page.get_by_role("option").first).to_be_focused()
    press(page, "Enter", "1", "s", "2", "u", "ArrowRight", "ArrowLeft", "Enter", "Backspace")
    expect(told).to_have_text("2 of 24 decided, 1 skipped")
    page.reload()
    expect(told).to_have_text("2 of 24 decided, 1 skipped")
    assert 26 == store.images.count(project.id, UNTAGGED)
    press(page, *["Enter"] * 21)
    expect(page.get_by_role("button", name="Save batch (23)")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_text("23 images tagged.").first).to_be_visible()
    expect(told).to_have_text("0 of 2 decided")
    expect(page.get_by_role("option").first).to_be_focused()
    assert {"rose": 7, "tulip": 28} == counts(store, project)
    press(page, "1", "1", "Control+Enter")
    expect(page.get_by_text("2 images tagged.", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(told).to_have_text("0 of 2 decided")
    assert {"rose": 7, "tulip": 28} == counts(store, project)


def test_several_tags_by_digits_and_by_typing(page: Page, url: str, store: Store, fill: Fill, trained: Trained) -> None:
    """In Multilabel digits put tags on and off, a typed name takes off the tenth, and names never act as HTML."""
    hostile = "<img src=x onerror=alert(1)>"
    tags = {f"tag{number}": 5 for number in range(9)}
    project = fill("Several", classification_type=MULTILABEL, **{hostile: 5}, **tags)
    trained(project)
    opened(page, url, store, project, 2)
    legend = page.get_by_role("group", name="Tags for the image you are at").get_by_role("button")
    expect(legend).to_have_count(9)
    for is_on in ("false", "true"):  # all ten are suggested, the tenth just so
        press(page, "1")
        expect(legend.first).to_have_attribute("aria-pressed", is_on)
    press(page, "/")
    page.keyboard.type("onerror")
    press(page, "Enter", "Enter", "Control+Enter")
    expect(page.get_by_text("1 image tagged.").first).to_be_visible()
    told = counts(store, project)
    assert (5, 6, 4) == (told[hostile], told["tag0"], told["tag8"])


def test_a_burst_of_shots(page: Page, url: str, store: Store) -> None:
    """A held button takes one shot after another, a bad one is dropped, the rest is stored and the camera stays on."""
    project = projects.create(store, "Shots")
    page.goto(f"{url}/?project={project.id}&upload")
    page.get_by_text("Camera", exact=True).click()
    page.get_by_role("button", name="Turn the camera on").click()
    shoot, shots = page.get_by_role("button", name="Take a shot"), page.get_by_role("img", name="Shot")
    expect(shoot).to_be_focused()
    page.keyboard.down(" ")
    expect(shots.nth(3)).to_be_visible()
    page.keyboard.up(" ")
    number = shots.count()
    page.get_by_role("button", name="Drop shot 1", exact=True).click()
    expect(shots).to_have_count(number - 1)
    page.get_by_role("button", name=f"Add {number - 1} shots without a tag").click()
    expect(page.get_by_text("stored")).to_be_visible()
    expect(shots).to_have_count(0)
    expect(shoot).to_be_enabled()
    pictures = store.images.page(project.id, take=99)
    assert {(640, 480), (800, 450)} >= {(each.width, each.height) for each in pictures}
    assert all(each.name.startswith("camera ") for each in pictures)
