"""What was answered survives kill -9, whatever went on: twelve of the kills of tests/bench/kills.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_twelve_kills() -> None:
    """Nothing is lost, nothing half-written stays and every project opens, after each of twelve kills."""
    bench = [sys.executable, str(ROOT / "tests" / "bench" / "kills.py"), "--kills", "12", "--seed", "7"]
    done = subprocess.run(bench, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "12 kills" in done.stdout
    assert done.stdout.endswith("lost: none\nPASS\n")
