"""The main job in a real browser: create, upload, tag, train, slide, and test on an image that was not uploaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cvcore.imaging.paintings import paintings as painted
from tests.browser.conftest import Serve

ROOT = Path(__file__).resolve().parents[2]
TRAINING_MS = 120_000

# Each step is tested by itself in other files, and the line without its sliders in test_first_two_minutes.py.
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def paintings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """A dozen files of each of two schools of painting."""
    folder = tmp_path_factory.mktemp("paintings")
    found: dict[str, list[Path]] = {}
    for sample in painted(per_school=12):
        path = folder / sample.name
        path.write_bytes(sample.data)
        found.setdefault(sample.tag, []).append(path)
    return {tag: found[tag] for tag in ("Primary grid", "Colour field")}


@pytest.fixture(scope="module")
def app_url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole app on an empty home folder."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(tmp_path_factory.mktemp("home"))})


def create(page: Page, url: str, name: str, domain: str) -> None:
    """Make a project through its dialog."""
    page.goto(url)
    page.get_by_role("button", name="New project").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("combobox", name="Domain").click()
    page.get_by_role("option", name=domain, exact=True).click()
    dialog.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Images")).to_be_visible()


def upload(page: Page, files: list[Path], tag: str) -> None:
    """Bring in files that all carry one tag."""
    page.get_by_role("radio", name="Upload").click()
    page.get_by_label("Tag for all of them").fill(tag)
    page.keyboard.press("Enter")
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_role("button", name=f"Upload {len(files)} images").click()
    expect(page.get_by_text(f"{len(files)} images stored, tagged {tag}.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Next tag").click()
    expect(page.get_by_label("Tag for all of them")).to_be_focused()


def train(page: Page) -> None:
    """Press Train, reload in the middle, and wait for the scores."""
    page.get_by_role("link", name="Train", exact=True).first.click()
    expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Cancel").or_(page.get_by_text("was trained in"))).to_be_visible()
    page.reload()
    expect(page.get_by_text("was trained in")).to_be_visible(timeout=TRAINING_MS)


def number(page: Page, title: str) -> str:
    """One of the four large numbers, as shown."""
    return page.locator(".figures > div").filter(has=page.get_by_text(title, exact=True)).locator("b").inner_text()


def slide_and_read(page: Page) -> None:
    """Move the threshold by keys: number, rule and table follow at once, and the numbers agree."""
    page.get_by_role("link", name="Performance", exact=True).first.click()
    slider = page.get_by_label("Probability threshold")
    expect(slider).to_be_visible()
    expect(page.locator(".canvas .main-svg").first).to_be_visible()
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_text("at least 100 %")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.get_by_text("at least 0 %")).to_be_visible()
    recalls = page.locator("tbody td:nth-child(4)").all_inner_texts()
    shown = [float(re.sub(r"[^\d.]", "", text)) for text in recalls]
    assert f"{sum(shown) / len(shown):.0f}" == f"{float(number(page, 'Recall').rstrip(' %')):.0f}"


def quick_test(page: Page, file: Path, tag: str) -> None:
    """Ask about an image that was never uploaded."""
    page.get_by_role("link", name="Quick Test", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("heading", name=tag)).to_be_visible(timeout=30_000)


def test_whole_line_with_drawn_images(page: Page, app_url: str, paintings: dict[str, list[Path]]) -> None:
    """With nothing but the repository, a person gets from no project to a right answer about a new image."""
    create(page, app_url, "Schools", "Built-in")
    for tag, files in paintings.items():
        upload(page, files[:-1], tag)
    train(page)
    slide_and_read(page)
    quick_test(page, paintings["Primary grid"][-1], "Primary grid")


@pytest.mark.network
def test_whole_line_with_photos(
    page: Page, serve: Serve, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The vendor's own quickstart images, hemlock and cherry, with ImageNet weights."""
    home = {"TAGWISE_HOME": str(tmp_path_factory.mktemp("home")), "KERAS_HOME": str(shared / "keras")}
    create(page, serve(ROOT / "app.py", home), "Trees", "General (compact) [S1]")
    folders = {
        tag: sorted((shared / "datasets" / "hemlock_cherry" / tag).iterdir()) for tag in ("Hemlock", "Japanese_Cherry")
    }
    for tag, files in folders.items():
        upload(page, files[:-1], tag)
    train(page)
    slide_and_read(page)
    quick_test(page, folders["Hemlock"][-1], "Hemlock")


def test_another_window_sees_the_project(page: Page, app_url: str) -> None:
    """A second window opens on the project by its address alone, whatever the first one does."""
    page.goto(app_url)
    page.get_by_role("button", name="Try the sample").click()
    expect(page.get_by_role("heading", name="Images")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("120 images", exact=True)).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_text("120 images", exact=True)).to_be_visible()
    other.close()


def test_gallery_retag_and_delete(page: Page, app_url: str) -> None:
    """Select with Shift, retag, and delete: the counts follow."""
    page.goto(app_url)
    page.get_by_role("button", name="Try the sample").click()
    expect(page.get_by_text("120 images", exact=True)).to_be_visible(timeout=30_000)
    cells = page.get_by_role("option")
    cells.nth(0).click()
    cells.nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("5 of 96 selected")).to_be_visible()
    page.get_by_role("combobox", name="Tags").fill("odd ones")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Tag selected").click()
    expect(page.get_by_text("odd ones 5")).to_be_visible()
    cells.nth(0).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("119 images", exact=True)).to_be_visible()
