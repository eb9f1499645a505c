"""Microsoft's JavaScript clients, every method of them, in node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvcore import domains

SCRIPT = Path(__file__).parent / "every_method.js"
PACKAGES = (
    "@azure/cognitiveservices-customvision-training@5.2.0",
    "@azure/cognitiveservices-customvision-prediction@5.1.2",
)
# An object has a place in an image only in object detection, which Tagwise does not do.
BOXES = {"getImageRegionProposals", "createImageRegions", "deleteImageRegions"}
BOXES |= {"detectImage", "detectImageWithNoStore", "detectImageUrl", "detectImageUrlWithNoStore"}


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """The folder of node's packages, freshly installed; skips without node, or where npm reaches no registry."""
    if shutil.which("node") is None or (npm := shutil.which("npm")) is None:
        pytest.skip("needs node and npm, which this machine does not have")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(tmp_path), *PACKAGES]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if installed.returncode:
        pytest.skip(f"npm could not install {PACKAGES}: {installed.stderr[-300:]}")
    return tmp_path / "node_modules"


@pytest.mark.slow
def test_every_method(server: Any, modules: Path, tmp_path: Path, drawn_image: Callable[[int], bytes]) -> None:
    """All methods answer as the client expects, but for object detection, which is refused with its code."""
    for number in range(13):
        (tmp_path / f"{number}.png").write_bytes(drawn_image(200 + number))
    told = subprocess.run(
        ["node", SCRIPT, server.url, "0123training", server.prediction_key, domains.BUILT_IN.id, tmp_path],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == told.returncode, told.stderr
    answer = json.loads(told.stdout)
    assert set(answer["methods"]) == set(answer["outcomes"])
    expected = {name: "400 BadRequestNotSupported" if name in BOXES else "ok" for name in answer["methods"]}
    assert expected == answer["outcomes"]
