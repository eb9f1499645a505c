"""Streamlit servers, forked off a process that has imported what each would: three seconds' work is done once."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 10

# What `app.py` and its pages import; the modules of `pages` themselves, Streamlit loads with each server.
IMPORTED = (
    "streamlit.web.cli",
    "streamlit.web.server.starlette",
    "pandas",
    "plotly.graph_objects",
    "cvcore.api.aws.middleware",
    "cvcore.api.customvision.middleware",
    "cvcore.api.live.routes",
    "cvcore.cluster",
    "cvcore.html_report",
    "cvcore.prediction",
    "cvcore.training.supervisor",
)


@contextlib.contextmanager
def parent() -> Iterator[subprocess.Popen[str]]:
    """The process to fork off, until it is no longer needed; the servers must be stopped before."""
    command = [sys.executable, "-m", "tests.browser.forked_servers"]
    # Run from the repository's root, whose .streamlit/config.toml is the look that is tested.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield process


def start(parent: subprocess.Popen[str], arguments: Sequence[str], env: Mapping[str, str], log: Path) -> int:
    """Run `streamlit` with these arguments, in this environment; the number of its process, which leads a session."""
    assert parent.stdin
    assert parent.stdout
    parent.stdin.write(json.dumps({"arguments": arguments, "env": dict(env), "log": str(log)}) + "\n")
    parent.stdin.flush()
    return int(parent.stdout.readline())


def is_running(server: int) -> bool:
    """Whether the server has not ended yet."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(server, 0)
        return True
    return False


def stop(server: int) -> None:
    """End the server and its children; what does not end when it is asked to is killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server, number)
        deadline = time.monotonic() + STOP_S
        while is_running(server) and time.monotonic() < deadline:
            time.sleep(0.02)


def _fork_for_each_line() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a server that has ended is no zombie
    for line in sys.stdin:
        if (server := os.fork()) == 0:
            _become_server(**json.loads(line))
        print(server, flush=True)


def _become_server(arguments: Sequence[str], env: Mapping[str, str], log: str) -> None:
    os.setsid()  # so that the server's children can be stopped with it
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, target in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
        os.dup2(target, number)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["streamlit", *arguments]
    importlib.import_module("streamlit.web.cli").main(prog_name="streamlit")


if __name__ == "__main__":
    _fork_for_each_line()
