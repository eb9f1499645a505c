"""What a person waits for in Chromium: pages of 2,000 images to open, and a slider key to redraw the numbers.

    python tests/bench/browser.py [--images 2000]

The images are drawn, the numbers scripted: what is measured is the app, not a network.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from playwright.sync_api import Page, sync_playwright

from cvcore import evaluation, projects, training
from cvcore.files import blobs
from cvcore.networks import backbones
from cvcore.projects import tagging, uploads
from cvcore.records import Evaluation, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.steps import pipeline

ROOT = Path(__file__).resolve().parents[2]
PORT = 8765
TAGS = 20
MOVES = 100
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Runs in the page: each move as a key would make it, with the layout that follows forced into the measurement.
SLIDE = """(moves) => {
    const find = (node) => node.querySelector?.("#threshold")
        ?? [...node.querySelectorAll("*")].map((each) => each.shadowRoot && find(each.shadowRoot)).find(Boolean);
    const slider = find(document), times = [];
    for (let move = 0; move < moves; move++) {
        const start = performance.now();
        slider.value = move % 100;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        slider.getBoundingClientRect();
        times.push(performance.now() - start);
    }
    return times;
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        project = fill(Store(Path(home)), options.images)
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}", "--server.headless=true"],
            cwd=ROOT,
            env=os.environ | {"TAGWISE_HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
            look(project, options.images)
        finally:
            server.terminate()
            server.wait()


def look(project: Project, images: int) -> None:
    """Open pages and move the slider in a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        page = browser.new_page()
        address = f"http://127.0.0.1:{PORT}"
        for name, ready in (("images", f"{images:,} images"), ("performance", "Probability threshold")):
            times = [opened(page, f"{address}/{name}?project={project.id}", ready) for _ in range(5)]
            again = statistics.median(times[1:])
            print(f"{name} with {images:,} images opens in {again:.2f} s (the first time {times[0]:.2f} s)")
        page.wait_for_selector(".canvas .main-svg")
        slide(page, f"{TAGS} tags")
        page.locator(".explorer .tag button").first.click()
        page.locator(".strip-tile").first.wait_for()
        slide(page, f"with a strip of {page.locator('.strip-tile').count()} images")
        browser.close()


def slide(page: Page, what: str) -> None:
    """Move the slider, and print how long a move takes."""
    moves = sorted(page.evaluate(SLIDE, MOVES))
    print(
        f"slider to redrawn numbers, {what}: median {statistics.median(moves):.1f} ms, 95th of 100 {moves[94]:.1f} ms"
    )


def opened(page: Page, address: str, ready: str) -> float:
    """Seconds until a page shows a text that needs all of its data."""
    started = time.perf_counter()
    page.goto(address)
    page.get_by_text(ready).first.wait_for()
    return time.perf_counter() - started


def fill(store: Store, images: int) -> Project:
    """A project of drawn images and one iteration with scripted probabilities."""
    project = projects.create(store, "bench", domain="Built-in")
    tags = tagging.ensure(store, project, [f"tag {number:02}" for number in range(TAGS)], limits=Limits())
    random = np.random.default_rng(0)
    for number in range(images):
        path = store.home / "one.png"
        Pillow.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).resize((224, 224)).save(path)
        uploads.add(
            store, project, f"{number}.png", path.read_bytes(), tag_ids=[tags[number % TAGS].id], limits=Limits()
        )
    job = training.start(store, project)
    iteration = store.iterations.get(job.iteration_id or "")
    truth = pipeline.truth_matrix(store.iterations.images(iteration.id), TAGS)
    scores = random.normal(size=truth.shape) + 3 * truth
    probabilities = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)
    rows = np.arange(images)
    built_in = backbones.built_in()
    kernel, bias = np.zeros((built_in.dimension, TAGS), np.float32), np.zeros(TAGS, np.float32)
    out_of_fold = evaluation.OutOfFold(truth, probabilities, rows % 5, rows, kernel, bias, multilabel=False)
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        scores = evaluation.save(folder, out_of_fold)
    store.iterations.complete(
        iteration.id,
        backbone=built_in.name,
        fingerprint=built_in.fingerprint,
        evaluation=Evaluation("k-fold", 5, 0),
        scores=scores,
    )
    store.jobs.finish(job.id, "done")
    return project


def wait_for(address: str) -> None:
    """Wait until the server answers, for a minute at most."""
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"{address} does not answer")


if __name__ == "__main__":
    main()
