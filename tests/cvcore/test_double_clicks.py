"""What many press at once is done once: six of the thirty tabs of tests/bench/double_clicks.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_six_tabs_double_click_at_once() -> None:
    """One training, one project created and one deleted, and nobody sees more than a sentence."""
    bench = [sys.executable, str(ROOT / "tests" / "bench" / "double_clicks.py"), "--tabs", "6"]
    done = subprocess.run(bench, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert done.stdout.endswith("PASS\n")
