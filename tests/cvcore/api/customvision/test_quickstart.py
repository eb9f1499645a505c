"""Microsoft's own instructions, followed word by word."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry

from cvcore import domains

PREDICTION_KEY = "4567prediction"
RESOURCE = "/subscriptions/0/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/x-Prediction"


@pytest.mark.network
def test_the_quickstart(
    server: Any, trainer: CustomVisionTrainingClient, predictor: CustomVisionPredictionClient, shared: Path
) -> None:
    """CustomVisionQuickstart.py, call by call, from a new project to an image's tags and their probabilities."""
    folder = shared / "datasets" / "hemlock_cherry"
    project = trainer.create_project("My New Project")
    # Without a network in reach the domain's fallback serves as well; the quickstart names no domain.
    project.settings.domain_id = domains.BUILT_IN.id
    trainer.update_project(project.id, project)
    hemlock_tag = trainer.create_tag(project.id, "Hemlock")
    cherry_tag = trainer.create_tag(project.id, "Japanese Cherry")

    image_list = []
    for name, tag in (("Hemlock", hemlock_tag), ("Japanese_Cherry", cherry_tag)):
        for path in sorted((folder / name).iterdir())[:10]:
            contents = path.read_bytes()
            image_list.append(ImageFileCreateEntry(name=path.name, contents=contents, tag_ids=[tag.id]))
    upload_result = trainer.create_images_from_files(project.id, ImageFileCreateBatch(images=image_list))
    assert upload_result.is_batch_successful, [image.status for image in upload_result.images]

    iteration = trainer.train_project(project.id)
    deadline = time.monotonic() + 180
    while iteration.status != "Completed":
        assert time.monotonic() < deadline
        iteration = trainer.get_iteration(project.id, iteration.id)
        time.sleep(1)

    trainer.publish_iteration(project.id, iteration.id, "classifyModel", RESOURCE)
    # The quickstart as it is stored publishes twice.
    trainer.publish_iteration(project.id, iteration.id, "classifyModel", RESOURCE)

    data = next((folder / "Hemlock").iterdir()).read_bytes()
    results = predictor.classify_image(project.id, "classifyModel", data)
    shown = [f"{prediction.tag_name}: {prediction.probability * 100:.2f}%" for prediction in results.predictions]
    assert 2 == len(shown)
    assert {"Hemlock", "Japanese Cherry"} == {prediction.tag_name for prediction in results.predictions}
    assert results.predictions[0].tag_name == "Hemlock"
    assert results.predictions[0].probability >= results.predictions[1].probability

    recipes(server.url, project.id, data, results.predictions[0].probability)


def recipes(url: str, project_id: str, data: bytes, probability: float) -> None:
    """The portal's two recipes of its dialog "Prediction URL", capital letters and all."""
    address = f"{url}/customvision/v3.0/Prediction/{project_id}/classify/iterations/classifyModel"
    key = {"Prediction-Key": PREDICTION_KEY}
    by_file = requests.post(
        f"{address}/image", data=data, headers={**key, "Content-Type": "application/octet-stream"}, timeout=30
    )
    assert 200 == by_file.status_code
    assert probability == pytest.approx(by_file.json()["predictions"][0]["probability"])
    (image, *_) = requests.get(
        f"{url}//CustomVision/v3.3/Training/projects/{project_id}/images?take=1",
        headers={"Training-key": "0123training"},
        timeout=30,
    ).json()
    by_url = requests.post(f"{address}/url", json={"Url": image["originalImageUri"]}, headers=key, timeout=30)
    assert 200 == by_url.status_code
    assert {"Hemlock", "Japanese Cherry"} == {each["tagName"] for each in by_url.json()["predictions"]}
