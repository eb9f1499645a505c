"""The extra `export`, alone in an empty environment, makes every format."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cvcore.exports import formats
from tests.conftest import ROOT

READER = Path(__file__).parent / "writers" / "vendor_reading.py"


@pytest.mark.slow
def test_the_extra_installs_what_every_format_needs(tmp_path: Path) -> None:
    """Nothing but `.[export]` is installed; all formats are made in one command, and the vendor's way reads them."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", f"{ROOT}[export]"]
    subprocess.run(install, check=True, timeout=1200)
    environ = os.environ | {"TAGWISE_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": ""}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert 0 == done.returncode, done.stderr
        return done.stdout

    tagwise = python.with_name("tagwise")
    sample = json.loads(run(tagwise, "sample", "--json"))["name"]
    run(tagwise, "train", sample)
    made = run(tagwise, "export", sample, ",".join(formats.NAMES), tmp_path / "out").splitlines()
    assert len(formats.NAMES) == len(made)
    assert ["it was not run, because only a Mac can: its input, output and tags were read back"] == [
        line.partition("; ")[2] for line in made if line.endswith("read back")
    ]
    image = next(path for path in (tmp_path / "home" / "originals").rglob("*") if path.is_file())
    read = json.loads(run(python, READER, tmp_path / "out", image))
    assert {"tensorflow", "savedmodel", "tflite", "tflite-fp16", "onnx-nchw", "onnx-fp16"} == set(read)
    for name, probabilities in read.items():
        assert pytest.approx(read["tensorflow"], abs=formats.by_name(name).tolerance) == probabilities
