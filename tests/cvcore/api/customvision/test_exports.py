"""Exports by Custom Vision's names: listed as they were asked for, and with no flavor where none was asked."""

from __future__ import annotations

import json
import zipfile

import pytest
import requests
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training import models as m

from cvcore.files import blobs
from tests.cvcore.api.conftest import TRAINING_KEY, Server

pytestmark = pytest.mark.network


@pytest.fixture
def address(server: Server, flowers: m.Project, iteration: m.Iteration) -> str:
    """The address of the iteration's exports; a graph and a LiteRT file were made before, on the page."""
    folder = blobs.iteration_folder(server.home, iteration.id) / "exports"
    folder.mkdir(exist_ok=True)
    for stem in ("tensorflow", "tflite"):
        with zipfile.ZipFile(folder / f"{stem}-{'0' * 32}.zip", "w") as archive:
            archive.writestr("model.json", json.dumps({"tags": [{"threshold": 0.5}] * 2}))
    return f"{server.url}/customvision/v3.3/training/projects/{flowers.id}/iterations/{iteration.id}/export"


def test_a_flavor_is_told_as_it_was_asked_for(address: str) -> None:
    """Without a flavor it is null, there and in the list; under two names the same export is listed twice."""
    headers = {"Training-Key": TRAINING_KEY}
    made_on_the_page = {(each["platform"], each["flavor"]) for each in requests.get(address, headers=headers).json()}
    assert {("TensorFlow", None), ("TensorFlow", "TensorFlowLite")} == made_on_the_page
    for flavor in (None, "TensorFlowNormal"):
        parameters = {"platform": "TensorFlow", **({"flavor": flavor} if flavor else {})}
        answer = requests.post(address, params=parameters, headers=headers).json()
        assert ("TensorFlow", flavor, "Done") == (answer["platform"], answer["flavor"], answer["status"])
    listed = requests.get(address, headers=headers).json()
    assert [(None, True), ("TensorFlowNormal", True), ("TensorFlowLite", False)] == [
        (each["flavor"], each["downloadUri"] == listed[0]["downloadUri"]) for each in listed
    ]


def test_an_unknown_flavor_is_refused_with_the_known_ones(
    address: str, trainer: CustomVisionTrainingClient, flowers: m.Project, iteration: m.Iteration
) -> None:
    """The message lists platforms and flavors as they are asked for."""
    with pytest.raises(m.CustomVisionErrorException) as refused:
        trainer.export_iteration(flowers.id, iteration.id, "TensorFlow", "ONNX12")
    message = refused.value.error.message
    assert "TensorFlow, TensorFlow TensorFlowNormal, TensorFlow TensorFlowSavedModel" in message
    assert message.endswith("got 'TensorFlow ONNX12'")


def test_an_iteration_can_be_exported_to_every_platform(iteration: m.Iteration) -> None:
    """`exportableTo` names the platforms that have a flavor here."""
    assert ["TensorFlow", "ONNX", "CoreML", "OpenVino", "DockerFile"] == iteration.exportable_to
