"""The strip of a tag's images and the presenter view around it, in a browser."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Error, Locator, Page, expect

from cvcore.evaluation import strips
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import decision_rule

pytestmark = pytest.mark.browser

NAMES = ["rose", "tulip", "<img src=x onerror=alert(1)>"]


def predictions(images: int, *, multilabel: bool) -> OutOfFold:
    """Images of three tags, every tenth probability exactly at a position of the slider."""
    random = np.random.default_rng(5)
    own = np.arange(images) % 3
    truth = np.eye(3, dtype=bool)[own]
    scores = (1 + random.integers(0, 9, (images, 3)) + 6 * truth * random.integers(0, 3, (images, 1))).astype(float)
    scores /= scores.sum(axis=1, keepdims=True)
    if multilabel:
        truth |= random.random((images, 3)) < 0.2
        scores[::10] = scores[::10].round(2)
    rows = np.arange(images)
    return OutOfFold(truth, scores.astype(np.float32), rows % 2, rows, scores[:1], rows[:3], multilabel=multilabel)


def strip_of(arrays: OutOfFold, tag: int) -> dict[str, Any]:
    """What `threshold_strip.data` returns, with drawn squares in place of stored images."""
    found = strips.strip(arrays, tag)
    square = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    return {
        "tag": NAMES[tag],
        "multilabel": arrays.multilabel,
        "images": [
            {
                "src": square,
                "name": f"image {row}.jpg",
                "tags": [NAMES[column] for column in np.flatnonzero(arrays.truth[row])],
                "level": int(found.levels[place]),
                "own": bool(found.own[place]),
                "probability": float(found.probabilities[place]),
                "first": NAMES[found.first[place]],
                "first_level": int(found.first_levels[place]),
            }
            for place, row in enumerate(found.rows.tolist())
        ],
        "counts": found.counts.tolist(),
        "in_row": found.in_row,
        "below": found.below,
        "floor": found.floor,
    }


# ?images=…&multilabel=…; a tag chosen in the presenter comes back from Python, as on the page.
SCRIPT = f"""
from typing import Any

import numpy as np
import streamlit as st
from cvcore.evaluation import strips
from cvcore.evaluation.out_of_fold import OutOfFold
from pages.parts.widgets import presenter

NAMES = {NAMES!r}

{inspect.getsource(predictions)}
{inspect.getsource(strip_of)}

st.set_page_config(layout="wide")
case = st.query_params
arrays = predictions(int(case.get("images", 60)), multilabel="multilabel" in case)
name = presenter.chosen("presenter", case.get("tag", ""))
strip = strip_of(arrays, NAMES.index(name) if name in NAMES else 0)
told = presenter.show(NAMES, strip, 0.5, signature="first", key="presenter")
st.text(f"Python has {{told.threshold}}")
"""

# For each position of the slider: found, wrongly given and missed, counted from the images' frames and from where they
# stand; and the numbers in the legend.
COUNTED = """() => {
    const inside = (selector) => [...document.querySelectorAll("*")].flatMap((each) =>
        each.shadowRoot ? [...each.shadowRoot.querySelectorAll(selector)] : []);
    const [slider] = inside("input[type=range]");
    return Array.from({ length: 101 }, (_, percent) => {
        slider.value = percent;
        slider.dispatchEvent(new Event("input"));
        const line = inside(".strip-line")[0].getBoundingClientRect();
        const middle = line.left + line.width / 2;
        const counts = { found: 0, wrong: 0, missed: 0, other: 0 };
        let misplaced = 0;
        for (const tile of inside(".strip-tile")) {
            const { fate } = tile.dataset;
            counts[fate] += 1;
            const isRight = tile.getBoundingClientRect().left > middle;
            misplaced += isRight !== (fate === "found" || fate === "wrong");
        }
        const legend = inside(".strip-key b").map((number) => +number.textContent);
        return { drawn: [counts.found, counts.wrong, counts.missed], misplaced, legend };
    });
}"""


@pytest.fixture(scope="module")
def url(serve: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with the presenter."""
    folder = tmp_path_factory.mktemp("strip")
    (folder / "script.py").write_text(SCRIPT, "utf-8")
    return str(serve(folder / "script.py", {}))


@pytest.fixture
def strip(page: Page, url: str) -> Page:
    """The strip of the first tag in Multiclass."""
    return _open(page, url)


@pytest.mark.parametrize("multilabel", [False, True])
def test_counts_agree_with_the_metrics_at_every_position(page: Page, url: str, multilabel: bool) -> None:
    """Whoever counts the images right and left of the line gets the table's numbers, at all 101 positions."""
    page.emulate_media(reduced_motion="reduce")  # images that light up are larger for a moment
    _open(page, url, "multilabel" if multilabel else "")
    seen = page.evaluate(COUNTED)
    arrays = predictions(60, multilabel=multilabel)
    expected = decision_rule.counts(arrays.truth, arrays.probabilities, multilabel=multilabel)[:, 0, :3].tolist()
    assert expected == [position["legend"] for position in seen]
    assert expected == [position["drawn"] for position in seen]
    assert {0} == {position["misplaced"] for position in seen}


