"""The web app's worker is started again when it ends, and less often while it cannot start."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cvcore.training import supervisor

HOME = Path("home")


class Enough(Exception):
    """Ends a test's supervision."""


class Timeline:
    """A clock that only sleeping moves on; when workers were started, and the failure that was kept then."""

    def __init__(self, workers: int) -> None:
        self.now = 0.0
        self.workers = workers
        self.starts: list[float] = []
        self.failures: list[str] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def note_start(self) -> None:
        self.failures.append(supervisor.failure(HOME))
        if len(self.starts) == self.workers:
            raise Enough
        self.starts.append(self.now)


class Living(subprocess.Popen[bytes]):
    """A worker that is seen alive so many times before its end is noticed."""

    polls = 20

    def poll(self) -> int | None:
        self.polls -= 1
        return None if self.polls > 0 else self.wait()


def supervise(timeline: Timeline, spawn: Callable[[Path], subprocess.Popen[bytes]]) -> None:
    # In a thread of its own: browser tests in the same process leave an event loop running in the main one.
    keeping = supervisor.keep(HOME, spawn=spawn, sleep=timeline.sleep, clock=timeline.clock)
    with ThreadPoolExecutor(1) as threads, pytest.raises(Enough):
        threads.submit(asyncio.run, keeping).result()
    assert "" == supervisor.failure(HOME)


def quick(script: str) -> subprocess.Popen[bytes]:
    """A process that has ended already."""
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.wait()
    return process


def test_pauses_double_up_to_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """A worker that dies at its start is tried again after 2 s, 4 s and so on, and its last line is kept."""
    timeline = Timeline(8)

    def spawn(home: Path) -> subprocess.Popen[bytes]:
        timeline.note_start()
        return quick("import sys; sys.exit('Traceback\\nModuleNotFoundError: no \\x1bmodule\\n\\n')")

    supervise(timeline, spawn)
    starts = timeline.starts
    assert [2, 4, 8, 16, 32, 60, 60] == [after - before for before, after in itertools.pairwise(starts)]
    assert ["", *["ModuleNotFoundError: no  module"] * 8] == timeline.failures
    assert "next try in 32 s: ModuleNotFoundError: no  module" in caplog.text


def test_a_worker_that_lived_is_started_again_soon() -> None:
    """The failure of earlier ones is gone once one is running, and the pauses start again."""
    timeline = Timeline(4)

    def spawn(home: Path) -> subprocess.Popen[bytes]:
        timeline.note_start()
        if len(timeline.starts) == 3:
            return Living([sys.executable, "-c", ""], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        return quick("raise SystemExit(3)")

    supervise(timeline, spawn)
    words = "it ended with status 3 and wrote nothing"
    assert ["", words, words, "", words] == timeline.failures
    lived_s = supervisor.POLL_S * (Living.polls - 1)
    assert lived_s + supervisor.POLL_S == timeline.starts[3] - timeline.starts[2]


def test_a_worker_that_cannot_be_spawned_is_tried_again() -> None:
    """Also where the system has no process to give."""
    timeline = Timeline(2)

    def spawn(home: Path) -> subprocess.Popen[bytes]:
        timeline.note_start()
        raise OSError(11, "no more processes")

    supervise(timeline, spawn)
    assert ["", "[Errno 11] no more processes", "[Errno 11] no more processes"] == timeline.failures


def test_what_a_worker_writes_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    """Its standard error stays what the server's log shows."""
    timeline = Timeline(1)

    def spawn(home: Path) -> subprocess.Popen[bytes]:
        timeline.note_start()
        return quick("import sys; sys.exit('first\\nlast')")

    supervise(timeline, spawn)
    assert "first\nlast\n" in capfd.readouterr().err
