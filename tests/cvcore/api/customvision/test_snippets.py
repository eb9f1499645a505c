"""What the Publish page offers to copy works as it stands, against a server, from a folder with an image in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient as Predictor
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient as Trainer
from azure.cognitiveservices.vision.customvision.training import models as m

from cvcore.prediction import client_snippets
from cvcore.prediction.client_snippets import Endpoint, Source

# A name that takes some quoting, in an address, in a shell and in Python.
NAME = "it's 100% $HOME ünd"


@pytest.fixture
def question(server: Any, trainer: Trainer, flowers: m.Project, iteration: m.Iteration) -> Endpoint:
    """The iteration, published under that name."""
    trainer.publish_iteration(flowers.id, iteration.id, NAME, "resource")
    return Endpoint(server.url, flowers.id, NAME, server.prediction_key)


@pytest.fixture
def folder(tmp_path: Path, drawn_image: Callable[[int], bytes]) -> Path:
    """A folder with the image that the snippets speak of."""
    (tmp_path / client_snippets.FILE).write_bytes(drawn_image(99))
    return tmp_path


@pytest.fixture
def expected(predictor: Predictor, flowers: m.Project, iteration: m.Iteration, folder: Path) -> list[str]:
    """What they must print: each tag with its probability."""
    answer = predictor.classify_image_with_no_store(flowers.id, "garden", (folder / client_snippets.FILE).read_bytes())
    return [f"{each.tag_name}: {each.probability:.1%}" for each in answer.predictions]


def run(folder: Path, command: list[str]) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize("of", ["file", "url"])
def test_snippets(
    trainer: Trainer, flowers: m.Project, question: Endpoint, folder: Path, expected: list[str], of: Source
) -> None:
    """curl, Python and the SDK print what the API says of an image, given as a file or by its address."""
    (untagged,) = trainer.get_untagged_images(flowers.id)

    def made(snippet: Callable[[Endpoint, Source], str]) -> str:
        return snippet(question, of).replace(client_snippets.URL, untagged.original_image_uri)

    for snippet in (client_snippets.python, client_snippets.sdk):
        assert expected == run(folder, [sys.executable, "-c", made(snippet)]).splitlines()
    if shutil.which("curl"):
        told = json.loads(run(folder, ["sh", "-c", made(client_snippets.curl) + " --silent --noproxy '*'"]))[
            "predictions"
        ]
        assert expected == [f"{each['tagName']}: {each['probability']:.1%}" for each in told]