def test_images_that_another_tag_came_before_stay_left(strip: Page) -> None:
    """They stand in a group of their own, and are missed even at 0 %."""
    arrays = predictions(60, multilabel=False)
    never = np.count_nonzero(arrays.truth[:, 0] & (arrays.probabilities.argmax(axis=1) != 0))
    assert never > 0
    _set(strip, 0)
    group = strip.get_by_role("group", name="Another tag came first").get_by_role("option")
    expect(group).to_have_count(int(never))
    assert {"missed"} == {each.get_attribute("data-fate") for each in group.all()}


def test_two_sentences_say_precision_and_recall(strip: Page) -> None:
    """They name the images right of the line and change with it, while the server cannot be reached."""
    counts = strip_of(predictions(60, multilabel=False), 0)["counts"]
    strip.context.set_offline(True)
    for percent in (40, 55):
        tp, fp, fn = counts[percent]
        _set(strip, percent)
        expect(strip.locator(".strip-share p").first).to_have_text(
            f"{tp} of {tp + fp} right of the line are rose: precision {100 * tp / (tp + fp):.1f} %"
        )
        expect(strip.locator(".strip-share p").last).to_have_text(
            f"{tp} of {tp + fn} tagged rose are right of the line: recall {100 * tp / (tp + fn):.1f} %"
        )
    _set(strip, 100)
    expect(strip.locator(".strip-share p").first).to_have_text("Nothing is right of the line: no precision.")


def test_python_is_told_where_the_line_rests(strip: Page) -> None:
    """Once the slider has stopped, the page and its address have the threshold."""
    _set(strip, 30)
    expect(strip.get_by_text("Python has 0.3", exact=True)).to_be_visible()
    assert "threshold=0.3" in strip.url


def test_the_arrow_keys_walk_through_the_images(strip: Page) -> None:
    """The row is one stop of the Tab key; the focused image is shown larger with name, tags, answer and probability."""
    assert 1 == strip.locator(".strip-tile[tabindex='0']").count()
    strip.locator(".strip-tile[tabindex='0']").focus()
    strip.keyboard.press("End")
    tiles = strip.locator(".strip-tile")
    expect(tiles.last).to_be_focused()
    strip.keyboard.press("ArrowLeft")
    expect(tiles.nth(-2)).to_be_focused()
    strip.keyboard.press("Home")
    strip.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    image = strip_of(predictions(60, multilabel=False), 0)["images"][1]
    card = strip.locator(".strip-card")
    for text in (image["name"], "tagged rose", f"rose {100 * image['probability']:.1f} %", "missed"):
        expect(card).to_contain_text(text)
    strip.keyboard.press("Escape")
    expect(card).to_be_hidden()
    strip.keyboard.press("Tab")
    assert 0 == strip.locator(".strip-tile:focus").count()


def test_the_name_of_an_image_says_what_it_is(strip: Page) -> None:
    """Its name, whether it is found or missed, its tags, the answer and the probability; also after a move."""
    last = strip.locator(".strip-tile").last
    image = strip_of(predictions(60, multilabel=False), 0)["images"][-1]
    rest = f"tagged {', '.join(image['tags'])}"
    _set(strip, 0)
    expect(last).to_have_attribute(
        "aria-label",
        f"{image['name']}, found, {rest}, answer rose, rose {100 * image['probability']:.1f} %",
    )
    _set(strip, 100)
    expect(last).to_have_attribute(
        "aria-label",
        f"{image['name']}, missed, {rest}, no answer, rose {100 * image['probability']:.1f} %",
    )


def test_pointing_at_an_image_shows_it_larger(strip: Page) -> None:
    """The larger image goes when the pointer leaves the strip."""
    strip.locator(".strip-tile[data-fate=wrong]").first.hover()
    expect(strip.locator(".strip-card")).to_contain_text("wrongly given")
    strip.mouse.move(5, 5)
    expect(strip.locator(".strip-card")).to_be_hidden()


def test_the_line_can_be_dragged(strip: Page) -> None:
    """Dragged between two images the line stands there, and the slider follows."""
    levels = [image["level"] for image in strip_of(predictions(60, multilabel=False), 0)["images"] if image["level"]]
    strip.locator(".strip-line").scroll_into_view_if_needed()
    box = strip.locator(".strip-line").bounding_box()
    tile = strip.locator(".strip-ordered .strip-tile").first.bounding_box()
    assert box
    assert tile
    before = sum(level <= 50 for level in levels)
    strip.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    strip.mouse.down()
    strip.mouse.move(box["x"] + box["width"] / 2 - 2 * (tile["width"] + 8), box["y"] + 40, steps=4)
    strip.mouse.up()
    percent = int(_slider(strip).input_value())
    assert percent < 50
    assert sum(level <= percent for level in levels) < before


