"""How pages of two checkouts compare: seconds to open, layout shift, and words to read; both in one run, in turns.

    python tests/bench/pages.py BEFORE [AFTER] [--rounds 5] [--home FOLDER]

BEFORE and AFTER are checkouts; AFTER is this one if left out. Each looks at a copy of the same home folder: that of
`--home`, or one that BEFORE makes with its sample project, trained twice. Seconds are those until Streamlit says that
its script has run, no grey placeholder is left and, on Performance, the chart is drawn. The layout shift is the
browser's own (https://web.dev/articles/cls), the largest of all rounds. Words are counted in what is visible on
opening, in all and in sentences, which here are texts of at least five words outside tables.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browser import ARGUMENTS, wait_for
from playwright.sync_api import Browser, sync_playwright

from cvcore.projects.samples import SAMPLE
from cvcore.store import Store
from tests.browser.views import WATCH

ROOT = Path(__file__).resolve().parents[2]
PORTS = (8651, 8652)
SETTLE_MS = 2500
PAGES = {
    "Projects": "?",
    "Images": "images?",
    "Images: Upload": "images?view=Upload&images-view=Upload&",
    "Images: Tags": "images?view=Tags&images-view=Tags&",
    "Train": "train?",
    "Performance": "performance?",
    "Performance: Mistakes": "performance?view=Mistakes&",
    "Performance: Compare": "performance?view=Compare&",
    "Quick Test": "quick_test?",
    "Predictions": "predictions?",
    "Publish": "publish?",
}

READY = """(selector) => {
    const roots = [document, ...[...document.querySelectorAll("*")].flatMap((host) => host.shadowRoot ?? [])];
    return document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
        && !document.querySelector("[data-testid=stSkeleton]") && document.querySelector("h1")
        && (!selector || roots.some((root) => root.querySelector(selector)));
}"""
CHART = ".canvas .main-svg"
WORDS = """() => {
    let all = 0, sentences = 0;
    const blocks = new Map();
    const walk = (node, block, table) => {
        if (node.nodeType === Node.TEXT_NODE) {
            const words = node.data.split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word)).length;
            all += words;
            if (!table) blocks.set(block, (blocks.get(block) ?? 0) + words);
            return;
        }
        if (!(node instanceof Element) || node.matches("style, script, svg, option")) return;
        const { display } = getComputedStyle(node);
        const visible = node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
        if (display !== "contents" && !visible) return; // without a box of its own an element counts as invisible
        const inline = display.startsWith("inline") && !node.matches("button, a");
        const own = inline ? block : node;
        for (const child of (node.shadowRoot ?? node).childNodes) walk(child, own, table || node.matches("table"));
    };
    walk(document.querySelector("[data-testid=stMain]"), null, false);
    for (const words of blocks.values()) if (words >= 5) sentences += words;
    return { all, sentences };
}"""


@dataclass
class Measured:
    """What was seen of a page of one checkout."""

    seconds: list[float] = field(default_factory=list)
    shift: float = 0.0
    words: dict[str, int] = field(default_factory=dict)


def main() -> None:
    """Print a line for each page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path, nargs="?", default=ROOT)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    checkouts = (options.before.resolve(), options.after.resolve())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        home = options.home or made(folder / "made", checkouts[0])
        store = Store(shutil.copytree(home, folder / "looked-up"))
        project = store.projects.all()[0].id
        store.close()
        for name, checkout, port in zip(("before", "after"), checkouts, PORTS, strict=True):
            stack.callback(stopped, started(checkout, shutil.copytree(home, folder / name), port))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        compare(browser, project, options.rounds)
        browser.close()


def compare(browser: Browser, project: str, rounds: int) -> None:
    """Open every page of both servers in turns, and print what was seen."""
    print(f"{'page':24} seconds before  after  ratio   shift before  after   words before  after   in sentences")
    for name, path in PAGES.items():
        seen = (Measured(), Measured())
        for turn in range(rounds + 1):
            for port, measured in zip(PORTS, seen, strict=True):
                look(browser, f"http://127.0.0.1:{port}/{path}project={project}", measured, is_first=turn == 0)
        before, after = (statistics.median(measured.seconds) for measured in seen)
        print(
            f"{name:24} {before:14.2f} {after:6.2f} {after / before:6.2f} {seen[0].shift:14.3f} {seen[1].shift:6.3f}"
            f" {seen[0].words['all']:14} {seen[1].words['all']:6}"
            f" {seen[0].words['sentences']:10} {seen[1].words['sentences']:6}"
        )


def look(browser: Browser, address: str, measured: Measured, *, is_first: bool) -> None:
    """Open a page as somebody who was never here; the first opening warms the server and is not counted as time."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(WATCH)
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_function(READY, arg=CHART if "/performance?project" in address else "", timeout=60_000)
    if not is_first:
        measured.seconds.append(time.perf_counter() - start)
    page.wait_for_timeout(SETTLE_MS)
    measured.shift = max(measured.shift, float(page.evaluate("window.shift")))
    measured.words = page.evaluate(WORDS)
    context.close()


def made(home: Path, checkout: Path) -> Path:
    """A home with the sample project of a checkout, trained twice."""
    for command in (["sample"], ["train", SAMPLE], ["train", SAMPLE, "--force"]):
        subprocess.run(
            [sys.executable, "-m", "cvcore.cli", *command], cwd=checkout, env=environment(checkout, home), check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return home


def started(checkout: Path, home: Path, port: int) -> subprocess.Popen[bytes]:
    """A checkout's server on a home folder."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(
        command, cwd=checkout, env=environment(checkout, home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(f"http://127.0.0.1:{port}/_stcore/health")
    return server


def stopped(server: subprocess.Popen[bytes]) -> None:
    """Stop a server."""
    server.terminate()
    server.wait()


def environment(checkout: Path, home: Path) -> dict[str, Any]:
    """The variables under which a checkout's own code runs on a home folder."""
    return os.environ | {"TAGWISE_HOME": str(home), "PYTHONPATH": str(checkout)}


if __name__ == "__main__":
    main()
