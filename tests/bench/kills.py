"""Kill -9 at random moments: is anything lost that was answered, does a half-written file stay, does all open again.

    python tests/bench/kills.py [--kills 200] [--seed 1] [--keep FOLDER]

The real app (`tagwise serve`, with its worker) runs on a home folder in a temporary folder. In each round one activity
of `activities.py` goes on, beside uploading, tagging or training through the API. At a moment that the seed chooses the
web process, the worker or both are killed; a command that works at that moment is killed too in two of three rounds,
else it must come to its end. A tenth of the rounds kill the opening of a home of an older schema.

Then the app starts again, or its worker by itself, and all of this must hold:

- each image, tag and project that was answered with 200, or by a command that exited 0, is there; `tagwise check` has
  read every file and finds nothing damaged; a file in the place of an original is whole, whether a row names it or not;
- every training that was promised ends as Completed, and files that were written stay as they were;
- every project opens: in the API's lists, and on its pages (`tab.py`) at the end of each home, which sees 20 kills;
- an hour later, that is with all files made an hour older, what was half-written is gone once a worker has started.

Files that were written completely and that no row names yet are counted as left over: `tagwise check --mend` removes
them. PASS is: nothing lost, nothing half-written.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from activities import ACTIVITIES, going_on, newest_trained
from killed_site import Site, drawn, furnish
from old_homes import kill_while_migrating
from promises import Promises, sha256_of
from running import App, NotStarted
from tab import Tab

from cvcore import backups
from cvcore.store import Store
from tests.cvcore.azure import test_migration as azure

KINDS = {"web": (True, False), "worker": (False, True), "both": (True, True)}
BESIDE = ("uploading", "tagging", "training")
MIGRATING = "migrating the schema"
KILLS_OF_A_HOME = 20
MOVED = 48
JOIN_S = 400.0
SWEPT_S = 60.0
HOUR_S = 2 * 3600
PAGES = ("images", "train", "performance", "quick_test", "predictions", "publish")
HALF_WRITTEN = re.compile(r"^\..+\.\d+-[0-9a-f]{8}")


@dataclass
class Outcome:
    """What came of the kills."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left_over: Counter[str] = field(default_factory=Counter)
    promised: int = 0

    def add_lost(self, where: str, lost: list[str]) -> None:
        """Add what was lost in a round, and say so at once."""
        for each in lost:
            print(f"LOST, {where}: {each}", flush=True)
        self.lost += lost


@dataclass(frozen=True)
class Round:
    """One kill: of what, while what goes on, after how long."""

    activities: tuple[str, ...]
    kind: str
    after: float
    is_command_killed: bool


