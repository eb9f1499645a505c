"""The process that makes exports in the background: one for all formats, because TensorFlow takes seconds to load.

Conversion needs TensorFlow, which the web app must not load. `run` asks the process for one export after the other;
after `IDLE_S` without one it ends. The process is this module as a program, `main`.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvcore import settings
from cvcore.errors import TagwiseError, Unavailable
from cvcore.exports import exporting, formats, source
from cvcore.exports.source import Source
from cvcore.languages import t
from cvcore.store import Store

TIMEOUT_S = 30 * 60
IDLE_S = 30


@dataclass(frozen=True)
class _Process:
    """A running process and the environment that it was started with."""

    popen: subprocess.Popen[str]
    environ: dict[str, str]


# At most one; used by one thread at a time.
_processes: list[_Process] = []
_in_use = threading.Lock()
_timers: list[threading.Timer] = []


def run(home: Path, iteration_id: str, name: str, folder: Path, on_message: Callable[[dict[str, Any]], None]) -> None:
    """Write an export into a folder in the process; `on_message` gets its `stage` and `progress`. One at a time.

    Beside the folder there can be temporary files until the process ends.

    Raises:
        Unavailable: it was refused, with the reason, or the process stopped.
    """
    with _in_use:
        popen = _started().popen
        too_late = threading.Timer(TIMEOUT_S, popen.kill)
        too_late.start()
        try:
            end = _ask(popen, [str(home), iteration_id, name, str(folder)], on_message)
        finally:
            too_late.cancel()
    if end is None:
        stop()
        raise Unavailable(
            t("the export stopped unexpectedly (exit status {status}): try again", status=popen.returncode)
        )
    _stop_when_idle(popen)
    if end.get("error"):
        raise Unavailable(end["error"])


def _ask(
    popen: subprocess.Popen[str], request: list[str], on_message: Callable[[dict[str, Any]], None]
) -> dict[str, Any] | None:
    """The last message of an export; None if the process ended without one.

    Messages are lines of JSON; all other lines come from libraries and are ignored.
    """
    assert popen.stdin
    assert popen.stdout
    try:
        popen.stdin.write(json.dumps(request) + "\n")
        popen.stdin.flush()
    except OSError:  # it has ended
        popen.wait()
        return None
    for line in popen.stdout:
        message = json_object(line)
        if message.get("end"):
            return message
        on_message(message)
    popen.wait()
    return None


def _started() -> _Process:
    """The running process; a new one if it has ended, or if the environment is another one than it has."""
    environ = dict(os.environ)
    if _processes and (_processes[0].popen.poll() is not None or _processes[0].environ != environ):
        stop()
    if not _processes:
        popen = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", __name__],
            env=settings.environ_of_programs(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        _processes.append(_Process(popen, environ))
    return _processes[0]


@atexit.register
def stop() -> None:
    """End the process, if one is running."""
    while _processes:
        with _processes.pop().popen as popen:
            popen.kill()


def _stop_when_idle(popen: subprocess.Popen[str]) -> None:
    def end() -> None:
        # A process in use is left to the timer that its export starts.
        if _in_use.acquire(blocking=False):
            try:
                if _processes and _processes[0].popen is popen:
                    stop()
            finally:
                _in_use.release()

    timer = threading.Timer(IDLE_S, end)
    timer.daemon = True
    for older in _timers:
        older.cancel()
    _timers[:] = [timer]
    timer.start()


def json_object(text: str | bytes) -> dict[str, Any]:
    """The object of a JSON text; empty if it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _print_message(**message: object) -> None:
    print("\n" + json.dumps(message), flush=True)


def main() -> None:
    """Make the exports that standard input asks for, one a line: home, iteration, format and folder as a JSON list."""
    shared: Source | None = None
    for line in sys.stdin:
        home, iteration_id, name, folder = json.loads(line)
        error = ""
        # What libraries leave there, as TensorFlow does its programs, goes with the folder, after a kill too.
        tempfile.tempdir = str(Path(folder).parent)
        try:
            store = Store(Path(home))
            shared = _export(store, iteration_id, name, Path(folder), shared)
        except TagwiseError as refusal:
            error = str(refusal)
        _print_message(end=True, error=error)


def _export(store: Store, iteration_id: str, name: str, folder: Path, shared: Source | None) -> Source:
    """Make one export, and return what it can share with the next."""

    def progress(stage: str, fraction: float) -> None:
        _print_message(stage=stage, progress=fraction)

    iteration = store.iterations.get(iteration_id)
    if shared is None or not source.is_current(shared, store, iteration):
        shared = source.load(store, iteration, progress)
    exporting.export(store, iteration, formats.find(name), folder, shared=shared, progress=progress)
    return shared


if __name__ == "__main__":
    main()
