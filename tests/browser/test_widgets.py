"""The two widgets that work in the browser, each on a page of its own."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cvcore.metrics import threshold_sweeps
from pages.parts.widgets import component, threshold_explorer

pytestmark = pytest.mark.browser

APP = """
import streamlit as st
from cvcore.api import assets

app = st.App("script.py", routes=assets.routes())
"""


def evaluated(tags: int) -> tuple[Any, ...]:
    """Truth, probabilities, folds and groups whose counts are simple to work out at every threshold.

    Tag i is on 20 (i + 1) images; of these 40 %, rounded up to the next image, are answered at 60 %, and half as
    many others, but none of the second tag above 60 %.
    """
    truth = np.zeros((30 * tags + 40, tags), bool)
    probabilities = np.zeros(truth.shape)
    for tag in range(tags):
        positives = 20 * (tag + 1)
        reached = np.ceil(100 * np.arange(positives, 0, -1) / positives) - 1
        truth[:positives, tag] = True
        probabilities[:positives, tag] = reached / 100
        probabilities[positives : positives + positives // 2, tag] = reached[::2] / 100
    probabilities[:, 1:2] = np.minimum(probabilities[:, 1:2], 0.6)
    return truth, probabilities, np.arange(len(truth)) % 2, np.arange(len(truth))


# ?widget=explorer&case=… or ?widget=gallery.
SCRIPT = (
    f"""
import time
from typing import Any

import numpy as np
import streamlit as st
from cvcore.metrics import precision_recall_curves, threshold_sweeps
from pages.parts.widgets import gallery
from pages.parts.widgets.threshold_explorer import Suggested, TagRow, show

st.set_page_config(layout="wide")
case = st.query_params.get("case", "")

{inspect.getsource(evaluated)}
"""
    + """
@st.cache_data
def numbers(tags, multilabel):
    evaluation = evaluated(tags)
    curves = precision_recall_curves.curves(*evaluation[:2], multilabel=multilabel)
    return threshold_sweeps.sweep(*evaluation, multilabel=multilabel), curves


def explorer(key="explorer", signature="first", names=("daisy", "rose", "no flower")):
    tags = [TagRow(name, "Negative" if name == "no flower" else "Regular") for name in names]
    swept, steps = numbers(len(tags), case != "multiclass")
    best = Suggested((0.2, 0.6, 0.3), 0.912, 0.884) if len(tags) == 3 else None
    told = show(tags=tags, sweep=swept, curves=steps, threshold=0.5, saved=st.session_state.get("saved"),
                suggested=best, multilabel=case == "multilabel", signature=f"{signature} {case}", key=key)
    if told.save is not None:
        st.session_state["saved"] = told.save
        st.rerun()
    return told


if st.query_params.get("widget") == "gallery":
    if st.button("Tag selected"):
        st.session_state["revision"] = st.session_state.get("revision", 0) + 1
    st.button("Run again")
    items = [{"id": f"id{i}", "src": f"/missing/{i}.jpg", "caption": f"image {i}.jpg"} for i in range(30)]
    items[0]["src"] = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    items[2] |= {"caption": "<img src=x onerror=alert(1)>", "tags": "<b>daisy</b>, rose", "badge": "new"}
    revision = st.session_state.get("revision", 0)
    st.text("Python has " + ",".join(gallery.show(items, key="gallery", selected=["id1"], revision=revision)))
    if opened := gallery.opened("gallery"):
        st.dialog("Large")(lambda: st.text("Opened " + opened))()
elif case == "polled":
    @st.fragment(run_every=1.0)
    def poll():
        time.sleep(0.3)
        st.text(f"Python has {explorer().threshold}")
    poll()
elif case == "two":
    explorer("left")
    explorer("right")
elif case == "hostile":
    explorer(names=["<img src=x onerror=alert(1)>", "<b>bold</b> %{y} " + "x" * 120])
elif case == "many":
    explorer(names=[f"tag {i}" for i in range(100)])
else:
    other = st.toggle("Other iteration")
    told = explorer(signature="second", names=["oak", "elm"]) if other else explorer()
    st.text(f"Python has {told.threshold}")
    st.text(f"Python has thresholds {told.thresholds}, saved {st.session_state.get('saved')}")
    if told.count:
        st.text(f"Clicked: {told}")
"""
)


@pytest.fixture(scope="module")
def url(serve: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with both widgets."""
    folder = tmp_path_factory.mktemp("widgets")
    (folder / "script.py").write_text(SCRIPT, "utf-8")
    (folder / "app.py").write_text(APP, "utf-8")
    return str(serve(folder / "app.py", {}))


