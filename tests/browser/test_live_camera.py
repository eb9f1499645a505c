"""Quick Test with a live camera: bars follow what it sees, and a click keeps a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import BrowserType, Page, expect

from cvcore import evaluation, prediction, projects
from cvcore.evaluation import OutOfFold
from cvcore.files import blobs
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.conftest import fill_in, train

pytestmark = pytest.mark.browser
COLOURS = {"rose": (220, 30, 40), "tulip": (40, 60, 220)}
SIZE = (320, 240)
HALF_A_SECOND = 10  # frames


@pytest.fixture(scope="module")
def live_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with an iteration that calls red a rose and blue a tulip."""
    store = Store(tmp_path_factory.mktemp("live") / "home")
    teach(store, train(store, fill_in(store, rose=5, tulip=5)))
    store.close()
    return store.home


def teach(store: Store, iteration: Iteration) -> None:
    """Give an iteration a classifier that tells the two colours apart."""
    files = [painted(store.home / f"{name}.png", colour) for name, colour in COLOURS.items()]
    red, blue = (prediction.embedding(store, iteration, file, limits=Limits()) for file in files)
    towards = 6 * (red - blue) / np.sum((red - blue) ** 2)
    kernel = np.stack([towards, -towards], axis=1).astype(np.float32)
    bias = -(kernel.T @ (red + blue) / 2).astype(np.float32)
    given = evaluation.load(store, iteration)
    arrays = {name: getattr(given, name) for name in OutOfFold.__dataclass_fields__} | {"kernel": kernel, "bias": bias}
    evaluation.save(blobs.iteration_folder(store.home, iteration.id), OutOfFold(**arrays))


def painted(path: Path, colour: tuple[int, int, int]) -> bytes:
    Pillow.new("RGB", SIZE, colour).save(path)
    return path.read_bytes()


@pytest.fixture
def page(tmp_path: Path, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Page]:
    """A page of a browser whose camera sees red and blue, half a second each."""
    film = tmp_path / "film.y4m"
    with film.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F20:1 Ip A1:1 C420jpeg\n" % SIZE)
        for colour in COLOURS.values():
            light, blue, red = (np.asarray(each) for each in Pillow.new("RGB", SIZE, colour).convert("YCbCr").split())
            planes = light.tobytes() + blue[::2, ::2].tobytes() + red[::2, ::2].tobytes()
            file.write((b"FRAME\n" + planes) * HALF_A_SECOND)
    given = browser_type_launch_args
    arguments = [*given["args"], f"--use-file-for-fake-video-capture={film}"]
    browser = browser_type.launch(**given | {"args": arguments})
    yield browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    browser.close()


@pytest.fixture(scope="module")
def address(serve: Serve, live_home: Path) -> str:
    """Quick Test's live camera."""
    return f"{serve(ROOT / 'app.py', {'TAGWISE_HOME': str(live_home)})}/quick_test?image-from=Live+camera"


def answer(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=2, name=name)).to_be_visible()


def test_bars_follow_the_camera_and_a_click_keeps_a_frame(page: Page, address: str, live_home: Path) -> None:
    """Answer and bars change with what is seen; paused they stay; a frame is kept under the tag and can be undone."""
    page.goto(address)
    page.get_by_role("button", name="Turn the camera on").click()
    for name in ("rose", "tulip", "rose"):
        answer(page, name)
    expect(page.get_by_text(re.compile(r"^\d+ frames? per second$"))).to_be_visible()
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    said = page.get_by_role("heading", level=2, name=re.compile("rose|tulip")).inner_text()
    expect(page.locator(".told")).to_have_text(said)

    page.get_by_role("button", name=f"Keep this frame under {said}").click()
    expect(page.get_by_text(f"1 image kept under {said}.").first).to_be_visible()
    store = Store(live_home)
    project = projects.find(store, "Flowers")
    newest = max(store.images.tagged(project.id), key=lambda image: image.created_at)
    tags = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    assert [said] == [tags[tag_id] for tag_id in newest.tag_ids]
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 image deleted.").first).to_be_visible()
    assert 10 == store.images.count(project.id)
    store.close()

    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


@pytest.mark.slow
def test_without_a_camera_a_photo_is_answered(page: Page, address: str, live_home: Path) -> None:
    """The page says why there is none; the photo chosen in its place is answered, also at another threshold."""
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.goto(address)
    expect(page.get_by_text("Browsers give the camera only to addresses with https or localhost")).to_be_visible()
    page.get_by_label("Take or choose a photo").set_input_files(live_home / "tulip.png")
    answer(page, "tulip")
    slider = page.get_by_role("slider", name="Probability threshold")
    slider.press("End")
    answer(page, "No answer")
    expect(page.get_by_text("No probability reaches the threshold of 100 %.")).to_be_visible()
