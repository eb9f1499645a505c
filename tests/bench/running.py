"""The real app on a home folder: started as a user starts it, asked over HTTP, ended as a power cut ends it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0
WORKER = "cvcore.training.worker"
NONE: Mapping[str, str] = MappingProxyType({})


class NotStarted(Exception):
    """The app does not answer after its start; the message is what it wrote."""


@dataclass
class App:
    """`tagwise serve` on `folder`/home, at a free port; what it and commands write beside the home is in `folder`.

    root: the checkout whose code runs.
    """

    folder: Path
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None
    root: Path = ROOT

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.folder / "home"

    @property
    def scratch(self) -> Path:
        """The system's folder for temporary files, as all its processes see it."""
        return self.folder / "tmp"

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            NotStarted: it ended, or does not answer.
        """
        self.process = self.command("serve", "--port", f"{self.port}")
        deadline = time.monotonic() + START_S
        while not self.is_well():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(self.log()[-2000:])
            time.sleep(0.1)

    def command(self, *arguments: str, output: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a `tagwise` command, which writes to `output` or to the log."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with (
            (self.folder / "log.txt").open("ab") as log,
            output.open("wb") if output else contextlib.nullcontext(log) as out,
        ):
            return subprocess.Popen(
                [sys.executable, "-m", "cvcore.cli", *arguments],
                env=self.environ(self.home), stdout=out, stderr=log, cwd=self.root,
            )  # fmt: skip

    def environ(self, home: Path) -> dict[str, str]:
        """The environment in which the checkout's code runs on a home folder."""
        return os.environ | {
            "TAGWISE_HOME": str(home),
            "TMPDIR": str(self.scratch),
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.root),
        }

    def log(self) -> str:
        """What all its processes wrote."""
        return (self.folder / "log.txt").read_text("utf-8", errors="replace")

    def is_well(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("GET", "/_stcore/health", timeout_s=10)[0] == 200
        return False

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NONE,
        *,
        timeout_s: float = 120,
    ) -> tuple[int, bytes]:
        """An answer's status and body; OSError or HTTPException where none comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: bytes | dict[str, Any] | None = None, **query: str) -> tuple[int, Any]:
        """A status and JSON of Custom Vision's API, with the home's own keys; `path` begins after its version."""
        headers = {name: self._key(file) for name, file in KEYS.items()}
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif body is not None:
            headers["Content-Type"] = "application/octet-stream"
        end = f"?{urlencode(query)}" if query else ""
        status, data = self.request(method, f"/customvision/v3.3/{path}{end}", body, headers)
        return status, json.loads(data) if data else None

    def _key(self, file: str) -> str:
        return (self.home / file).read_text("ascii").strip()

    def pid(self) -> int:
        """The web process."""
        assert self.process
        return self.process.pid

    def worker(self) -> int | None:
        """The worker, None while there is none."""
        return next((pid for pid in children(self.pid()) if WORKER in command_line(pid)), None)

    def kill(self, *, web: bool, worker: bool) -> None:
        """Kill -9 of the web process, the worker or both: at once, as far as one can."""
        pids = [pid for pid, is_meant in ((self.worker(), worker), (self.pid(), web)) if pid and is_meant]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if web and self.process:
            self.process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C does, or else by force."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(web=True, worker=True)


KEYS = {"Training-Key": "training.key", "Prediction-Key": "prediction.key"}


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def children(pid: int) -> list[int]:
    """The processes that this one started, and those that they started."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += [int(child) for child in (task / "children").read_text().split()]
    return found + [each for child in found for each in children(child)]


def command_line(pid: int) -> str:
    """A process' command; empty once it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def resident_bytes(pid: int) -> int:
    """The memory that a process has; 0 once it has ended."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def processor_s(pid: int) -> float:
    """Seconds of processor that a process took, with all its threads, also those that ended.

    Its clock's number is that of Linux's clock_getcpuclockid(3), which counts nanoseconds; /proc counts hundredths.
    """
    return time.clock_gettime(~pid << 3 | 2)
