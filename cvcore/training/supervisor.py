"""Keeps a worker running for the web app: starts it again when it ends, less and less often while it cannot start.

The reason why a worker cannot start is kept in memory until one runs, for the pages of the same process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from cvcore.training import worker

POLL_S = 2.0
PAUSE_MOST_S = 60.0
# Where there is a GPU, a worker imports TensorFlow: one that ends sooner than this could not start.
STARTED_S = 30.0
LETTERS = 300
PATIENCE_S = 5.0

Spawn = Callable[[Path], "subprocess.Popen[bytes]"]
Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]

log = logging.getLogger("tagwise.worker")

_failures: dict[Path, str] = {}


def failure(home: Path) -> str:
    """Why the last worker could not start, mostly its last line; empty before, and after one has run for 30 s."""
    return _failures.get(home, "")


def next_pause(pause_s: float, lived_s: float) -> float:
    """Seconds to wait after a worker ended: the shortest pause if it had started, else twice the last pause.

    >>> next_pause(0, lived_s=0.1), next_pause(2, lived_s=0.1), next_pause(40, lived_s=0.1), next_pause(60, lived_s=99)
    (2.0, 4, 60.0, 2.0)
    """
    return POLL_S if lived_s >= STARTED_S else min(max(2 * pause_s, POLL_S), PAUSE_MOST_S)


def spawn(home: Path) -> subprocess.Popen[bytes]:
    """Start a worker whose standard error is read through a pipe."""
    return worker.spawn(home, stderr=subprocess.PIPE)


async def keep(
    home: Path, *, spawn: Spawn = spawn, sleep: Sleep = asyncio.sleep, clock: Clock = time.monotonic
) -> None:
    """Keep a worker running until this is cancelled; then stop it, and its job goes back into the queue."""
    pause_s = 0.0
    try:
        while True:
            started_at = clock()
            last_line = await _run(home, spawn, sleep, clock)
            lived_s = clock() - started_at
            pause_s = next_pause(pause_s, lived_s)
            if lived_s < STARTED_S:
                _failures[home] = last_line
                log.error("the training process could not start, next try in %g s: %s", pause_s, last_line)
            await sleep(pause_s)
    finally:
        _failures.pop(home, None)


async def _run(home: Path, spawn: Spawn, sleep: Sleep, clock: Clock) -> str:
    """Run one worker until it ends; returns the last line it wrote, or else why it did not start or how it ended."""
    started_at = clock()
    try:
        process = spawn(home)
    except OSError as error:
        return str(error)
    tail: list[str] = []
    echo = threading.Thread(target=_echo, args=(process, tail), name="worker's errors", daemon=True)
    echo.start()
    try:
        while process.poll() is None:
            await sleep(POLL_S)
            if clock() - started_at >= STARTED_S:
                _failures.pop(home, None)
    finally:
        # Closing the pipe tells a worker that still runs to put its job back and end.
        await asyncio.to_thread(worker.stop, process)
    await asyncio.to_thread(echo.join, PATIENCE_S)
    return tail[0] if tail else ended(process.returncode)


def ended(status: int) -> str:
    """How a process that wrote nothing ended, in words; a negative exit status is the signal that killed it.

    >>> ended(1), ended(-9)
    ('it ended with status 1 and wrote nothing', 'signal 9 killed it')
    """
    return f"signal {-status} killed it" if status < 0 else f"it ended with status {status} and wrote nothing"


def _echo(process: subprocess.Popen[bytes], tail: list[str]) -> None:
    """Pass on what a worker writes to standard error, and keep its last line, printable and short."""
    if process.stderr is None:
        return
    with process.stderr as lines:
        for line in lines:
            text = line.decode("utf-8", errors="replace")
            # This process has perhaps no standard error, or nobody reads it any more.
            with contextlib.suppress(AttributeError, OSError, ValueError):
                sys.stderr.write(text)
                sys.stderr.flush()
            if text.strip():
                tail[:] = ["".join(c if c.isprintable() else " " for c in text.strip())[:LETTERS]]
