"""What the threshold explorer costs where there are many images and tags, with drawn probabilities.

    python tests/bench/explorer.py [--images 100000] [--tags 100] [--multilabel]

Prints the seconds to compute what it shows, the memory that takes, the bytes sent to the browser, and how long a move
of the slider takes there.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from browser import wait_for
from playwright.sync_api import sync_playwright

from cvcore import curves, evaluation
from cvcore.evaluation import Judged
from pages.parts import threshold_explorer

ROOT = Path(__file__).resolve().parents[2]
PORT = 8612
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

APP = """
import streamlit as st
from cvcore.api import assets

app = st.App("script.py", routes=assets.routes())
"""
SCRIPT = """
from pathlib import Path

import streamlit as st
from cvcore import evaluation
from pages.parts.threshold_explorer import TagRow, show

st.set_page_config(layout="wide")
judged = evaluation._load(Path({path!r}))
show(tags=[TagRow(f"tag {{i}}", "Regular") for i in range({tags})], sweep=evaluation._sweep(judged),
     curves=evaluation._steps(judged), threshold=0.5, multilabel={multilabel}, signature="bench", key="explorer")
"""

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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--multilabel", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        judged = drawn(options.images, options.tags, multilabel=options.multilabel)
        evaluation.save(Path(folder), judged)
        del judged
        path = Path(folder) / evaluation.ARRAYS
        compute(path)
        script = SCRIPT.format(path=str(path), tags=options.tags, multilabel=options.multilabel)
        (Path(folder) / "script.py").write_text(script, "utf-8")
        (Path(folder) / "app.py").write_text(APP, "utf-8")
        look(Path(folder) / "app.py")


def drawn(images: int, tags: int, *, multilabel: bool) -> Judged:
    """A middling model of 3 % positives a tag, or of one tag an image."""
    random = np.random.default_rng(0)
    truth = random.random((images, tags)) < 0.03
    if not multilabel:
        truth = random.integers(tags, size=images)[:, None] == np.arange(tags)
    scores = random.normal(size=truth.shape).astype(np.float32) * np.float32(1.5) + 4 * truth - 3
    odds = np.exp(scores)
    probabilities = odds / (1 + odds) if multilabel else odds / odds.sum(axis=1, keepdims=True)
    rows, none = np.arange(images), np.zeros((1, tags), np.float32)
    return Judged(truth, probabilities.astype(np.float32), rows % 5, rows, none, none[0], multilabel)


def compute(path: Path) -> None:
    """Time what the page asks for, in the order in which it asks."""
    times = {}
    for run in ("cold", "cached"):
        started = time.perf_counter()
        judged = evaluation._load(path)
        loaded = time.perf_counter()
        swept, steps = evaluation._sweep(judged), evaluation._steps(judged)
        times[run] = loaded - started, time.perf_counter() - loaded
        print(f"{run}: {times[run][0]:.2f} s to load, {times[run][1]:.2f} s to compute")
    sent = threshold_explorer._tables_json.__wrapped__("bench", swept, steps)
    points = sum(len(each.tp) for each in steps)
    print(
        f"{len(sent) / 1e3:.0f} kB to the browser, with {points:,} points of curves of at most {curves.POINTS:,} more"
    )


def look(app: Path) -> None:
    """Open the explorer in a browser and move its slider."""
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={PORT}", "--server.headless=true"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
            )
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{PORT}/_stcore/health")
            page.goto(f"http://127.0.0.1:{PORT}/")
            page.locator(".canvas .main-svg").first.wait_for(state="attached", timeout=60_000)
            moves = sorted(page.locator(".explorer").evaluate(SLIDE))
            print(
                f"slider to redrawn numbers: median {statistics.median(moves):.1f} ms, 95th of 100 {moves[94]:.1f} ms"
            )
            browser.close()
    finally:
        server.terminate()
        server.wait()
    # The server is the only child that was waited for with arrays in it.
    print(f"the server at its most: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