def test_the_line_stays_in_sight(page: Page, url: str) -> None:
    """In a row that is longer than the screen it follows the line, at every position."""
    page.set_viewport_size({"width": 800, "height": 800})
    _open(page, url, "images=600")
    frame = page.locator(".strip-frame").bounding_box()
    assert frame
    for percent in (0, 100, 50, 35, 80):
        _set(page, percent)
        # The row is scrolled when the next frame is drawn.
        page.evaluate("() => new Promise(requestAnimationFrame)")
        line = page.locator(".strip-line").bounding_box()
        assert line
        middle = line["x"] + line["width"] / 2
        assert frame["x"] - 1 <= middle <= frame["x"] + frame["width"] + 1


@pytest.mark.slow
def test_a_move_takes_less_than_a_frame(page: Page, url: str) -> None:
    """With 400 images a move of the line is drawn, layout included, within 16 ms."""
    _open(page, url, "images=900&multilabel")
    expect(page.locator(".strip-tile")).to_have_count(strips.DRAWN)
    # The best of three rounds, because other programs on the machine slow single ones down.
    rounds = [
        _slider(page).evaluate(
            """slider => Array.from({ length: 101 }, (_, percent) => {
                const began = performance.now();
                slider.value = percent;
                slider.dispatchEvent(new Event("input"));
                slider.getBoundingClientRect();
                return performance.now() - began;
            })"""
        )
        for _ in range(3)
    ]
    assert min(np.median(durations) for durations in rounds) < 16


def test_what_is_not_drawn_is_said(page: Page, url: str) -> None:
    """Of a long row evenly spaced images are drawn, and the numbers still count all."""
    _open(page, url, "images=900&multilabel")
    found = strip_of(predictions(900, multilabel=True), 0)
    assert found["in_row"] > strips.DRAWN
    expect(page.get_by_text(f"400 of {found['in_row']} images are drawn, evenly spaced")).to_be_visible()
    expect(page.locator(".strip-key b").first).to_have_text(str(found["counts"][50][0]))


@pytest.mark.slow
@pytest.mark.parametrize(("motion", "most"), [("no-preference", 40), ("reduce", 0)])
def test_flipping_images_light_up_unless_motion_is_unwanted(page: Page, url: str, motion: Any, most: int) -> None:
    """Images that change sides move for a moment; with reduced motion nothing moves."""
    page.emulate_media(reduced_motion=motion)
    _open(page, url)
    running = _slider(page).evaluate(
        """slider => {
            slider.value = 35;
            slider.dispatchEvent(new Event("input"));
            return [...slider.getRootNode().querySelectorAll(".strip-tile")].flatMap((t) => t.getAnimations()).length;
        }"""
    )
    assert (running > 0) == (most > 0)
    assert running <= most


def test_the_next_tag_comes_and_goes(strip: Page) -> None:
    """Next and previous go around the tags; the address names the tag, and the threshold stays."""
    _set(strip, 40)
    expect(strip.get_by_text("Python has 0.4", exact=True)).to_be_visible()
    strip.get_by_role("button", name="Next tag").click()
    expect(strip.locator(".strip-share p").last).to_contain_text("tagged tulip")
    expect(strip.get_by_label("Tag", exact=True)).to_have_value("1")
    assert "tag=tulip" in strip.url
    expect(_slider(strip)).to_have_value("40")
    for _ in range(2):
        strip.get_by_role("button", name="Previous tag").click()
        strip.wait_for_timeout(800)
    expect(strip.locator(".strip-share p").last).to_contain_text("tagged <img src=x onerror=alert(1)>")


def test_it_fills_the_screen_without_scrolling(page: Page, url: str) -> None:
    """At 1280 x 720 the presenter in full screen shows everything at once, in letters of 24 px or more."""
    page.set_viewport_size({"width": 1280, "height": 720})
    _open(page, url)
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "true")
    root = page.locator(".presenter")
    assert root.evaluate("each => each.scrollHeight <= each.clientHeight && each.clientHeight === innerHeight")
    size = page.locator(".strip-share p").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert size >= 24
    box = page.locator(".strip-tile").first.bounding_box()
    assert box
    assert box["width"] >= 96


def test_a_phone_shows_it_without_scrolling_sideways(page: Page, url: str) -> None:
    """At 320 px only the row itself scrolls."""
    page.set_viewport_size({"width": 320, "height": 700})
    _open(page, url)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    root = page.locator(".presenter")
    assert root.evaluate("each => each.scrollWidth <= each.clientWidth")


@pytest.fixture(autouse=True)
def no_errors(page: Page) -> Iterator[None]:
    """No script fails during a test."""
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    page.on("pageerror", note)
    yield
    page.remove_listener("pageerror", note)
    assert [] == errors


def _open(page: Page, url: str, query: str = "") -> Page:
    page.goto(f"{url}/?{query}")
    expect(page.locator(".strip-tile").first).to_have_attribute("data-fate", re.compile("missed|other"))
    return page


def _slider(page: Page) -> Locator:
    return page.locator("input[type=range]")


def _set(page: Page, percent: int) -> None:
    _slider(page).evaluate(
        "(slider, percent) => { slider.value = percent; slider.dispatchEvent(new Event('input')); }", percent
    )
