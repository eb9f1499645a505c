"""How fast the map opens in Chromium and follows the pointer, and the server's memory, without a graphics card.

    python tests/bench/map_browser.py [--images 100000] [--tags 100] [--home FOLDER] [--rounds 5]

Rows, probabilities and places are drawn; there are no files of images. With a folder, the home stays there for the next
run. Opened is when the page says how many points it has and has drawn them. Frames are those of four seconds in which
the map is dragged with every frame. Memory is the server's resident size, beside its size while the page Projects was
open: with the map open, a second after it was drawn, and the most since Projects was left.
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

import numpy as np
from browser import ARGUMENTS, wait_for
from playwright.sync_api import Page, sync_playwright
from review import fill

from cvcore import analyses, image_maps, projects
from cvcore.image_maps import ImageMap
from cvcore.records import MULTICLASS
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[2]
PORT = 8658
FLAGS = ["--server.headless=true", "--server.fileWatcherType=none"]  # as `tagwise serve` has them
DRAG_S = 4.0

READY = """(number) => [...document.querySelectorAll("*")].some((host) => {
    const root = host.shadowRoot ?? host;
    return root.querySelector?.(".map .count")?.textContent.includes(` of ${number} `);
})"""
FRAMES = """(canvas, seconds) => new Promise((done) => {
    let frames = 0;
    const start = performance.now();
    const next = () => {
        frames += 1;
        const passed = (performance.now() - start) / 1000;
        const [x, y] = [200 + ((200 * passed) % 150), 200 + ((100 * passed) % 80)];
        const move = new PointerEvent("pointermove", { pointerId: 1, clientX: x, clientY: y, bubbles: true });
        canvas.dispatchEvent(move);
        if (passed < seconds) requestAnimationFrame(next);
        else done(frames / passed);
    };
    requestAnimationFrame(next);
})"""
# Waits until what was asked to be drawn stands on the screen.
SHOWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        if not (home / "tagwise.db").exists():
            # In a process of its own, so that what it takes is not counted.
            filling = multiprocessing.get_context("spawn").Process(
                target=fill_in, args=(home, options.images, options.tags)
            )
            filling.start()
            filling.join()
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}", *FLAGS],
            cwd=ROOT,
            env=os.environ | {"TAGWISE_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
            look(server.pid, options.images, options.rounds)
        finally:
            server.terminate()
            server.wait()


def fill_in(home: Path, images: int, tags: int) -> None:
    """A project with one iteration and its map: a cloud for each tag."""
    fill(home, MULTICLASS, images, tags)
    store = Store(home)
    iteration = store.iterations.trained(projects.find(store, "bench").id)[0]
    random = np.random.default_rng(0)
    middles = random.uniform(-0.9, 0.9, (tags, 2))
    places = middles[np.arange(images) % tags] + 0.05 * random.standard_normal((images, 2))
    made = ImageMap(
        np.clip(places, -1, 1).astype(np.float32),
        random.standard_normal((images, 82)).astype(np.float16),
        np.zeros(1472, np.float32),
        np.zeros((1472, 50), np.float32),
        np.zeros(tags, np.float32),
        np.zeros((tags, 32), np.float32),
        trust=np.asarray(0.9),
        fingerprint=np.asarray("none"),
    )
    analyses.save(store, iteration, image_maps.FILE, made)


def look(server: int, images: int, rounds: int) -> None:
    """Open the map in a browser a few times, then drag it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=[*ARGUMENTS, "--enable-unsafe-swiftshader"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        address = f"http://127.0.0.1:{PORT}"
        page.goto(address)
        page.get_by_text("bench").first.wait_for()
        time.sleep(1)
        idle = resident_mb(server, "VmRSS")
        Path(f"/proc/{server}/clear_refs").write_text("5", "utf-8")  # the most is counted from here
        before = computed_s(server)
        seconds = [opened(page, f"{address}/performance?view=Map", images) for _ in range(rounds)]
        computed = (computed_s(server) - before) / rounds
        time.sleep(1)
        now, most = (resident_mb(server, name) for name in ("VmRSS", "VmHWM"))
        print(
            f"map of {images:,} images opens in {statistics.median(seconds[1:]):.1f} s (the first time "
            f"{seconds[0]:.1f} s; of each the server computed {computed:.1f} s), {dragged(page):.0f} frames/s; "
            f"server {idle:.0f} MB idle, {now - idle:.0f} MB more "
            f"with the map open, {most - idle:.0f} MB more at the most"
        )
        browser.close()


def opened(page: Page, address: str, images: int) -> float:
    """Seconds until the map is drawn."""
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_function(READY, arg=f"{images:,}", timeout=90_000)
    page.evaluate(SHOWN)
    return time.perf_counter() - started


def dragged(page: Page) -> float:
    """Frames a second while the map is moved with each of them."""
    page.get_by_role("button", name="Move", exact=True).click()
    canvas = page.locator("canvas.points")
    canvas.hover()
    page.mouse.down()
    frames = float(canvas.evaluate(FRAMES, DRAG_S))
    page.mouse.up()
    return frames


def computed_s(process: int) -> float:
    """Seconds that a process has computed, all threads together; other work on the machine changes them little."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(process: int, name: str) -> float:
    """Megabytes that a process holds, by that name in Linux's `status`."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


if __name__ == "__main__":
    main()