@pytest.fixture
def explorer(page: Page, url: str) -> Page:
    """The explorer with three tags, its chart drawn."""
    return _open(page, url)


@pytest.fixture
def tiles(page: Page, url: str) -> Locator:
    """The gallery's thirty tiles."""
    page.goto(f"{url}/?widget=gallery")
    tiles = page.get_by_role("option")
    expect(tiles).to_have_count(30)
    return tiles


def _open(page: Page, url: str, case: str = "") -> Page:
    page.goto(f"{url}/?widget=explorer&case={case}")
    expect(page.locator(".canvas .main-svg").first).to_be_attached()
    return page


def _slider(page: Page) -> Locator:
    return page.get_by_label("Probability threshold").first


def _set(page: Page, percent: int) -> None:
    _slider(page).fill(str(percent))


def _figure(page: Page, title: str) -> Locator:
    return page.locator(".figures > div").filter(has=page.locator("dt", has_text=re.compile(f"^{title}$")))


def _cells(page: Page) -> list[list[str]]:
    """The first line of each cell of the table, without the thresholds."""
    rows = page.locator("tbody tr").all()
    return [[_first_line(cell) for cell in row.locator("td:not(.threshold)").all_inner_texts()] for row in rows]


def _first_line(text: str) -> str:
    return text.split("\n")[0].replace("\u00a0", " ").strip()


def _first_column(page: Page) -> list[str]:
    return page.locator("tbody tr .tag button").all_inner_texts()


def _python_has(page: Page, text: str) -> None:
    expect(page.get_by_text(f"Python has {text}", exact=True)).to_be_visible()


def test_explorer_opens_with_the_numbers_of_the_given_threshold(explorer: Page) -> None:
    """Numbers and the rule are those of the threshold the page gave."""
    expect(_slider(explorer)).to_have_value("50")
    expect(explorer.locator(".mean")).to_have_text("Mean of 3 tags")
    expect(_figure(explorer, "Precision")).to_have_text("Precision66.7 % likely 54–80 %")
    expect(_figure(explorer, "Recall").locator("b")).to_have_text("50.0 %")
    expect(_figure(explorer, "F1").locator("b")).to_have_text("57.1 %")
    expect(_figure(explorer, "Average precision").locator("b")).to_have_text("67.1 %")
    expect(explorer.get_by_text("The top tag is the answer when its probability is at least 50 %.")).to_be_visible()


@pytest.mark.slow
def test_explorer_says_the_rule_of_a_multilabel_project(page: Page, url: str) -> None:
    """In a multilabel project every tag that reaches the threshold is given."""
    _open(page, url, "multilabel")
    expect(page.get_by_text("An image gets every tag whose probability is at least 50 %.")).to_be_visible()


def test_arrow_keys_move_the_slider_by_one_percent(explorer: Page) -> None:
    """The slider is a slider to the keyboard: right and left are one percent, Home and End the ends."""
    _slider(explorer).focus()
    for key, value in [("ArrowRight", "51"), ("ArrowLeft", "50"), ("End", "100"), ("Home", "0")]:
        explorer.keyboard.press(key)
        expect(explorer.locator("output")).to_have_text(f"{value} %")


def test_undefined_precision_is_a_dash_and_left_out_of_the_mean(explorer: Page) -> None:
    """A tag without answers has no precision; beside the mean stands which tag it is without."""
    _set(explorer, 61)
    assert "–" == _cells(explorer)[1][2]
    expect(_figure(explorer, "Precision")).to_contain_text("without rose: no answers")
    expect(_figure(explorer, "Recall")).not_to_contain_text("without")


def test_number_table_and_chart_agree(explorer: Page) -> None:
    """The big numbers are the mean of the table's, these follow from its counts, and the dots lie on the lines."""
    for percent in (0, 37, 50, 61, 99, 100):
        _set(explorer, percent)
        rates: dict[str, list[float]] = {"Precision": [], "Recall": []}
        for _name, _images, precision, recall, _f1, _ap, *counts in _cells(explorer):
            tp, fp, fn = map(int, counts)
            assert (_percent(tp, tp + fp), _percent(tp, tp + fn)) == (precision, recall)
            rates["Precision"] += [tp / (tp + fp)] if tp + fp else []
            rates["Recall"].append(tp / (tp + fn))
        for title, defined in rates.items():
            expect(_figure(explorer, title).locator("b")).to_have_text(_percent(sum(defined), len(defined)))
        assert _drawn(explorer, percent) == _dots(explorer)


