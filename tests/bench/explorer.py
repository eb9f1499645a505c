"""What the Performance page costs where there are many images and tags, with drawn probabilities.

    python tests/bench/explorer.py [--images 100000] [--tags 100] [--type Multiclass] [--home FOLDER]

Prints how long the page takes to open in a browser, how long a move of the slider and a click on a count take there,
and the memory of the server before, after each, and at its most. With a folder, the home stays there for another run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser import ARGUMENTS, wait_for
from playwright.sync_api import Page, sync_playwright
from review import fill

from cvcore import evaluation, projects
from cvcore.evaluation import overviews
from cvcore.records import MULTICLASS
from cvcore.store import Store
from pages.parts.widgets import threshold_explorer

ROOT = Path(__file__).resolve().parents[2]
PORT = 8612
OPENINGS = 5
CLICKS = 10
REST_MS = 600  # between clicks, as a person looks at what came
# Words, late on each, that no other has.
VIEWS = {
    "Mistakes": "Tagged → answered",
    "Thresholds": "Save as suggested",
    "Calibration": "The temperature is shown",
    "Download": "In Rekognition's terms",
}

# Runs in the page: each move as a key would make it, with the layout that follows forced into the measurement.
SLIDE = """async (root) => {
    const slider = root.querySelector("input[type=range]"), times = [];
    for (let move = 0; move < 100; move += 1) {
        slider.value = (37 * move) % 101;
        const start = performance.now();
        slider.dispatchEvent(new Event("input"));
        root.querySelector("table").getBoundingClientRect();
        times.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
    }
    return times;
}"""

# Both look at every frame, into shadow roots too: a locator's wait looks after 20, 50, 100, 100 and then every 500 ms.
THERE = """
const roots = () => [document, ...[...document.querySelectorAll("*")].flatMap((host) => host.shadowRoot ?? [])];
const there = (selector, text) =>
    roots().some((root) => [...root.querySelectorAll(selector)].some((each) => each.textContent.includes(text)));
"""
DRAWN = f"""(selector) => {{ {THERE} return there(selector, ""); }}"""
CHART, MAIN = ".canvas .main-svg", "[data-testid=stMain]"
# Milliseconds from a click until each selector finds an element with its text.
CLICK = f"""async (button, signs) => {{
    {THERE}
    const start = performance.now();
    button.click();
    while (!signs.every(([selector, text]) => there(selector, text))) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--type", default=MULTICLASS)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        if not (home / "tagwise.db").exists():
            # In a process of its own, so that what it takes is not counted.
            filling = multiprocessing.get_context("spawn").Process(
                target=fill, args=(home, options.type, options.images, options.tags)
            )
            filling.start()
            filling.join()
        compute(home)
        serve(home)


def compute(home: Path) -> None:
    """Time what the page reads, and what making it took at training."""
    store = Store(home)
    iteration = store.iterations.trained(projects.find(store, "bench").id)[0]
    started = time.perf_counter()
    kept = evaluation.overview(store, iteration)
    read = time.perf_counter() - started
    judged = evaluation.load(store, iteration)
    started = time.perf_counter()
    overviews.overview(judged.truth, judged.probabilities, judged.folds, judged.groups, multilabel=judged.multilabel)
    print(f"the overview: {1000 * read:.0f} ms to read, {time.perf_counter() - started:.2f} s to make at training")
    sent = threshold_explorer._tables_json.__wrapped__("bench", kept.sweep, kept.curves)
    points = sum(len(each.tp) for each in kept.curves)
    print(f"{len(sent) / 1e3:.0f} kB to the browser, with {points:,} points of curves")


def serve(home: Path) -> None:
    """Run the app on a home and look at it."""
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}", "--server.headless=true"],
        cwd=ROOT,
        env=os.environ | {"TAGWISE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
            )
            look(browser.new_page(viewport={"width": 1280, "height": 900}), home, server.pid)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def look(page: Page, home: Path, server: int) -> None:
    """Open the page, move its slider, click its counts, go through its views."""
    project = projects.find(Store(home), "bench")
    page.set_default_timeout(120_000)
    # The first page of a server pays for the imports; this one has no arrays in it.
    projects_page = f"http://127.0.0.1:{PORT}/?project={project.id}"
    first = opened(page, projects_page, "h1")
    floor = statistics.median(opened(page, projects_page, "h1") for _ in range(OPENINGS))
    idle = memory(server)
    address = f"http://127.0.0.1:{PORT}/performance?project={project.id}"
    times = [opened(page, address, CHART) for _ in range(OPENINGS)]
    print(f"the page opens in {times[0]:.2f} s the first time, then in {statistics.median(times[1:]):.2f} s")
    print(f"the Projects page, which has no numbers, in {first:.2f} s the first time, then in {floor:.2f} s")
    print(f"server: {idle} on another page, then {memory(server)} with this one open")
    moves = sorted(page.locator(".explorer").evaluate(SLIDE))
    print(f"slider to redrawn numbers: median {statistics.median(moves):.1f} ms, 95th of 100 {moves[94]:.1f} ms")
    clicks = [clicked(page, place) for place in range(CLICKS + 1)]
    print(
        f"a click on a count to its images: {clicks[0]:.0f} ms the first time, then median "
        f"{statistics.median(clicks[1:]):.0f} ms, slowest {max(clicks[1:]):.0f} ms; server {memory(server)}"
    )
    for view, sign in VIEWS.items():
        took = page.get_by_role("radio", name=view, exact=True).evaluate(CLICK, [[MAIN, sign]])
        print(f"{view}: {took / 1000:.2f} s, server {memory(server)}")


def opened(page: Page, address: str, sign: str) -> float:
    """Seconds until a page has an element that its selector finds."""
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_function(DRAWN, arg=sign)
    return time.perf_counter() - started


def clicked(page: Page, place: int) -> float:
    """Milliseconds from a click on a tag's false negatives to the heading that tells of them and its first image."""
    button = page.locator("tbody tr").nth(place).locator("td.fn button, button.count").last
    button.scroll_into_view_if_needed()
    page.wait_for_timeout(REST_MS)
    number, tag = (button.get_attribute("aria-label") or "").split(" false negatives of ")
    # The element's own click: a mouse's would first wait until the table has come to rest.
    heading, label = f"{number} images tagged {tag} but not answered with it", f"tagged {tag}"
    return button.evaluate(CLICK, [["[data-testid=stMarkdownContainer]", heading], [".gallery .item", label]])


def memory(process: int) -> str:
    """What a process holds in memory, and at most held since this was last asked; Linux alone tells."""
    status = Path(f"/proc/{process}/status").read_text()
    holds, most = (int(status.split(f"{line}:")[1].split()[0]) / 1024 for line in ("VmRSS", "VmHWM"))
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return f"{holds:.0f} MB, at most {most:.0f}"


if __name__ == "__main__":
    main()
