"""What the Publish page offers to copy for Amazon's clients works as it stands, from a folder with an image in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cvcore import prediction
from cvcore.rekognition import arns, client_snippets
from cvcore.rekognition.client_snippets import Endpoint
from tests.conftest import DrawImage, Fill, Trained
from tests.cvcore.api.aws.conftest import KEYS, Server


@pytest.fixture
def endpoint(amazon: Server, fill: Fill, trained: Trained) -> Endpoint:
    """An iteration that was trained on the pages."""
    project = fill(rose=5, tulip=5)
    arn = arns.of_iteration(amazon.store, project, trained(project))
    return Endpoint(amazon.url, arn, KEYS.access_key_id, KEYS.secret_access_key)


@pytest.fixture
def expected(
    amazon: Server, endpoint: Endpoint, drawn_image: DrawImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, float]:
    """The confidence of each tag for the image in the folder, which becomes the current one."""
    monkeypatch.chdir(tmp_path)
    Path(client_snippets.FILE).write_bytes(drawn_image(99))
    iteration = amazon.store.iterations.trained(amazon.store.projects.all()[0].id)[0]
    predictions = prediction.predict(amazon.store, iteration, drawn_image(99), limits=amazon.settings.limits)
    return {each.tag: round(each.probability * 100, 1) for each in predictions}


def test_the_script(endpoint: Endpoint, expected: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    """It starts the version, prints each tag with its confidence, and does so again when the version runs."""
    lines = [f"{tag}: {confidence:.1f} %" for tag, confidence in expected.items()]
    for _ in range(2):
        exec(client_snippets.boto3(endpoint), {})
        assert lines == capsys.readouterr().out.splitlines()


@pytest.mark.slow
def test_the_commands(endpoint: Endpoint, expected: dict[str, float]) -> None:
    """In a terminal without any setting of Amazon's they print each tag with its confidence."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    command = ["bash", "-c", client_snippets.bash(endpoint)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60)
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout[done.stdout.rindex('{\n    "CustomLabels"') :])["CustomLabels"]
    assert expected == {each["Name"]: round(each["Confidence"], 1) for each in told}
