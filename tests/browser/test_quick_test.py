"""Quick Test by keyboard alone: every image of the project and those tested last can be chosen."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore import projects
from cvcore.projects import tagging
from cvcore.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.conftest import DrawImage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(ready_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with Flowers: 60 roses and 50 tulips, two of the roses for testing."""
    store = Store(shutil.copytree(ready_home, tmp_path_factory.mktemp("quick") / "home"))
    project = projects.find(store, "Flowers")
    rose = next(tag for tag in store.tags.of_project(project.id) if tag.name == "rose")
    roses = store.images.page(project.id, tag_id=rose.id, take=60)
    tagging.mark_for_testing(store, project, [image.id for image in roses[-2:]], True)
    store.close()
    return store.home


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.fixture
def quick_test(page: Page, app_url: str, home: Path) -> Page:
    """Quick Test of Flowers, with the images of the project."""
    store = Store(home)
    project = projects.find(store, "Flowers")
    store.close()
    page.goto(f"{app_url}/quick_test?project={project.id}&image-from=This+project")
    expect(page.get_by_role("option").first).to_be_visible()
    return page


def answer(page: Page) -> None:
    """Wait for the answer, a heading of the second level."""
    expect(page.get_by_role("heading", level=2, name=re.compile("rose|tulip|No answer"))).to_be_visible()


@pytest.mark.slow
def test_nothing_is_asked_before_an_image_is_chosen(quick_test: Page) -> None:
    """The page asks for an image, and offers nothing to keep, because the project's images are kept anyway."""
    expect(quick_test.get_by_text("Choose an image")).to_be_visible()
    expect(quick_test.get_by_role("checkbox", name=re.compile("^Keep for"))).to_have_count(0)
    assert 0 == quick_test.locator(".tagwise-bars").count()


@pytest.mark.slow
def test_images_for_testing_come_first(quick_test: Page) -> None:
    """They are marked, and the caption says how many they are."""
    expect(quick_test.get_by_text("110 images, 2 for testing first.")).to_be_visible()
    names = [each.inner_text() for each in quick_test.get_by_role("option").all()[:3]]
    assert [True, True, False] == ["for testing" in name for name in names]


def test_an_image_is_chosen_by_keyboard_and_survives_a_reload(quick_test: Page) -> None:
    """Tab, arrow and Enter choose an image; way and image are in the address, and come back after a reload."""
    first = quick_test.get_by_role("option").first
    for _ in range(40):
        quick_test.keyboard.press("Tab")
        if first.evaluate("each => each === each.getRootNode().activeElement"):
            break
    expect(first).to_be_focused()
    quick_test.keyboard.press("ArrowRight")
    quick_test.keyboard.press("Enter")
    answer(quick_test)
    image = quick_test.locator("img.tagwise-tested")
    expect(image).to_have_attribute("alt", re.compile(r"\.png$"))
    name = image.get_attribute("alt")
    expect(quick_test).to_have_url(re.compile("image=[0-9a-f]{64}"))
    assert "image-from=This" in quick_test.url
    quick_test.reload()
    answer(quick_test)
    expect(image).to_have_attribute("alt", name or "")
    expect(quick_test.get_by_role("option", selected=True)).to_have_count(1)


@pytest.mark.slow
def test_every_image_can_be_reached(quick_test: Page) -> None:
    """The pages hold all images, 48 each, and a tag's are shown alone."""
    expect(quick_test.get_by_role("option")).to_have_count(48)
    quick_test.get_by_test_id("stPagination").get_by_text("3", exact=True).click()
    expect(quick_test.get_by_role("option")).to_have_count(14)
    quick_test.get_by_role("combobox", name="Images").click()
    quick_test.get_by_role("option", name=re.compile("^tulip")).click()
    expect(quick_test.get_by_text(re.compile("^50 images"))).to_be_visible()


def test_a_new_image_is_kept_and_offered_again(quick_test: Page, tmp_path: Path, drawn_image: DrawImage) -> None:
    """A file has its name for screen readers; after a reload it is there; later it can be chosen by keyboard."""
    (tmp_path / "new one.png").write_bytes(drawn_image(977))
    quick_test.get_by_role("radio", name="File", exact=True).click()
    quick_test.locator("input[type=file]").first.set_input_files(tmp_path / "new one.png")
    answer(quick_test)
    expect(quick_test.locator("img.tagwise-tested")).to_have_attribute("alt", "new one.png")
    expect(quick_test.get_by_role("checkbox", name=re.compile("^Keep for"))).to_be_checked()
    expect(quick_test.get_by_role("link", name="Tag it under Predictions")).to_be_visible()
    quick_test.reload()
    answer(quick_test)
    expect(quick_test.locator("img.tagwise-tested")).to_be_visible()
    quick_test.goto(re.sub("&image=[0-9a-f]+", "", re.sub("image=[0-9a-f]+&", "", quick_test.url)))
    quick_test.get_by_role("radio", name="Tested last").click()
    frame = quick_test.locator("iframe[src*=image_select]")
    expect(frame).to_have_attribute("title", "Images tested last")
    offered = quick_test.frame_locator("iframe[src*=image_select]").get_by_role("button", pressed=False)
    expect(offered).to_have_count(1)
    expect(offered).to_have_accessible_name(re.compile("rose|tulip"))
    offered.focus()
    quick_test.keyboard.press("Enter")
    answer(quick_test)
    expect(quick_test.get_by_role("checkbox", name=re.compile("^Keep for"))).to_have_count(0)


def test_nobody_else_is_asked(quick_test: Page, app_url: str, tmp_path: Path, drawn_image: DrawImage) -> None:
    """The foreign widget that offers the images tested last wishes for a web font, which it does not get."""
    (tmp_path / "new.png").write_bytes(drawn_image(978))
    quick_test.get_by_role("radio", name="File", exact=True).click()
    quick_test.locator("input[type=file]").first.set_input_files(tmp_path / "new.png")
    answer(quick_test)
    answered: list[str] = []
    told: list[str] = []
    quick_test.on("response", lambda response: answered.append(response.url))
    quick_test.on("console", lambda message: told.append(message.text))
    quick_test.reload()
    quick_test.get_by_role("radio", name="Tested last").click()
    expect(quick_test.frame_locator("iframe[src*=image_select]").get_by_role("button").first).to_be_visible()
    assert [] == [address for address in answered if not address.startswith((app_url, "data:", "blob:"))]
    assert any("Content Security Policy" in text for text in told)
