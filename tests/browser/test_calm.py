"""No page moves under its reader: on a cold load its cumulative layout shift is at most 0.1 (https://web.dev/articles/cls)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cvcore.records import MULTILABEL
from cvcore.store import Store
from tests.browser.conftest import Serve
from tests.browser.views import MULTILABEL_VIEWS, READY, SHIFT_MOST, VIEWS, WATCH, address_of
from tests.conftest import fill_in, train

ROOT = Path(__file__).resolve().parents[2]
TAGS = [f"tag {number:02}" for number in range(12)]
SETTLE_MS = 500
pytestmark = [pytest.mark.browser, pytest.mark.slow]  # half a minute for each, and it wants a machine of its own


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, ready_home: Path) -> Path:
    """The home with *Flowers*, which has two tags, and with *Garden*, which has twelve; both are trained twice."""
    folder = Path(shutil.copytree(ready_home, tmp_path_factory.mktemp("calm") / "home"))
    store = Store(folder)
    garden = fill_in(store, "Garden", classification_type=MULTILABEL, **dict.fromkeys(TAGS, 6))
    train(store, garden)
    train(store, garden)
    store.close()
    return folder


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


@pytest.mark.parametrize(
    ("name", "views", "width", "height"),
    [("Flowers", VIEWS, 1280, 800), ("Garden", MULTILABEL_VIEWS, 390, 844)],
)
def test_no_page_moves_while_it_opens(
    browser: Browser, app_url: str, home: Path, name: str, views: Sequence[str], width: int, height: int
) -> None:
    """Who starts to read or to click on a page that opens does not lose the place, on a screen or a phone."""
    project = address_of(home, name)
    moved = {}
    for view in views:
        # Each in a context of its own, whose cache is empty.
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{app_url}/{view}{project}")
        page.wait_for_function(READY)
        page.wait_for_timeout(SETTLE_MS)
        if (shift := page.evaluate("window.shift")) > SHIFT_MOST:
            moved[view] = shift
        context.close()
    assert not moved
