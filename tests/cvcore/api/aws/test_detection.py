"""boto3 detects labels with a version that runs, in bytes and in objects, as Rekognition chooses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cvcore import buckets, evaluation, prediction
from cvcore.buckets import folders
from cvcore.records import Iteration
from cvcore.rekognition.versions import detection, lifecycle
from cvcore.settings import MEBIBYTE
from tests.conftest import DrawImage, Fill, Trained
from tests.cvcore.api.aws.conftest import REGION, Server


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of three tags."""
    return trained(fill(a=5, b=5, c=5))


@pytest.fixture
def arn(amazon: Server, iteration: Iteration) -> str:
    """Its version's ARN; it runs."""
    project = amazon.store.projects.get(iteration.project_id)
    ((_, version),) = lifecycle.of_project(amazon.store, project, region=REGION)
    lifecycle.start(amazon.store, version.arn, region=REGION, min_units=1)
    return version.arn


@pytest.fixture
def detect(rekognition: Any, arn: str, drawn_image: DrawImage) -> Callable[..., list[dict[str, Any]]]:
    """Detects labels, by default in a drawn image."""

    def detected(image: dict[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
        given = {"Bytes": drawn_image(1)} if image is None else image
        answer = rekognition.detect_custom_labels(ProjectVersionArn=arn, Image=given, **more)
        return list(answer["CustomLabels"])

    return detected


def refusal(call: Callable[[], Any]) -> str:
    """The name of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_labels_are_the_predictions(
    amazon: Server, iteration: Iteration, detect: Callable[..., Any], drawn_image: DrawImage
) -> None:
    """With a confidence of 0 all labels are told, in percent, the most certain first."""
    predictions = prediction.predict(amazon.store, iteration, drawn_image(1), limits=amazon.settings.limits)
    told = [{"Name": each.tag, "Confidence": pytest.approx(each.probability * 100)} for each in predictions]
    assert told == detect(MinConfidence=0)
    assert told[:2] == detect(MinConfidence=0, MaxResults=2)
    assert [] == detect(MinConfidence=0, MaxResults=0)


def test_the_least_confidence(detect: Callable[..., Any]) -> None:
    """A label with exactly this confidence is told, those with less are not."""
    best, second, _ = detect(MinConfidence=0)
    assert [best, second] == detect(MinConfidence=second["Confidence"])
    assert [] == detect(MinConfidence=100)


def test_assumed_thresholds(amazon: Server, iteration: Iteration, detect: Callable[..., Any]) -> None:
    """Without a confidence, each label's own threshold of the evaluation decides."""
    numbers = evaluation.overview(amazon.store, iteration).rekognition
    assert dict(zip("abc", numbers.thresholds.tolist(), strict=True)) == detection.assumed_thresholds(
        amazon.store, iteration
    )
    assumed = detection.assumed_thresholds(amazon.store, iteration)
    told = [each for each in detect(MinConfidence=0) if each["Confidence"] >= 100 * assumed[each["Name"]]]
    assert told == detect()


def test_an_object(amazon: Server, detect: Callable[..., Any], drawn_image: DrawImage) -> None:
    """An image in a bucket, and a stored one at its own address, give the same labels as their bytes."""
    folders.create(amazon.store.home, "photos")
    buckets.write(amazon.settings, "photos", "a/ü 1.png", drawn_image(1), "image/png")
    named = {"S3Object": {"Bucket": "photos", "Name": "a/ü 1.png"}}
    assert detect(MinConfidence=0) == detect(named, MinConfidence=0)
    project_id = amazon.store.projects.all()[0].id
    stored = amazon.store.images.page(project_id, take=1)[0]
    bucket, key = buckets.parse(buckets.image_address(stored.sha256, stored.name))
    assert 3 == len(detect({"S3Object": {"Bucket": bucket, "Name": key}}, MinConfidence=0))


def test_images_that_are_refused(amazon: Server, detect: Callable[..., Any]) -> None:
    """Each with Rekognition's name for what is wrong."""
    folders.create(amazon.store.home, "photos")
    buckets.write(amazon.settings, "photos", "large.png", bytes(15 * MEBIBYTE + 1), "image/png")
    refused: list[tuple[str, dict[str, Any]]] = [
        ("InvalidImageFormatException", {"Bytes": b"no image"}),
        ("ImageTooLargeException", {"Bytes": bytes(4 * MEBIBYTE + 1)}),
        ("ImageTooLargeException", {"S3Object": {"Bucket": "photos", "Name": "large.png"}}),
        ("InvalidS3ObjectException", {"S3Object": {"Bucket": "photos", "Name": "missing.png"}}),
        ("InvalidS3ObjectException", {"S3Object": {"Bucket": "nowhere", "Name": "1.png"}}),
        ("InvalidParameterException", {"S3Object": {"Bucket": "photos"}}),
        ("InvalidParameterException", {}),
        ("InvalidParameterException", {"Bytes": b"x", "S3Object": {"Bucket": "photos", "Name": "1.png"}}),
    ]
    assert [name for name, _ in refused] == [refusal(lambda image=image: detect(image)) for _, image in refused]


def test_versions_that_cannot_detect(
    amazon: Server, rekognition: Any, arn: str, detect: Callable[..., Any], iteration: Iteration
) -> None:
    """A stopped one is not ready; one that is gone is not found."""
    lifecycle.stop(amazon.store, arn, region=REGION)
    assert "ResourceNotReadyException" == refusal(detect)
    rekognition.delete_project_version(ProjectVersionArn=arn)
    assert "ResourceNotFoundException" == refusal(detect)
