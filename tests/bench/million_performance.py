"""What the Performance page costs with a million images and a hundred tags: seconds, and the server's memory.

    python tests/bench/million_performance.py HOME [--project million] [--rounds 5] [--only NAME]

HOME is one that `million.py` has made. The real server runs on it, with its worker, and a tab without a browser speaks
Streamlit's protocol (`tab.py`), so that nothing is drawn: each line is the time until the server has sent all. Before
each line stands what it should take. The memory is what the process holds and, at most, held during the line; mapped
files are in it. `explorer.py HOME` measures the slider and the charts in Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from browser import wait_for
from tab import Failed, Tab

from cvcore import projects
from cvcore.evaluation import drill_down, review
from cvcore.metrics import confusion
from cvcore.metrics.confusion import TagOutcome
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[2]
PORT = 8613
OPEN_MS, CLICK_MS, MEMORY_MB = 2000, 300, 500
VIEWS = ("Numbers", "Mistakes", "Compare", "Thresholds", "Calibration", "Download", "Presenter")
LAST_VIEWS = ("Map", "Slices")
# What a click opens stands in the address, too: so it is opened as a link to it would be.
LISTS = ("fn-{tag}", "fp-{tag}", "tp-{tag}", "tn-{tag}")
REVIEWED = ("cell-{tag}-{other}", "cell-{tag}-{tag}", "label_issues", "hardest", "duplicates")


@dataclass
class Bench:
    """The tab, its server, and the lines that are wanted."""

    tab: Tab
    server: int
    project: str
    rounds: int
    only: str
    failures: list[str] = field(default_factory=list)

    async def line(self, name: str, target_ms: int, act: Callable[[int], Awaitable[None]]) -> None:
        """Do something several times, each a little otherwise, and print how long it took."""
        if self.only not in name:
            return
        memory(self.server)
        times, cpu = [], cpu_s(self.server)
        for turn in range(self.rounds + 1):
            started = time.perf_counter()
            try:
                await act(turn)
            except Failed as error:
                print(f"{name:34} {target_ms:7} {error}", flush=True)
                return
            times.append(1000 * (time.perf_counter() - started))
        cpu = (cpu_s(self.server) - cpu) / len(times)
        again = sorted(times[1:])
        late = again[min(len(again) - 1, round(0.95 * len(again)))]
        holds, most = memory(self.server)
        print(
            f"{name:34} {target_ms:7} {times[0]:7.0f} {statistics.median(again):7.0f} {late:7.0f}"
            f" {1000 * cpu:9.0f} {holds:8.0f} {most:8.0f}",
            *self.failures,
            flush=True,
        )
        self.failures.clear()

    async def open(self, **parameters: str) -> None:
        """Open the page as a new tab does."""
        query = "&".join(f"{key}={value}" for key, value in ({"project": self.project} | parameters).items())
        await self.tab.open(f"performance?{query}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--project", default="million")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="lines that have this in their names")
    options = parser.parse_args()
    store = Store(options.home)
    project = projects.find(store, options.project)
    clicks(store, project.id, options.rounds)
    store.close()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}", "--server.headless=true"],
        cwd=ROOT,
        env=os.environ | {"TAGWISE_HOME": str(options.home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
        asyncio.run(look(server.pid, project.id, options.rounds, options.only))
    finally:
        server.terminate()
        server.wait()


async def look(server: int, project: str, rounds: int, only: str) -> None:
    """Open every view, and the images behind counts."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", timeout=90, follow_redirects=True) as http:
        tab = Tab(http, polled=lambda _took, _cut: None, failed=lambda _text: None)
        bench = Bench(tab, server, project, rounds, only)
        tab.failed = bench.failures.append
        print(f"load {os.getloadavg()[0]:.1f}; memory of the server should stay below {MEMORY_MB} MB")
        print(f"{'milliseconds':34}  target   first  median    95 %  CPU each  MB held  at most")
        await bench.line("Projects, for comparison", OPEN_MS, lambda _: tab.open(f"?project={project}"))
        for view in VIEWS:
            await bench.line(f"open {view}", OPEN_MS, lambda _, view=view: bench.open(view=view))
        for view, lists in (("Numbers", LISTS), ("Mistakes", REVIEWED)):
            for shown in lists:
                await opened(bench, view, shown)
        await bench.line(
            "Mistakes at another threshold",
            OPEN_MS,
            lambda turn: bench.open(view="Mistakes", threshold=f"{0.4 + turn / 100:.2f}"),
        )
        for view in LAST_VIEWS:
            await bench.line(f"open {view}", OPEN_MS, lambda _, view=view: bench.open(view=view))
        await bench.line("open a slice", OPEN_MS, lambda turn: bench.open(view="Slices", slice=f"site=site {turn}"))
        await tab.close()


async def opened(bench: Bench, view: str, shown: str) -> None:
    """The images behind counts of one tag after the other, and the next pages of the last one."""

    def place(turn: int) -> str:
        return shown.format(tag=7 * turn + 1, other=7 * turn + 2)

    name = f"{view}: images of {place(0)}"
    await bench.line(name, CLICK_MS, lambda turn: bench.open(view=view, images=place(turn)))
    if bench.only in (name := f"{view}: next page of {place(0)}"):
        await bench.open(view=view, images=place(0))
        await bench.line(name, CLICK_MS, lambda turn: next_page(bench.tab, turn))


async def next_page(tab: Tab, turn: int) -> None:
    """Choose the page after the one that is shown, if there are several."""
    for pages in tab.all("pagination")[:1]:
        value: dict[str, Any] = {"int_value": turn + 2}
        await tab.set({pages.content.id: value}, of=pages)


def clicks(store: Store, project: str, rounds: int) -> None:
    """Print what a click on a count asks of the server, short of drawing: its images, and the first page of them."""
    iteration = store.iterations.trained(project)[0]
    for outcome in confusion.OUTCOMES:
        times = []
        for turn in range(rounds + 1):
            started = time.perf_counter()
            listed = drill_down.images_behind(store, iteration, 0.5, TagOutcome(7 * turn + 1, outcome))
            review.page(store, iteration, 0.5, listed)
            times.append(1000 * (time.perf_counter() - started))
        again = f"{times[0]:7.0f} {statistics.median(times[1:]):7.0f} {max(times[1:]):7.0f}"
        print(f"{f'short of drawing: {outcome}':34} {CLICK_MS:7} {again}", flush=True)


def memory(process: int) -> tuple[float, float]:
    """The megabytes that a process holds, and at most held since this was last asked; Linux alone tells."""
    status = Path(f"/proc/{process}/status").read_text()
    holds, most = (int(status.split(f"{line}:")[1].split()[0]) / 1024 for line in ("VmRSS", "VmHWM"))
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return holds, most


def cpu_s(process: int) -> float:
    """The seconds that a process has computed, in all its threads."""
    times = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
