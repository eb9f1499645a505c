"""Tagwise as its own process on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = ROOT.parent / "shared" / "keras"
TRAINING_KEY = "0123training"
PREDICTION_KEY = "4567prediction"


@dataclass(frozen=True)
class Server:
    """Where it listens, where it keeps its things, and the key to ask with."""

    url: str
    home: Path
    prediction_key: str = PREDICTION_KEY


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tagwise serve`, with its worker, in an empty home; stopped when the session ends."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TAGWISE_HOME": str(home),
        "TAGWISE_TRAINING_KEY": TRAINING_KEY,
        "TAGWISE_PREDICTION_KEY": PREDICTION_KEY,
        "TAGWISE_PASSWORD": "the pages' own",
        "TAGWISE_FETCH_PRIVATE": "1",
        "OMP_NUM_THREADS": "2",
        **({"KERAS_HOME": str(WEIGHTS)} if WEIGHTS.is_dir() else {}),
    }
    log = home / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cvcore.cli", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield Server(url, home)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())
