"""Pages in other languages: nothing stays English, longer text has room, and right to left turns everything around."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from cvcore.languages import PSEUDO
from cvcore.store import Store
from pages.parts.language import choice
from pages.parts.shell import detail_level
from tests.browser.conftest import Serve
from tests.browser.views import READY, VIEWS, address_of
from tests.conftest import fill_in, train
from tests.untranslated import plain_words

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser

PHONE, SCREEN = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=800)
DRAWING_MS = 1500

# The first page and the one with the most words; the others are slow.
QUICK = ("?", "performance?view=Numbers&")

# All text that is drawn, in the order of the document, also inside widgets; without Streamlit's own words.
TEXTS = r"""() => {
    const own = "script, style, template, noscript, [data-testid=stFileUploaderDropzoneInstructions], "
        + "[data-testid=stFileUploaderDropzone] button, [data-testid=stMainMenu], [data-testid=stAppDeployButton], "
        + "[data-testid=stStatusWidget], [data-testid=stToolbar] > :not([data-testid=stToolbarActions]), "
        + "[data-testid=stIconMaterial], [data-testid=stCode], .glideDataEditor, canvas, .modebar, "
        + "[data-testid=stElementToolbar], [data-testid=InputInstructions], [data-testid=stSkipToContent], "
        + "[data-testid=stHeaderActionElements], [data-testid=stDateInput]";
    // What Streamlit calls its own controls by, for screen readers.
    const labels = new RegExp("^(open|close|help( for .*)?|link to heading|(show|hide) password( text)?"
        + "|([\\s\\S]* )?file upload|clear( all| value)?|choose an option|progress)$", "i");
    const texts = [];
    const walk = (node) => {
        if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent);
        else if (node.nodeType === Node.ELEMENT_NODE) {
            if (node.matches(own) || getComputedStyle(node).display === "none") return;
            if (node.closest("[data-testid=stMain], [data-testid=stTopNav], [role=dialog], [data-testid=stToast]"))
                for (const name of ["aria-label", "title", "placeholder", "alt"])
                    if (node.hasAttribute(name) && !labels.test(node.getAttribute(name)))
                        texts.push(`\n${node.getAttribute(name)}\n`);
            if (node.shadowRoot) walk(node.shadowRoot);
            for (const child of node.childNodes) walk(child);
            if (getComputedStyle(node).display !== "inline") texts.push("\n");
        } else if (node.nodeType === Node.DOCUMENT_FRAGMENT_NODE) for (const child of node.childNodes) walk(child);
    };
    walk(document.querySelector("[data-testid=stApp]"));
    return texts.join("");
}"""

# What is cut off: a control whose text is wider than the control and does not wrap; and a page that scrolls sideways.
CUT = """() => {
    const cut = [];
    const look = (root) => {
        for (const node of root.querySelectorAll("*")) {
            if (node.shadowRoot) look(node.shadowRoot);
            if (!node.matches("button, [role=tab], [role=radio], label, th, h1, h2, h3, summary")) continue;
            // What is for screen readers only is one pixel wide.
            const { clientWidth: room, scrollWidth: wanted } = node;
            if (room > 1 && wanted > room + 1 && getComputedStyle(node).overflowX !== "visible")
                cut.push(`${node.tagName} ${node.textContent.slice(0, 60)}`);
        }
    };
    look(document);
    const main = document.querySelector("[data-testid=stMain]");
    if (main.scrollWidth > main.clientWidth + 1) cut.push(`the page: ${main.scrollWidth} px of ${main.clientWidth}`);
    return cut;
}"""


@pytest.fixture(scope="module")
def foreign_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose names have no letter of the Latin alphabet: *庭*, trained twice."""
    folder = tmp_path_factory.mktemp("languages") / "home"
    store = Store(folder)
    garden = fill_in(store, "庭", 薔薇=30, 鬱金香=30)
    train(store, garden)
    train(store, garden)
    store.close()
    return folder


@pytest.fixture(scope="module")
def app_url(serve: Serve, foreign_home: Path) -> str:
    """The app on that home."""
    return serve(ROOT / "app.py", {"TAGWISE_HOME": str(foreign_home)})


def open_view(page: Page, app_url: str, home: Path, view: str, language: str) -> None:
    """Open a view, full, in a language."""
    page.context.add_cookies(
        [
            {"name": choice.COOKIE, "value": language, "url": app_url},
            {"name": detail_level.COOKIE, "value": "full", "url": app_url},
        ]
    )
    page.goto(f"{app_url}/{view}{address_of(home, '庭')}")
    page.wait_for_function(READY)
    page.wait_for_timeout(DRAWING_MS)


@pytest.mark.parametrize(
    "view", [pytest.param(view, marks=() if view in QUICK else (pytest.mark.slow,)) for view in VIEWS]
)
def test_nothing_stays_english(page: Page, app_url: str, foreign_home: Path, view: str) -> None:
    """In the pseudo-language every word of ours has accents, on the page and for screen readers; nothing is cut off."""
    page.set_viewport_size(SCREEN)
    open_view(page, app_url, foreign_home, view, PSEUDO[0])
    assert plain_words(page.evaluate(TEXTS)) == []
    assert page.evaluate(CUT) == []
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(DRAWING_MS)
    assert page.evaluate(CUT) == []


def test_right_to_left_turns_the_page(page: Page, app_url: str, foreign_home: Path) -> None:
    """The heading stands at the right, the choice of language at the left, and the document says its direction."""
    page.set_viewport_size(SCREEN)
    open_view(page, app_url, foreign_home, "images?", PSEUDO[1])
    expect(page.locator("html")).to_have_attribute("lang", "ar-XB")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    heading, menu = page.locator("h1").bounding_box(), page.locator(".st-key-language").bounding_box()
    assert heading
    assert menu
    assert heading["x"] + heading["width"] > SCREEN["width"] / 2 > menu["x"] + menu["width"]
    assert page.evaluate(CUT) == []


def test_a_language_is_chosen_and_stays(page: Page, app_url: str) -> None:
    """The browser's own language is spoken at first; another one, once chosen, also after a reload."""
    page.set_viewport_size(SCREEN)
    page.goto(app_url)
    page.wait_for_function(READY)
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")
    page.get_by_role("button", name="EN", exact=True).click()
    page.get_by_text("Deutsch", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projekte")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projekte")
    expect(page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.slow
@pytest.mark.new_tab
def test_the_browsers_language_is_spoken_at_first(page: Page, app_url: str) -> None:
    """A browser that asks for Korean gets Korean without a choice."""
    page.add_init_script(f"Object.defineProperty(navigator, 'language', {{ get: () => {json.dumps('ko-KR')} }})")
    page.goto(app_url)
    page.wait_for_function(READY)
    expect(page.get_by_role("heading", level=1)).to_have_text("프로젝트")
