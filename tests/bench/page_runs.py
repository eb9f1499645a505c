"""What one run of each page, and an idle tab, take of the server: processor, messages, bytes; two checkouts in turns.

    python tests/bench/page_runs.py [BEFORE] [AFTER] [--rounds 5] [--runs 12] [--only Images]

BEFORE and AFTER are checkouts; without them this one alone is measured. Each serves a copy of the same home folder: a
class with one pupil, who has the sample project, trained once. The tab is the pupil's (tab.py): it draws nothing, and
what it takes itself is not counted. Milliseconds are those of processor that the web process took with all its threads,
the median of the rounds; a busy machine changes them little, unlike the seconds that somebody waits.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from running import ROOT, App, processor_s
from tab import Tab

from cvcore import classroom
from cvcore.projects.samples import SAMPLE
from cvcore.store import Store

PAGES = {
    "Projects": ("", ""),
    "Images": ("images", ""),
    "Images: Upload": ("images", "images-view=Upload"),
    "Train": ("train", ""),
    "Performance": ("performance", "view=Numbers"),
    "Performance: Mistakes": ("performance", "view=Mistakes"),
    "Quick Test": ("quick_test", ""),
    "Predictions": ("predictions", ""),
    "Publish": ("publish", ""),
    "Class": ("class", ""),
}
MOVED = "Threshold moved"
IDLE, IDLE_TABS, IDLE_S = "Idle tab, a minute", 10, 15.0
SETTLE_S = 0.1

Measured = dict[str, list[float]]


@dataclass(frozen=True)
class Site:
    """A checkout that is served, and the cookie of the pupil in its class."""

    app: App
    cookie: str


@dataclass
class CountingTab(Tab):
    """A tab that counts what comes."""

    messages: int = 0
    received_bytes: int = 0

    def _take(self, message: Any) -> None:
        self.messages += 1
        self.received_bytes += message.ByteSize()
        super()._take(message)


def main() -> None:
    """Print a line for each page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, nargs="?", default=ROOT)
    parser.add_argument("after", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--only", default="", help="measure only what begins so")
    options = parser.parse_args()
    checkouts = [options.before.resolve(), *([options.after.resolve()] if options.after else [])]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        made = Path(folder) / "made"
        cookie = furnish(made)
        sites = []
        for number, checkout in enumerate(checkouts):
            place = Path(folder) / f"{number}"
            shutil.copytree(made, place / "home")
            app = App(place, root=checkout)
            app.start()
            stack.callback(app.stop)
            sites.append(Site(app, cookie))
        asyncio.run(compare(sites, options))


def furnish(home: Path) -> str:
    """A class with a pupil who has the sample project, trained; returns the pupil's cookie."""
    store = Store(home)
    classroom.set_password(store, "chalk and sponge")
    pupil, cookie = classroom.join(store, classroom.open_class(store, "4b").code, "Ada")
    own = classroom.store_of(store, pupil).home
    for command in (["sample"], ["train", SAMPLE]):
        subprocess.run(
            [sys.executable, "-m", "cvcore.cli", *command], cwd=ROOT, env=App(own.parent).environ(own), check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    store.close()
    return cookie


async def compare(sites: list[Site], options: argparse.Namespace) -> None:
    """Measure all sites in turns, and print what was measured."""
    measured = [defaultdict[str, list[float]](list) for _ in sites]
    shown: dict[str, list[tuple[float, float]]] = {}
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(opened(site)) for site in sites]
        for _ in range(options.rounds):
            for kind in (each for each in (*PAGES, MOVED) if each.startswith(options.only)):
                shown[kind] = [
                    await run(site, tab, kind, options.runs, found)
                    for site, tab, found in zip(sites, tabs, measured, strict=True)
                ]
    if IDLE.startswith(options.only):
        for site, found in zip(sites, measured, strict=True):
            found[IDLE].append(await idle(site))
    for kind in measured[0]:
        medians = [statistics.median(found[kind]) for found in measured]
        milliseconds = " ".join(f"{1000 * each:8.1f}" for each in medians)
        came = "   ".join(f"{messages:4.0f} {size / 1024:6.1f}" for messages, size in shown.get(kind, []))
        print(f"{kind:24} ms {milliseconds}  {medians[-1] / medians[0]:5.2f}   messages, KiB {came}")


async def run(site: Site, tab: CountingTab, kind: str, runs: int, found: Measured) -> tuple[float, float]:
    """Run a page several times; returns the messages and bytes that came each time."""
    await visit(site, tab, kind, 0)
    start, messages, size = processor_s(site.app.pid()), tab.messages, tab.received_bytes
    for turn in range(runs):
        await visit(site, tab, kind, turn)
    # What the server still does once the page is there.
    await asyncio.sleep(SETTLE_S)
    found[kind].append((processor_s(site.app.pid()) - start) / runs)
    return (tab.messages - messages) / runs, (tab.received_bytes - size) / runs


async def visit(site: Site, tab: Tab, kind: str, turn: int) -> None:
    """Run a page; or on Mistakes, which must be open, move the threshold."""
    if kind != MOVED:
        name, query = PAGES[kind]
        await tab.go(name, query)
        return
    if not tab.all("slider"):
        await tab.go("performance", "view=Mistakes")
    slider = tab.find("slider", "Probability threshold")
    await tab.set({slider.content.id: {"double_array_value": {"data": [float(40 + turn % 20)]}}}, of=slider)


async def idle(site: Site) -> float:
    """Seconds of processor that a tab takes in a minute in which nobody does anything."""
    async with AsyncExitStack() as stack:
        for _ in range(IDLE_TABS):
            await (await stack.enter_async_context(opened(site))).go("images", "")
        start, since = processor_s(site.app.pid()), time.monotonic()
        await asyncio.sleep(IDLE_S)
        return (processor_s(site.app.pid()) - start) / IDLE_TABS * 60 / (time.monotonic() - since)


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[CountingTab]:
    """The pupil's tab, which has opened the first page."""
    address, cookies = f"http://127.0.0.1:{site.app.port}", {classroom.COOKIE: site.cookie}
    async with httpx2.AsyncClient(base_url=address, cookies=cookies, timeout=60, trust_env=False) as http:
        tab = CountingTab(http, lambda seconds, was_cut: None, fail)
        await tab.open("")
        try:
            yield tab
        finally:
            await tab.close()


def fail(words: str) -> None:
    """End the measurement: a page that shows an error measures something else."""
    raise SystemExit(words)


if __name__ == "__main__":
    main()