def _drawn(page: Page, percent: int) -> list[list[int] | None]:
    """Where plotly's own axes put the mean precision and recall, in whole pixels; None where undefined."""
    points: list[list[int] | None] = page.locator(".canvas").evaluate(
        """(canvas, percent) => canvas._fullData.slice(-2).map(({y}) => {
            const {xaxis, yaxis} = canvas._fullLayout;
            const [left, top] = [xaxis._offset + xaxis.d2p(percent), yaxis._offset + yaxis.d2p(y[percent])];
            return y[percent] === null ? null : [Math.round(left), Math.round(top)];
        })""",
        percent,
    )
    return points


def _dots(page: Page) -> list[list[int] | None]:
    """Where the dots are, in whole pixels; None where hidden."""
    points: list[list[int] | None] = page.locator(".plot > svg").evaluate(
        """svg => [...svg.querySelectorAll("circle")].map(dot => dot.getAttribute("visibility") === "hidden" ? null
            : ["cx", "cy"].map(name => Math.round(dot.getAttribute(name))))"""
    )
    return points


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def test_python_hears_of_the_threshold_when_the_slider_rests(explorer: Page) -> None:
    """Python gets the last value only, and running again leaves the slider where it is."""
    for percent in (55, 60, 72):
        _set(explorer, percent)
    _python_has(explorer, "0.72")
    expect(_slider(explorer)).to_have_value("72")


@pytest.mark.slow
def test_reruns_leave_a_moving_slider_alone(page: Page, url: str) -> None:
    """On a page that runs again all the time, slowly, an old threshold from Python never moves the slider back."""
    _open(page, url, "polled")
    for start in (51, 60, 70):
        for percent in range(start, start + 10):
            _set(page, percent)
            page.wait_for_timeout(30)
            assert str(percent) == _slider(page).input_value()
        page.wait_for_timeout(450)
    _python_has(page, "0.79")
    expect(_slider(page)).to_have_value("79")


@pytest.mark.slow
def test_slider_stays_when_another_iteration_is_shown(explorer: Page) -> None:
    """Other tags and counts come under the same threshold, in the browser and in Python."""
    _set(explorer, 30)
    _python_has(explorer, "0.3")
    explorer.get_by_text("Other iteration").click()
    expect(explorer.locator("tbody tr .tag button")).to_have_text(["oak", "elm"])
    expect(_slider(explorer)).to_have_value("30")
    _python_has(explorer, "0.3")


def test_pressing_the_plot_moves_the_slider_there(explorer: Page) -> None:
    """A press on the plot sets the threshold, and dragging takes it along."""
    box = explorer.locator(".plot").bounding_box()
    left, width = (
        explorer.locator(".canvas").evaluate(f"canvas => canvas._fullLayout.xaxis.{name}")
        for name in ("_offset", "_length")
    )
    assert box
    explorer.mouse.move(box["x"] + left + 0.25 * width, box["y"] + 100)
    explorer.mouse.down()
    expect(_slider(explorer)).to_have_value("25")
    explorer.mouse.move(box["x"] + left + 0.8 * width, box["y"] + 300, steps=5)
    explorer.mouse.up()
    expect(_slider(explorer)).to_have_value("80")
    _python_has(explorer, "0.8")


