"""axe-core over every page and view, light and dark: no violation of WCAG A to 2.2 AA or of its best practices.

Every run looks at a view of each kind; `pytest -m slow` looks at all others.
No page scrolls sideways on a screen of 320 px (WCAG 1.4.10), which is also what 1280 px are at 400 % zoom.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from cvcore.records import MULTILABEL
from cvcore.store import Store
from pages.parts.shell import detail_level
from tests.browser.conftest import Serve
from tests.browser.views import MULTILABEL_VIEWS, READY, VIEWS, address_of
from tests.conftest import fill_in, train

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser

# What Streamlit draws and gives no means to change: each rule with what names the element, and why it is left.
STREAMLITS_OWN = (
    ("presentation-role-conflict", "stFileUploaderDropzone", "the drop zone is focusable and has role=presentation"),
)

# After the script has run, the widgets of our own, and plotly, need a moment.
DRAWING_MS = 1500
THEME_MS = 300
SCREEN: ViewportSize = {"width": 1280, "height": 800}

# What makes a page scroll sideways; what scrolls within a box of its own does not.
WIDER = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollWidth > main.clientWidth + 1
        ? [`the page is ${main.scrollWidth} px wide, its window ${main.clientWidth} px`] : [];
}"""

# A list, a gallery, a form, a chart with its table, and an image to choose.
QUICK_VIEWS = (
    "?",
    "images?images-view=Images&",
    "train?",
    "performance?view=Numbers&",
    "quick_test?",
)

Check = Callable[[Page], list[str]]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, ready_home: Path) -> Path:
    """The home with *Flowers*, and with *Garden*, whose images have several tags, trained twice."""
    folder = shutil.copytree(ready_home, tmp_path_factory.mktemp("axe") / "home")
    store = Store(folder)
    garden = fill_in(store, "Garden", classification_type=MULTILABEL, rose=12, tulip=12)
    train(store, garden)
    train(store, garden)
    store.close()
    return Path(folder)


@pytest.fixture(scope="module")
def app_url(serve: Serve, home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(home)})


def violations(page: Page) -> list[str]:
    """What axe-core finds on a page, one line per element, without what is Streamlit's own."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **RULES}).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {_named(node)}\n    {node['html'][:200]}\n    {_reasons(node)}"
        for rule in found
        for node in rule["nodes"]
        if not any(rule["id"] == own and mark in node["html"] for own, mark, _ in STREAMLITS_OWN)
    ]


def _named(node: dict[str, Any]) -> str:
    return " ".join(" > ".join(part) if isinstance(part, list) else part for part in node["target"])


def _reasons(node: dict[str, Any]) -> str:
    checks: Sequence[dict[str, Any]] = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)[:300]


def checked(page: Page) -> list[str]:
    """What is wrong with a page as it stands, and on a narrow screen."""
    lines = violations(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(THEME_MS)
    lines += [f"at 320 px: {line}" for line in page.evaluate(WIDER)]
    page.set_viewport_size(SCREEN)
    return lines


def checked_for_weak_eyes(page: Page) -> list[str]:
    """What is wrong with a page in the dark theme, and with large text."""
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(THEME_MS)
    lines = [f"dark: {line}" for line in violations(page)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_timeout(THEME_MS)
    lines += [f"with text twice as large: {line}" for line in page.evaluate(WIDER)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    return lines


def opened(page: Page, address: str) -> Page:
    """The page at an address, once its script has run and its widgets are drawn."""
    page.set_viewport_size(SCREEN)
    page.emulate_media(color_scheme="light")
    page.goto(address)
    page.wait_for_function(READY)
    page.wait_for_timeout(DRAWING_MS)
    return page


@pytest.fixture
def page(page: Page, app_url: str) -> Page:
    """A page of a browser that chose the full pages, without motion."""
    page.emulate_media(reduced_motion="reduce")
    page.context.add_cookies([{"name": detail_level.COOKIE, "value": "full", "url": app_url}])
    return page


CHECKS = [checked, pytest.param(checked_for_weak_eyes, marks=pytest.mark.slow)]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("Flowers", QUICK_VIEWS),
        pytest.param("Flowers", [view for view in VIEWS if view not in QUICK_VIEWS], marks=pytest.mark.slow),
        pytest.param("Garden", MULTILABEL_VIEWS, marks=pytest.mark.slow),
    ],
)
def test_every_view_is_accessible(
    page: Page, app_url: str, home: Path, *, name: str, views: Sequence[str], check: Check
) -> None:
    """With a screen reader, a keyboard or weak eyes every page can be used, in both themes and on a small screen."""
    found = {view: check(opened(page, f"{app_url}/{view}{address_of(home, name)}")) for view in views}
    wrong = {view: lines for view, lines in found.items() if lines}
    assert not wrong, "\n".join(f"{view}:\n  " + "\n  ".join(lines) for view, lines in wrong.items())


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("view", "button"),
    [
        ("?", "New project"),
        pytest.param("performance?tag=rose&", "60 true positives of rose", marks=pytest.mark.slow),
        # Its images open in the same drawer.
        pytest.param("performance?view=Mistakes&", "Hardest images", marks=pytest.mark.slow),
    ],
)
def test_what_opens_is_accessible(
    page: Page, app_url: str, home: Path, *, view: str, button: str, check: Check
) -> None:
    """Dialogs and panels can be used as the pages can."""
    opened(page, f"{app_url}/{view}{address_of(home, 'Flowers')}")
    page.get_by_role("button", name=button).first.click()
    page.wait_for_timeout(DRAWING_MS)
    assert [] == check(page)
