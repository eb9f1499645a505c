"""One click, one toast, one click back: in a real browser, by mouse, by keyboard and in two windows."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects
from cvcore.projects import tagging, uploads
from cvcore.settings import Limits
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.conftest import ROOT, DrawImage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, drawn_image: DrawImage) -> Path:
    """A home with one project of six tagged images."""
    folder = tmp_path_factory.mktemp("home")
    store = Store(folder)
    project = projects.create(store, "Flowers", domain="Built-in")
    (rose,) = tagging.ensure(store, project, ["rose"], limits=Limits())
    for number in range(6):
        uploads.add(store, project, f"{number}.png", drawn_image(number), tag_ids=[rose.id], limits=Limits())
    store.close()
    return folder


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The whole app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture(autouse=True)
def all_roses(home: Path) -> None:
    """Before each test all images have the same tag."""
    store = Store(home)
    project = projects.find(store, "Flowers")
    ids = [image.id for image in store.images.page(project.id, take=99)]
    tagging.add_tags(store, project, ids, [tag.id for tag in tagging.ensure(store, project, ["rose"], limits=Limits())])
    store.close()


def open_images(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/images")
    expect(page.get_by_text("0 of 6 selected")).to_be_visible()


def select_all(page: Page) -> None:
    page.get_by_role("option").first.focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("6 of 6 selected")).to_be_visible()


def roses(home: Path) -> int:
    """How many images have the tag."""
    store = Store(home)
    project = projects.find(store, "Flowers")
    try:
        return sum(tag.image_count for tag in store.tags.of_project(project.id) if tag.name == "rose")
    finally:
        store.close()


def top(page: Page) -> float:
    """Where the gallery begins, in pixels from the page's start."""
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    return float(page.get_by_role("option").first.evaluate(f"each => each.getBoundingClientRect().top + {scrolled}"))


def test_the_toast_undoes(page: Page, app_url: str, home: Path) -> None:
    """It is read out, lies at the bottom without moving the page, and a double click on Undo undoes once."""
    open_images(page, app_url)
    before = top(page)
    select_all(page)
    page.get_by_role("button", name="Remove all tags").click()
    toast = page.locator(".st-key-undo-toast")
    expect(toast).to_contain_text("Tags removed from 6 images.")
    expect(page.locator("#tagwise-status[role=status]")).to_have_text("Tags removed from 6 images.")
    assert 0 == roses(home)
    box = toast.bounding_box()
    assert box is not None
    assert box["y"] > 600
    assert abs(before - top(page)) < 2
    page.get_by_role("button", name="Undo").dblclick()
    expect(toast).to_contain_text("Tags restored on 6 images.")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert 6 == roses(home)
    page.get_by_role("button", name="Close", exact=True).click()
    expect(toast).to_have_count(0)


@pytest.mark.slow
def test_by_keyboard_on_a_phone(page: Page, app_url: str, home: Path) -> None:
    """Ctrl+Z undoes outside text fields, the focus moves to the toast, and nothing at the page's end is covered."""
    page.set_viewport_size({"width": 390, "height": 800})
    open_images(page, app_url)
    select_all(page)
    page.get_by_role("button", name="Delete", exact=True).click()
    toast = page.locator(".st-key-undo-toast")
    expect(toast).to_contain_text("6 images deleted.")
    page.keyboard.press("Control+z")
    expect(toast).to_contain_text("6 images restored.")
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_focused()
    assert 6 == roses(home)
    expect(page.get_by_role("option")).to_have_count(6)
    page.locator("[data-testid=stMain]").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    last, box = page.get_by_role("option").last.bounding_box(), toast.bounding_box()
    assert last is not None
    assert box is not None
    assert last["y"] + last["height"] <= box["y"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_two_windows(page: Page, app_url: str, home: Path) -> None:
    """What another window has changed meanwhile is left as it is, and the toast says so."""
    open_images(page, app_url)
    select_all(page)
    page.get_by_role("button", name="Remove all tags").click()
    toast = page.locator(".st-key-undo-toast")
    expect(toast).to_contain_text("Tags removed from 6 images.")
    store = Store(home)
    project = projects.find(store, "Flowers")
    (oak,) = tagging.ensure(store, project, ["oak"], limits=Limits())
    first = store.images.page(project.id, take=1)[0]
    tagging.add_tags(store, project, [first.id], [oak.id])
    page.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("1 image was changed or deleted meanwhile and stays as it is.")
    assert 5 == roses(home)
    assert (oak.id,) == store.images.get(first.id).tag_ids
    store.close()
    page.get_by_role("link", name="Train", exact=True).first.click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(toast).to_have_count(0)