def test_choosing_a_tag_makes_its_lines_strong(explorer: Page) -> None:
    """A click on a row, a second one, and the list above the chart say whose lines are drawn strongly."""
    widths = "canvas => canvas._fullData.filter(line => line.line.width > 2).map(line => line.name)"
    canvas = explorer.locator(".canvas")
    assert ["All tags", "All tags"] == canvas.evaluate(widths)
    explorer.locator("tbody tr").nth(1).click()
    expect(explorer.get_by_role("button", name="rose", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(explorer.get_by_label("Show")).to_have_value("1")
    assert ["rose", "rose"] == canvas.evaluate(widths)
    explorer.locator("tbody tr").nth(1).click()
    assert ["All tags", "All tags"] == canvas.evaluate(widths)
    explorer.get_by_label("Show").select_option("daisy")
    assert ["daisy", "daisy"] == canvas.evaluate(widths)


@pytest.mark.slow
def test_headers_sort_the_table(explorer: Page) -> None:
    """Numbers sort from high to low first, names from A to Z, and undefined numbers come last either way."""
    explorer.get_by_role("button", name="Images").click()
    assert ["no flower", "rose", "daisy"] == _first_column(explorer)
    explorer.get_by_role("button", name="Tag", exact=True).click()
    assert ["daisy", "no flower", "rose"] == _first_column(explorer)
    _set(explorer, 61)
    for direction in ("descending", "ascending"):
        explorer.locator("th").get_by_role("button", name="Precision", exact=True).click()
        expect(explorer.locator("th.precision")).to_have_attribute("aria-sort", direction)
        assert "rose" == _first_column(explorer)[-1]


@pytest.mark.slow
def test_marks_a_negative_tag_and_few_images(explorer: Page) -> None:
    """A Negative tag is called so, and a tag with fewer than 30 images carries a warning."""
    rows = explorer.locator("tbody tr")
    expect(rows.nth(2)).to_contain_text("negative")
    expect(rows.nth(0).get_by_title("Few images: numbers are uncertain.")).to_be_visible()
    expect(rows.nth(1).get_by_title("Few images: numbers are uncertain.")).to_have_count(0)


@pytest.mark.new_tab
def test_hostile_names_are_only_text(page: Page, url: str) -> None:
    """HTML in a tag's name is shown letter by letter, in the table, in the list and in the chart's labels."""
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    _open(page, url, "hostile")
    assert "<img src=x onerror=alert(1)>" == _first_column(page)[0]
    expect(page.locator("tbody img, tbody b, select img")).to_have_count(0)
    page.get_by_label("Show").select_option("0")
    page.locator(".canvas").evaluate("canvas => Plotly.Fx.hover(canvas, [{curveNumber: 2, pointNumber: 20}])")
    expect(page.locator(".hoverlayer")).to_contain_text(
        "<img src=x onerror=alert(1)>precision 66.7 % at 20 %TP 16 · FP 8 · FN 4 · TN 72"
    )


@pytest.mark.new_tab
def test_two_explorers_load_plotly_once_and_nothing_from_elsewhere(page: Page, url: str) -> None:
    """plotly.js comes once, from our own server, and no other host is asked for anything."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _open(page, url, "two")
    expect(page.locator(".canvas .svg-container")).to_have_count(2)
    assert 1 == sum("plotly" in address for address in asked)
    assert [] == [address for address in asked if not address.startswith((url, "data:", "blob:"))]


@pytest.mark.slow
@pytest.mark.new_tab
def test_without_plotly_numbers_and_table_stand(page: Page, url: str) -> None:
    """Where plotly.js cannot be had, a sentence says so, and everything else works."""
    page.route("**/assets/plotly-*", lambda route: route.abort())
    page.goto(f"{url}/?widget=explorer")
    expect(page.get_by_text("The chart could not be loaded; the numbers and the table are complete.")).to_be_visible()
    _set(page, 20)
    expect(_figure(page, "Recall").locator("b")).to_have_text("80.0 %")
    assert ["daisy", "20", "66.7 %", "80.0 %"] == [cell.removeprefix("⚠ ") for cell in _cells(page)[0][:4]]


@pytest.mark.slow
def test_chart_follows_the_theme(explorer: Page) -> None:
    """When the browser turns dark, the chart's letters turn light."""
    colour = "canvas => canvas.layout.font.color"
    assert "#1d2b2a" == explorer.locator(".canvas").evaluate(colour)
    explorer.emulate_media(color_scheme="dark")
    explorer.wait_for_function(
        f"""() => {{
            const host = document.querySelector("[data-testid=stBidiComponentIsolated]");
            return ({colour})(host.shadowRoot.querySelector(".canvas")) === "#e4ecea";
        }}"""
    )


@pytest.mark.slow
def test_intervals_stand_beside_every_number(explorer: Page) -> None:
    """A tag with 20 images looks less sure than one with 60, in the table's words and in its whiskers."""
    daisy, _, flowerless = (
        [cell.split("\n")[1:] for cell in row.locator("td").all_inner_texts()[3:7]]
        for row in explorer.locator("tbody tr").all()
    )
    assert [["42–85"], ["30–70"], ["38–74"], ["46–84"]] == daisy
    assert [["52–79"], ["38–62"], ["46–68"], ["54–78"]] == flowerless
    reach = explorer.locator("tbody tr").nth(0).locator(".reach").nth(1)
    assert ["29.93", "70.07"] == reach.evaluate("e => ['--low', '--high'].map(n => e.style.getPropertyValue(n).trim())")


def test_intervals_are_those_of_python_at_every_position(explorer: Page) -> None:
    """Whatever the slider says, the intervals in the table and under the figures are the sweep's."""
    made = threshold_sweeps.sweep(*evaluated(3), multilabel=True)
    for percent in (0, 33, 61, 99):
        _set(explorer, percent)
        for title, measure in (("Precision", made.precision), ("Recall", made.recall), ("F1", made.f1)):
            low, high = (round(100 * ends[percent]) for ends in (measure.mean_low, measure.mean_high))
            expect(_figure(explorer, title)).to_contain_text(f"likely {low}–{high} %")
        low, high = (round(100 * ends[percent, 0]) for ends in (made.recall.low, made.recall.high))
        recall = explorer.locator("tbody tr").nth(0).locator("td.recall")
        expect(recall.locator("small")).to_have_text(f"{low}–{high}")


@pytest.mark.slow
def test_bands_show_the_intervals_of_the_strong_lines(explorer: Page) -> None:
    """The areas behind precision and recall go from the low end to the high end, and end where precision does."""
    explorer.get_by_label("Show").select_option("rose")
    made = threshold_sweeps.sweep(*evaluated(3), multilabel=True)
    xs, ys = explorer.locator(".canvas").evaluate("canvas => [canvas.data[0].x, canvas.data[0].y]")
    assert (list(range(61)), None) == (xs[:61], xs[-1])
    np.testing.assert_allclose(100 * made.precision.low[:61, 1], ys[:61], atol=0.0051)
    np.testing.assert_allclose(100 * made.precision.high[60::-1, 1], ys[61:122], atol=0.0051)


@pytest.mark.slow
def test_the_keyboard_moves_figures_intervals_and_the_point_on_the_curve(explorer: Page) -> None:
    """At each key the sentence, the interval and the point follow, and the point is one of the curve's."""
    explorer.get_by_label("Show").select_option("daisy")
    explorer.get_by_role("button", name="precision–recall").click()
    slider = _slider(explorer)
    slider.focus()
    for key, percent, found, interval in [("ArrowRight", 55, 9, "26–66"), ("Home", 0, 20, "84–100")]:
        for _ in range(5):
            explorer.keyboard.press(key)
        expect(slider).to_have_value(str(percent))
        found_words = "all 20 were" if found == 20 else f"{found} were"
        expect(explorer.locator(".sentences .recall")).to_have_text(
            f"Of 20 images tagged daisy, {found_words} found: recall {5 * found} % (likely {interval} %)."
        )
        assert _dots(explorer)[0] in _curve(explorer, "daisy")
        assert _dots(explorer)[1] is None


def _curve(page: Page, name: str) -> list[list[int]]:
    """Where plotly's own axes put the points of a tag's curve, in whole pixels."""
    points: list[list[int]] = page.locator(".canvas").evaluate(
        """(canvas, name) => {
            const line = canvas._fullData.find((each) => each.name === name);
            const {xaxis, yaxis} = canvas._fullLayout;
            return Array.from(line.x, (x, i) => [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(line.y[i])]
                .map(Math.round));
        }""",
        name,
    )
    return points


@pytest.mark.slow
def test_the_curve_is_steps_with_counts_as_hover(explorer: Page) -> None:
    """One step a gain in recall, no made-up end at precision 1, every tag and the mean, and what lies under a point."""
    explorer.get_by_role("button", name="precision–recall").click()
    line = "canvas => canvas._fullData.map(({name, line, x, y, text}) => [name, line.shape, x[0], y[0], text?.[0]])"
    assert [
        ["daisy", "vh", 5, 50, "TP 1 · FP 1 · FN 19 · TN 109<br>at 99 %"],
        ["rose", "vh", 40, pytest.approx(200 / 3), "TP 16 · FP 8 · FN 24 · TN 82<br>at 60 %"],
    ] == explorer.locator(".canvas").evaluate(line)[:2]
    assert "All tags" == explorer.locator(".canvas").evaluate(line)[3][0]
    expect(
        explorer.get_by_text("All folds counted together. Average precision, the mean over folds: 67.1 %")
    ).to_be_visible()


@pytest.mark.slow
def test_dragging_along_the_curve_moves_the_slider(explorer: Page) -> None:
    """A press on the curve's plot goes to the operating point nearest to it."""
    explorer.get_by_label("Show").select_option("daisy")
    explorer.get_by_role("button", name="precision–recall").click()
    box = explorer.locator(".plot").bounding_box()
    assert box
    left, top = _curve(explorer, "daisy")[3]
    explorer.mouse.click(box["x"] + left, box["y"] + top)
    expect(explorer.locator("tbody tr").nth(0).locator(".count").first).to_have_text("4")


def test_a_click_on_a_count_reaches_python(explorer: Page) -> None:
    """Python hears at once of which tag, which count and at which threshold, and only in the run after the click."""
    _set(explorer, 40)
    explorer.get_by_role("button", name="16 false negatives of rose").click()
    assert "CountClicked(tag=1, count='fn')" in _clicked(explorer, 0.4)
    expect(explorer.locator("tbody tr.chosen")).to_have_count(0)
    _set(explorer, 61)
    _python_has(explorer, "0.61")
    expect(explorer.get_by_text("Clicked:")).to_have_count(0)
    expect(explorer.get_by_role("button", name="0 true positives of rose")).to_be_disabled()


def _clicked(page: Page, threshold: float) -> str:
    return page.get_by_text(f"Clicked: Explored(threshold={threshold}").inner_text()


def test_sentences_are_right_at_the_edges(page: Page, url: str) -> None:
    """No image, no answer, one image and one answer are told in words that hold."""
    page.goto(f"{url}/?widget=explorer")
    script = 'const LANGUAGE = "en", WORDS = {};\n'
    script += component.joined(Path(threshold_explorer.__file__).parent / "sentences.js")
    none = {"name": "rose", "images": 0, "tp": 0, "fp": 0, "fn": 0, "intervals": {}}
    wide = {measure: [0, 7935] for measure in ("precision", "recall", "f1", "average_precision")}
    one = none | {"images": 1, "fp": 1, "fn": 1, "precision": 0, "recall": 0, "f1": 0, "average_precision": 0.5}
    told = page.evaluate(
        f"rows => {{ {script}; return rows.map(row => Object.keys(MEASURES).map(measure => tell(measure, row))); }}",
        [none, one | {"intervals": wide}],
    )
    may = "(likely 0–79 %)."
    assert [
        [
            "The model called no image rose, so there is no precision.",
            "No image here is tagged rose, so there was nothing to find.",
            "No image here is tagged rose and none was called so: there is no F1.",
            "No image here is tagged rose, so there is no average precision.",
        ],
        [
            f"The model called 1 image rose, and was wrong: precision 0 % {may}",
            f"The only image tagged rose was not found: recall 0 % {may}",
            f"0 right, 1 wrong and 1 missed make an F1 of 0 % {may}",
            f"Average precision is 50 %; it would be 100 % if the one tagged rose came first {may}",
        ],
    ] == [[text.replace("\u00a0", " ") for text in texts] for texts in told]


@pytest.mark.slow
def test_sentences_are_about_one_tag(explorer: Page) -> None:
    """While all tags are shown the figures say it all; with one chosen there are sentences about it."""
    expect(explorer.locator(".sentences")).to_be_hidden()
    explorer.get_by_role("button", name="daisy", exact=True).click()
    expect(explorer.locator(".sentences .precision")).to_contain_text("Of 15 images that the model called daisy")
    explorer.get_by_label("Show").select_option("All tags")
    expect(explorer.locator(".sentences")).to_be_hidden()


# ---- thresholds of their own -----------------------------------------------------------------------------------


def _handle(page: Page, tag: str) -> Locator:
    return page.get_by_label(f"Threshold of {tag}")


def _row(page: Page, number: int) -> list[str]:
    return [_first_line(cell) for cell in page.locator("tbody tr").nth(number).locator("td").all_inner_texts()]


def test_a_handle_moves_its_row_alone(explorer: Page) -> None:
    """A tag's own threshold changes its numbers and the means, not the other rows; the slider then moves the others."""
    before = [_row(explorer, number) for number in range(3)]
    _handle(explorer, "rose").fill("30")
    assert [before[0], before[2]] == [_row(explorer, 0), _row(explorer, 2)]
    assert ["rose", "30 %", "40"] == _row(explorer, 1)[:3]
    assert before[1] != _row(explorer, 1)
    expect(_slider(explorer)).to_have_value("50")
    expect(explorer.get_by_text("Python has thresholds (0.5, 0.3, 0.5), saved None")).to_be_visible()
    _set(explorer, 20)
    assert ["20 %", "30 %", "20 %"] == [_row(explorer, number)[1] for number in range(3)]
    expect(explorer.get_by_text("Python has thresholds (0.2, 0.3, 0.2), saved None")).to_be_visible()


@pytest.mark.parametrize("case", ["multilabel", "multiclass"])
def test_thresholds_of_their_own_agree_with_python(page: Page, url: str, case: str) -> None:
    """Counts, rates and means are those that Python computes at the same thresholds, in both kinds of project."""
    _open(page, url, case)
    for own in ((20, 55, 80), (90, 10, 0), (61, 62, 60)):
        for tag, percent in zip(("daisy", "rose", "no flower"), own, strict=True):
            _handle(page, tag).fill(str(percent))
        made = threshold_sweeps.sweep_one(*evaluated(3), np.array(own) / 100, multilabel=case == "multilabel")
        cells = _cells(page)
        assert made.counts[0, :, :3].tolist() == [[int(cell) for cell in row[6:]] for row in cells]
        for place, (title, measure) in enumerate(
            (("Precision", made.precision), ("Recall", made.recall), ("F1", made.f1)), start=2
        ):
            assert [_rate(value) for value in measure.values[0]] == [row[place] for row in cells]
            intervals = page.locator(f"td.{title.lower()} small").all_inner_texts()
            expected = zip(measure.low[0], measure.high[0], strict=True)
            assert [_range(*ends) for ends in expected] == intervals
            expect(_figure(page, title).locator("b")).to_have_text(_rate(measure.mean[0]))
            expect(_figure(page, title)).not_to_contain_text("likely")
        expect(_figure(page, "Average precision")).to_contain_text("likely")


def _rate(value: float) -> str:
    return "–" if np.isnan(value) else _percent(value, 1)


def _range(low: float, high: float) -> str:
    return "" if np.isnan(low) else f"{100 * low:.0f}–{100 * high:.0f}"


@pytest.mark.slow
def test_a_handle_works_from_the_keyboard(explorer: Page) -> None:
    """Arrows move it by one percent, it says whether it follows the slider, and a button lets it follow again."""
    handle = _handle(explorer, "rose")
    expect(handle).to_have_attribute("aria-valuetext", "50\u00a0%, as the slider")
    handle.press("ArrowLeft")
    expect(handle).to_have_attribute("aria-valuetext", "49\u00a0%, its own")
    handle.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuetext", "50\u00a0%, its own")
    explorer.keyboard.press("Shift+Tab")
    explorer.keyboard.press("Enter")
    expect(handle).to_have_attribute("aria-valuetext", "50\u00a0%, as the slider")
    expect(handle).to_be_focused()
    expect(explorer.get_by_role("button", name="Let rose follow")).to_be_hidden()


@pytest.mark.slow
def test_the_best_thresholds_are_judged_fairly(explorer: Page) -> None:
    """Suggest sets the handles and tells the F1 on the images they were chosen on, and on others."""
    explorer.get_by_role("button", name="Suggest").click()
    assert ["20 %", "60 %", "30 %"] == [_row(explorer, number)[1] for number in range(3)]
    told = explorer.locator(".told")
    expect(told).to_have_text("In use: 50 %. Mean F1: 91.2 % on the images they were chosen on, 88.4 % on others.")
    _handle(explorer, "daisy").fill("25")
    expect(told).to_have_text("In use: 50 %. Chosen on these same images, the numbers are a little too good.")
    explorer.get_by_role("button", name="Use the slider for all").click()
    assert {"50 %"} == {_row(explorer, number)[1] for number in range(3)}
    expect(told).to_have_text("In use: 50 %.")


def test_thresholds_are_saved(explorer: Page) -> None:
    """Save sends them to Python; what is saved is marked at the handles, said, and cannot be saved again."""
    save, told = explorer.get_by_role("button", name="Save thresholds"), explorer.locator(".told")
    _handle(explorer, "rose").fill("30")
    save.click()
    expect(explorer.get_by_text("Python has thresholds (0.5, 0.3, 0.5), saved (0.5, 0.3, 0.5)")).to_be_visible()
    expect(told).to_contain_text("Saved.")
    expect(save).to_have_attribute("aria-disabled", "true")
    expect(explorer.get_by_title("Saved: 30\u00a0%")).to_have_count(1)
    explorer.get_by_role("button", name="Use the slider for all").click()
    expect(told).to_have_text("In use: a threshold for each tag.")
    save.click()
    expect(explorer.get_by_text("Python has thresholds 0.5, saved 0.5")).to_be_visible()
    expect(told).to_have_text("Saved.")


@pytest.mark.slow
def test_the_chosen_tags_own_threshold_moves_the_chart(explorer: Page) -> None:
    """The line on the chart is at the chosen tag's own threshold, and a press on the plot moves that one."""
    _handle(explorer, "rose").fill("30")
    explorer.get_by_label("Show").select_option("rose")
    at = "svg => +svg.querySelector('.needle').getAttribute('x1')"
    needle = explorer.locator(".plot > svg")
    own = needle.evaluate(at)
    _set(explorer, 80)
    assert own == needle.evaluate(at)
    box = explorer.locator(".plot").bounding_box()
    assert box
    left, width = (
        explorer.locator(".canvas").evaluate(f"canvas => canvas._fullLayout.xaxis.{name}")
        for name in ("_offset", "_length")
    )
    explorer.mouse.click(box["x"] + left + 0.6 * width, box["y"] + 100)
    expect(_handle(explorer, "rose")).to_have_value("60")
    expect(_slider(explorer)).to_have_value("80")


@pytest.mark.slow
def test_rows_out_of_sight_follow_when_the_slider_rests(page: Page, url: str) -> None:
    """Of a long table the last row, too, says the numbers of the slider's threshold."""
    _open(page, url, "many")
    found = page.locator("tbody tr").last.locator(".count").first
    expect(found).to_have_text("1000")
    _set(page, 80)
    expect(found).to_have_text("400")


def test_gallery_turns_items_over_by_click(page: Page, tiles: Locator) -> None:
    """A click selects and deselects; Python gets the ids in the order of the items."""
    expect(page.get_by_text("1 of 30 selected")).to_be_visible()
    tiles.nth(4).click()
    tiles.nth(0).click()
    _python_has(page, "id0,id1,id4")
    tiles.nth(1).click()
    _python_has(page, "id0,id4")
    expect(tiles.nth(1)).to_have_attribute("aria-selected", "false")
    expect(tiles.nth(4)).to_have_attribute("aria-selected", "true")


def test_shift_gives_a_range_what_its_first_item_got(page: Page, tiles: Locator) -> None:
    """Shift-click selects from the last item turned over to this one, or deselects if that one was deselected."""
    tiles.nth(3).click()
    tiles.nth(6).click(modifiers=["Shift"])
    _python_has(page, "id1,id3,id4,id5,id6")
    tiles.nth(6).click()
    tiles.nth(4).click(modifiers=["Shift"])
    _python_has(page, "id1,id3")


def test_gallery_works_from_the_keyboard(page: Page, tiles: Locator) -> None:
    """Arrows, Home and End move, Space turns over, Shift takes a range, Ctrl-A takes all."""
    tiles.nth(0).focus()
    for key in ("ArrowRight", "ArrowRight", "Space", "End", "Space", "ArrowLeft", "Home", "Space"):
        page.keyboard.press(key)
    _python_has(page, "id0,id1,id2,id29")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("30 of 30 selected")).to_be_visible()
    page.keyboard.press("Tab")
    assert 0 == page.locator("[role=option]:focus").count()


def test_gallery_opens_an_image(page: Page, tiles: Locator) -> None:
    """A double click or Enter opens, neither changes the selection, and Escape gives the focus back to the image."""
    tiles.nth(5).dblclick()
    expect(page.get_by_text("Opened id5")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tiles.nth(5)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Opened id4")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tiles.nth(4)).to_be_focused()
    _python_has(page, "id1")


@pytest.mark.slow
def test_all_and_none(page: Page, tiles: Locator) -> None:
    """All selects every item, None no item; each is off when there is nothing left for it to do."""
    page.get_by_role("button", name="All").click()
    expect(page.get_by_text("30 of 30 selected")).to_be_visible()
    expect(page.get_by_role("button", name="All")).to_be_disabled()
    page.get_by_role("button", name="None").click()
    expect(page.get_by_text("0 of 30 selected")).to_be_visible()
    _python_has(page, "")


def test_selection_outlives_reruns_until_python_resets_it(page: Page, tiles: Locator) -> None:
    """A rerun keeps the selection; another revision puts back what Python says, on both sides."""
    tiles.nth(7).click()
    _python_has(page, "id1,id7")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("2 of 30 selected")).to_be_visible()
    page.get_by_role("button", name="Tag selected").click()
    expect(page.get_by_text("1 of 30 selected")).to_be_visible()
    _python_has(page, "id1")
    tiles.nth(2).click()
    _python_has(page, "id1,id2")


@pytest.mark.new_tab
def test_gallery_shows_words_as_they_are(page: Page, tiles: Locator) -> None:
    """Captions and tags are text, a missing image shows its name, and every item has a name for screen readers."""
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    expect(tiles.nth(2).locator(".missing")).to_have_text("<img src=x onerror=alert(1)>")
    expect(tiles.nth(2).locator(".tags")).to_have_text("<b>daisy</b>, rose")
    expect(tiles.nth(2)).to_have_accessible_name("<img src=x onerror=alert(1)> new <b>daisy</b>, rose")
    expect(tiles.nth(0).locator("img")).to_have_attribute("alt", "image 0.jpg")
    expect(page.locator(".missing").first).to_have_text(re.compile("image 1.jpg"))
