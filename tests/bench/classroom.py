"""A class of thirty at work: what each pupil waits for, and whether anything fails or is lost.

    python tests/bench/classroom.py [--pupils 30] [--minutes 10] [--seed 1] [--hurry] [--no-live] [--log FILE]

`tagwise serve` runs with a class opened. Each pupil joins by the code, creates a project, uploads 30 drawn photos under
two tags and trains; then, in any order, with a pause of 1 to 4 s before each click: opens pages, moves the threshold,
tests a photo, holds a live camera for some seconds, adds photos and trains again. Every minute the Wi-Fi goes for a
second: a proxy between pupils and server cuts all connections and refuses new ones. Pupils are clients of Streamlit's
protocol (tab.py): all that the server does is real, but nothing is drawn, so seconds are those until the page has run
and arrived. They work on the same machine as the server and take a part of it.

At the end the homes are read: each image that a page called stored must be there with its tag and its bytes, and each
training that was started must have ended. PASS is: no error, nothing lost, each kind of page under a second (median).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import httpx2
from pupils import PAGE, Log, Pupil, Wifi
from running import children, resident_bytes
from tab import Tab

from cvcore import classroom
from cvcore.files import blobs
from cvcore.records import Image
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[2]
PORTS = (8640, 8641)
START_S, END_S = 90.0, 120.0
PAGE_MOST_S = 1.0
SHOWN_ERRORS = 20


def main() -> None:
    """Run the lesson and print what came of it; the exit code is 1 unless it passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pupils", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hurry", action="store_true", help="click without a pause: more than hands can do")
    parser.add_argument("--no-live", action="store_true", help="without live cameras")
    parser.add_argument("--log", type=Path, help="keep what the server said in this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        store = Store(home)
        teacher = classroom.set_password(store, "chalk and sponge")
        code = classroom.open_class(store, "4b").code
        log, memory = Log(), defaultdict[str, int](int)
        wifi = Wifi(PORTS[1], PORTS[0])
        pupils = [
            Pupil(number, wifi, log, options.seed, hurries=options.hurry) for number in range(1, options.pupils + 1)
        ]
        with (Path(folder) / "log.txt").open("w") as output, served(home, output) as server:
            lesson = learn(
                Lesson(store, pupils, wifi, code, 60 * options.minutes, is_live=not options.no_live), teacher
            )
            asyncio.run(_with_memory(lesson, server.pid, memory))
            lost = missing(store, log)
        said = (Path(folder) / "log.txt").read_text("utf-8", errors="replace")
        if options.log:
            options.log.write_text(said, "utf-8")
        log.errors += [f"the server's log: {line}" for line in said.splitlines() if re.match(r"[\w.]*Error\b", line)]
        store.close()
    sys.exit(report(log, lost, memory, wifi.outages))


@contextlib.contextmanager
def served(home: Path, output: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    """`tagwise serve` on that home."""
    environ = os.environ | {"TAGWISE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    environ["STREAMLIT_SERVER_FILE_WATCHER_TYPE"] = "none"
    command = [sys.executable, "-m", "cvcore.cli", "serve", "--port", f"{PORTS[0]}"]
    process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
    try:
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORTS[0]}/_stcore/health"):
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.2)
        yield process
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Lesson:
    """What a lesson needs."""

    store: Store
    pupils: list[Pupil]
    wifi: Wifi
    code: str
    seconds: float
    is_live: bool

    @property
    def log(self) -> Log:
        """Where it is written down."""
        return self.pupils[0].log


async def learn(lesson: Lesson, cookie: str) -> None:
    """All pupils at once, over the Wi-Fi, while the teacher's own page shows the class."""
    address, cookies = f"http://127.0.0.1:{PORTS[0]}", {classroom.COOKIE: cookie}
    async with httpx2.AsyncClient(base_url=address, cookies=cookies, timeout=60, trust_env=False) as http:
        teacher = Tab(http, partial(lesson.log.add, "teacher's poll"), lesson.log.errors.append)
        await teacher.open("class")
        network = [asyncio.create_task(each) for each in (lesson.wifi.serve(), lesson.wifi.go_each_minute())]
        await asyncio.sleep(0.1)
        at_work = (
            each.learn(lesson.store, lesson.code, lesson.seconds, is_live=lesson.is_live) for each in lesson.pupils
        )
        for outcome in await asyncio.gather(*at_work, return_exceptions=True):
            if isinstance(outcome, BaseException):
                lesson.log.errors.append(f"a pupil stopped: {outcome!r}")
        for task in network:
            task.cancel()
        await asyncio.gather(*network, return_exceptions=True)
        await teacher.close()


async def _with_memory(lesson: Coroutine[Any, Any, None], pid: int, memory: dict[str, int]) -> None:
    """Run the lesson, and keep the most memory that the server and its worker had, in bytes."""
    task = asyncio.ensure_future(lesson)
    while not task.done():
        for name, each in (("server", [pid]), ("worker", children(pid))):
            for process in each:
                memory[name] = max(memory[name], resident_bytes(process))
        await asyncio.sleep(2)
    await task


def missing(store: Store, log: Log) -> list[str]:
    """What was promised to pupils and is not in their homes."""
    lost = []
    for pupil in store.pupils.all():
        own = classroom.store_of(store, pupil)
        images: dict[str, Image] = {}
        names: dict[str, str] = {}
        for project in own.projects.all():
            names |= {tag.id: tag.name for tag in own.tags.of_project(project.id)}
            images |= {image.sha256: image for image in own.images.page(project.id, take=10_000)}
        for digest, tag in log.stored[pupil.nickname].items():
            image = images.get(digest)
            if image is None or tag not in [names[each] for each in image.tag_ids]:
                lost.append(f"{pupil.nickname}: {digest[:8]} is {'without its tag' if image else 'not there'}")
            elif blobs.sha256(blobs.original_path(own.home, digest).read_bytes()) != digest:
                lost.append(f"{pupil.nickname}: {digest[:8]} has other bytes")
        lost += _not_ended(own, pupil.nickname, log.trainings[pupil.nickname])
    return lost


def _not_ended(own: Store, name: str, started: int) -> list[str]:
    """Trainings that did not end well, within some time."""
    deadline = time.monotonic() + END_S
    while True:
        found = [each for project in own.projects.all() for each in own.iterations.of_project(project.id)]
        if all(each.status == "Completed" for each in found) and len(found) >= started:
            return []
        if time.monotonic() > deadline:
            return [f"{name}: {started} trainings were started, there are {[each.status for each in found]}"]
        time.sleep(1)


def report(log: Log, lost: list[str], memory: dict[str, int], outages: int) -> int:
    """Print it all; returns the exit code."""
    print(f"{'seconds':28} {'times':>7} {'median':>7} {'95 %':>7} {'most':>7}   with the Wi-Fi going: times, median")
    for kind in sorted({*log.seconds, *log.during_outages}):
        apart = log.during_outages.get(kind, [])
        print(f"{kind:28} {_figures(log.seconds.get(kind, []))}   {len(apart):5} {_median(apart):7.2f}")
    stored, trainings = sum(map(len, log.stored.values())), log.trainings.total()
    print(f"{stored:,} images promised, {trainings} trainings started, the Wi-Fi went {outages} times")
    print(", ".join(f"{name} {size / 2**20:,.0f} MB at most" for name, size in sorted(memory.items())))
    if log.refused_frames:
        print("frames refused:", dict(log.refused_frames))
    for title, lines in (("errors", log.errors), ("lost", lost)):
        print(f"{title}: {len(lines)}", *lines[:SHOWN_ERRORS], sep="\n  ")
    slow = [kind for kind, each in log.seconds.items() if kind.startswith(PAGE) and _median(each) >= PAGE_MOST_S]
    is_passed = not (log.errors or lost or slow)
    print("PASS" if is_passed else f"FAIL{': slow are ' + ', '.join(slow) if slow else ''}")
    return 0 if is_passed else 1


def _figures(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [float("nan")]
    high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{len(seconds):7} {_median(seconds):7.2f} {high:7.2f} {ordered[-1]:7.2f}"


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) if seconds else float("nan")


if __name__ == "__main__":
    main()
