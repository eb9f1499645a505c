"""Drawn requests to every door of the running app: none may fail it, and no answer may lack a security header.

    python tests/bench/doors.py [--minutes 10] [--seed 1]

The app is served as for a class, with the shared password, a teacher's password and a pupil, and its worker beside it.
Prints how often each door was asked and with which statuses, then every failure, and tracebacks in the server's log.
"""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser import fill, wait_for
from hypothesis import HealthCheck, Phase, given, seed, settings

from cvcore import classroom
from cvcore.files import api_keys
from cvcore.prediction import publishing
from cvcore.settings import Settings
from cvcore.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.cvcore.api import doors

ROOT = Path(__file__).resolve().parents[2]
PORT = 8767
PASSWORD = "the pages' own"
ROUND = 300
IMAGES = 100


def main() -> None:
    """Print the doors, and what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        store = Store(home)
        own = school_class(store)
        log = Path(folder) / "log.txt"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [sys.executable, "-m", "cvcore.cli", "serve", f"--port={PORT}"],
                cwd=ROOT,
                env=os.environ | {"TAGWISE_HOME": str(home), "TAGWISE_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
            tried = Tried(store, doors.cookies(doors.signed_in(PORT, PASSWORD), own))
            tried.go_on(60 * options.minutes, options.seed)
        finally:
            server.terminate()
            server.wait()
        tried.show(log.read_text(encoding="utf-8", errors="replace"))


def school_class(store: Store) -> list[str]:
    """A trained project, a class with a pupil who has a copy of it; returns the teacher's cookie and the pupil's."""
    project = fill(store, IMAGES)
    teacher = classroom.set_password(store, "chalk and sponge")
    pupil, cookie = classroom.join(store, classroom.open_class(store, "4b").code, "Anna")
    classroom.hand_out(store, project, [pupil])
    return [teacher, cookie]


class Tried:
    """What was asked and answered."""

    def __init__(self, store: Store, cookies: list[str]) -> None:
        self._store, self._cookies = store, cookies
        self.counts: dict[str, collections.Counter[int]] = collections.defaultdict(collections.Counter)
        self.failures: dict[str, str] = {}

    def go_on(self, seconds: float, number: int) -> None:
        """Ask, in rounds, each with a project that is there, until the time is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._round(self._known(), number, until)
            number += 1

    def _known(self) -> doors.Known:
        # Drawn requests delete, too.
        if not any(self._store.iterations.trained(project.id) for project in self._store.projects.all()[-1:]):
            for project in self._store.projects.all():
                self._store.projects.delete(project.id)
            fill(self._store, IMAGES)
        project = self._store.projects.all()[-1]
        publishing.publish(self._store, self._store.iterations.trained(project.id)[0], "garden", overwrite=True)
        chosen = Settings(self._store.home)
        return doors.known(self._store, project, api_keys.load(chosen), api_keys.load_aws(chosen), self._cookies)

    def _round(self, there: doors.Known, number: int, until: float) -> None:
        @seed(number)
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(doors.requests(there))
        def ask(asked: doors.Asked) -> None:
            if time.monotonic() < until:
                self._ask(asked, number)

        ask()

    def _ask(self, asked: doors.Asked, number: int) -> None:
        answered = doors.send(PORT, asked)
        self.counts[asked.door][answered.status] += 1
        if answered.is_failure or answered.is_bare:
            what = f"{answered.status} {asked.door} {asked.method}"
            self.failures.setdefault(what, f"seed {number}: {asked} -> {answered}"[:1500])

    def show(self, log: str) -> None:
        """Print the table, the failures, and the tracebacks."""
        print(f"load: {os.getloadavg()[0]:.1f}; {sum(map(sum, map(dict.values, self.counts.values()))):,} requests")
        for door, counts in sorted(self.counts.items()):
            statuses = ", ".join(f"{status or 'closed'}: {count:,}" for status, count in sorted(counts.items()))
            print(f"{door:14} {counts.total():7,}  {statuses}")
        for what, shown in self.failures.items():
            print(f"FAILED {what}\n  {shown}")
        found = doors.tracebacks(log)
        print(f"tracebacks in the server's log: {len(found)}")
        print(*dict.fromkeys(found), sep="\n\n")
        if found or self.failures:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