def main() -> None:
    """Kill, and print what came of it; the exit code is 1 unless nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep homes and logs in this folder")
    options = parser.parse_args()
    started, outcome = time.monotonic(), Outcome()
    rounds = planned(options.kills, random.Random(options.seed))
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        for number in range(0, len(rounds), KILLS_OF_A_HOME):
            rng = random.Random(options.seed * 1000 + number)
            try:
                kill_in_a_home(folder / f"{number}", rounds[number : number + KILLS_OF_A_HOME], rng, outcome)
            except NotStarted as error:
                outcome.add_lost("at a start", [f"the app did not start again: {error}"])
    sys.exit(report(outcome, options.seed, time.monotonic() - started))


def planned(kills: int, rng: random.Random) -> list[Round]:
    """The rounds: each activity as often as every other, in a random order, by each kind of kill."""
    names = [*ACTIVITIES, MIGRATING]
    chosen = [names[number % len(names)] for number in range(kills)]
    kinds = [list(KINDS)[(number + number // len(names)) % len(KINDS)] for number in range(kills)]
    rounds = []
    for name, kind in zip(chosen, kinds, strict=True):
        beside = rng.choice([each for each in BESIDE if each != name])
        together = (name,) if name == MIGRATING else (name, beside)
        rounds.append(Round(together, kind, rng.uniform(0.05, 1), rng.random() < 2 / 3))
    rng.shuffle(rounds)
    return rounds


def kill_in_a_home(folder: Path, rounds: list[Round], rng: random.Random, outcome: Outcome) -> None:
    """Go through some rounds with one home, and look at it as a whole in the end."""
    for number, each in enumerate(rounds):
        if MIGRATING in each.activities:
            app = App(folder / f"old-{number}")
            step, lost = kill_while_migrating(app, rng, is_both=each.kind == "both")
            outcome.kills[MIGRATING, each.kind if each.kind == "both" else "web"] += 1
            outcome.add_lost(f"migrating from step {step}", lost + swept(app))
    rounds = [each for each in rounds if MIGRATING not in each.activities]
    if not rounds:
        return
    with moving_out(rng) as url:
        site = Site(App(folder), Promises(), rng, azure=(url, azure.KEY))
        furnish(site)
        site.app.start()
        try:
            for each in rounds:
                kill(site, each, outcome)
            # For half a minute after a worker was killed young, pages rightly say that none could start.
            site.app.stop()
            site.app.start()
            outcome.add_lost("at the end", asyncio.run(pages_fail(site)))
            outcome.add_lost("an hour later", swept(site.app))
            outcome.left_over.update(path.partition("/")[0] for path in backups.check(site.app.home).leftovers)
        finally:
            site.app.stop()
    outcome.promised += len(site.promises)


@contextlib.contextmanager
def moving_out(rng: random.Random) -> Iterator[str]:
    """The address of a Custom Vision with a project of tagged images."""
    there = azure.Azure()
    with azure.served(there.do_training) as there.url, azure.served(there.do_picture) as there.pictures_url:
        there.pictures_left = 10**9
        project_id = there.project("Moved")
        tags = [there.tag(project_id, name) for name in ("rose", "tulip")]
        for number in range(MOVED):
            there.image(project_id, drawn(rng), tags[number % 2])
        yield there.url
        there.is_over.set()


def kill(site: Site, each: Round, outcome: Outcome) -> None:
    """One round: activities, a kill, a new start, and the look whether all is there."""
    activity = ACTIVITIES[each.activities[0]]
    if activity.needs_iteration:
        newest_trained(site, "Trained")
    site.over, site.errors, site.commands = threading.Event(), [], []
    threads = [going_on(site, name) for name in each.activities]
    time.sleep(each.after * activity.most_s)
    web, worker = KINDS[each.kind]
    site.app.kill(web=web, worker=worker)
    if each.is_command_killed:
        for process in site.commands:
            process.kill()
    site.over.set()
    outcome.kills[each.activities[0], each.kind] += 1
    if web:
        site.app.start()
    for thread in threads:
        thread.join(JOIN_S)
    where = f"{each.kind} killed while {' and '.join(each.activities)}"
    outcome.errors += [f"{where}: {error}" for error in site.errors]
    lost = [f"{thread.name} does not end" for thread in threads if thread.is_alive()] + missing(site)
    outcome.add_lost(where, lost)
    print(f"{sum(outcome.kills.values())}. {where}: {'; '.join(site.errors) or 'all there'}", flush=True)


def missing(site: Site) -> list[str]:
    """What is not as it was promised, damaged, or does not open."""
    store = Store(site.app.home)
    try:
        lost = site.promises.lost(store)
    finally:
        store.close()
    return lost + backups.check(site.app.home).damaged + halves(site.app.home) + lists_fail(site)


def halves(home: Path) -> list[str]:
    """Originals whose bytes are not those that their name says, whether a row names them or not."""
    paths = (path for path in home.glob("originals/??/*") if not HALF_WRITTEN.match(path.name))
    return [f"{path.name} is half-written" for path in paths if sha256_of(path) != path.name]


def lists_fail(site: Site) -> list[str]:
    """What of the projects the API does not list."""
    failed = []

    def ask(path: str) -> Any:
        status, answer = site.app.ask("GET", f"training/projects{path}")
        if status != 200:
            failed.append(f"GET projects{path} is answered with {status}: {answer}")
        return answer

    for project in ask(""):
        path = f"/{project['id']}"
        ask(f"{path}/tags")
        ask(f"{path}/images?take=50")
        trained = [each for each in ask(f"{path}/iterations") if each["status"] == "Completed"]
        if trained:
            ask(f"{path}/iterations/{trained[0]['id']}/performance?threshold=0.5")
    return failed


async def pages_fail(site: Site) -> list[str]:
    """What every page of every project says that it should not."""
    failed: list[str] = []
    store = Store(site.app.home)
    found = store.projects.all()
    store.close()
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{site.app.port}", timeout=60, trust_env=False) as http:
        tab = Tab(http, lambda *_: None, failed.append)
        for project in found:
            for page in PAGES:
                await tab.open(f"{page}?project={project.id}")
        await tab.close()
    return failed


def swept(app: App) -> list[str]:
    """What is half-written an hour after, once a worker has started."""
    app.stop()
    if not (app.home / "training.key").exists():
        app.start()
        app.stop()
    then = time.time() - HOUR_S
    for path in app.folder.rglob("*"):
        with contextlib.suppress(OSError):
            os.utime(path, (then, then), follow_symlinks=False)
    app.start()
    deadline = time.monotonic() + SWEPT_S
    while (left := half_written(app)) and time.monotonic() < deadline:
        time.sleep(0.5)
    app.stop()
    return [f"{each} is still there" for each in left]


def half_written(app: App) -> list[str]:
    """Temporary files and folders in the home and in the system's folder for them."""
    # Path.rglob stumbles over folders that go while it looks.
    found = [Path(folder) / name for folder, folders, names in os.walk(app.home) for name in (*folders, *names)]
    inside = [path for path in found if HALF_WRITTEN.match(path.name) or path.name == "unpacking"]
    outside = list(app.scratch.iterdir())
    return [str(path.relative_to(app.folder)) for path in [*inside, *outside]]


def report(outcome: Outcome, seed: int, seconds: float) -> int:
    """Print what came of it; returns the exit code."""
    print(f"\nseed {seed}, {sum(outcome.kills.values())} kills in {seconds:.0f} s, load {os.getloadavg()[0]:.1f}")
    print(f"{'':24}" + "".join(f"{kind:>8}" for kind in KINDS))
    for name in (*ACTIVITIES, MIGRATING):
        print(f"{name:24}" + "".join(f"{outcome.kills[name, kind]:8}" for kind in KINDS))
    print(
        f"{outcome.promised:,} promises; left over, whole and named by no row: {dict(outcome.left_over) or 'nothing'}"
    )
    for title, lines in (("errors", outcome.errors), ("lost", outcome.lost)):
        print(f"{title}: {len(lines) or 'none'}", *lines[:20], sep="\n  ")
    is_well = not outcome.lost and not outcome.errors
    print("PASS" if is_well else "FAIL")
    return 0 if is_well else 1


if __name__ == "__main__":
    main()
