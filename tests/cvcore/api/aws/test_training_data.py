"""A version is trained with the manifests that its request names: the images come first, in the background."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import filelock
import pytest
from botocore.exceptions import ClientError

from cvcore import buckets, evaluation, projects
from cvcore.buckets import folders
from cvcore.records import Iteration, Project
from cvcore.rekognition import arns
from tests.conftest import DrawImage, Fill
from tests.cvcore.api.aws.conftest import REGION, Server
from tests.cvcore.rekognition.conftest import BUCKET, line

OUTPUT = {"S3Bucket": BUCKET, "S3KeyPrefix": "results"}
Put = Callable[..., dict[str, Any]]
Create = Callable[..., str]


@pytest.fixture
def project(amazon: Server) -> Project:
    """An empty project, and a bucket."""
    folders.create(amazon.store.home, BUCKET)
    return projects.create(amazon.store, "pets", domain="Built-in")


@pytest.fixture
def put(amazon: Server, drawn_image: DrawImage) -> Put:
    """Puts drawn images and their manifest into the bucket; a request's data that names it."""

    def stored(name: str, start: int = 0, **counts: int) -> dict[str, Any]:
        lines, number = [], start
        for label, count in counts.items():
            for _ in range(count):
                buckets.write(amazon.settings, BUCKET, f"{number}.png", drawn_image(number), "image/png")
                lines.append(line(f"{number}.png", label))
                number += 1
        buckets.write(amazon.settings, BUCKET, name, "\n".join(lines).encode(), "text/plain")
        return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": name}}}]}

    return stored


@pytest.fixture
def create(amazon: Server, rekognition: Any, project: Project) -> Create:
    """Creates a version, and waits until its images are there and its training is queued, or has failed."""

    def created(name: str = "1", **more: Any) -> str:
        request = {"ProjectArn": arns.of_project(amazon.store, project, REGION), "OutputConfig": OUTPUT, **more}
        arn = rekognition.create_project_version(VersionName=name, **request)["ProjectVersionArn"]
        deadline = time.monotonic() + 20
        while not is_queued(amazon, arn) and time.monotonic() < deadline:
            time.sleep(0.02)
        return str(arn)

    return created


def is_queued(server: Server, arn: str) -> bool:
    """Whether a version waits no more for its images."""
    version = server.store.rekognition_versions.find(arns.version(server.store, arn)[1].id)
    return version is not None and "waits" not in version.details


def refusal(call: Callable[[], Any]) -> str:
    """The name of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_manifests_are_trained_and_tested_with(
    amazon: Server,
    rekognition: Any,
    project: Project,
    put: Put,
    create: Create,
    end_training: Callable[[], Iteration],
) -> None:
    """Their images are the project's datasets, they are told again, and the files name them as the manifests did."""
    given = {
        "TrainingData": put("train.manifest", cat=6, dog=6),
        "TestingData": put("test.manifest", start=20, cat=2, dog=2),
    }
    arn = create(**given)
    iteration = end_training()
    assert (16, 4) == (iteration.image_count, int(evaluation.load(amazon.store, iteration).evaluated.sum()))
    project_arn = arns.of_project(amazon.store, project, REGION)
    (found,) = rekognition.describe_project_versions(ProjectArn=project_arn, VersionNames=["1"])[
        "ProjectVersionDescriptions"
    ]
    assert (arn, "TRAINING_COMPLETED") == (found["ProjectVersionArn"], found["Status"])
    assert given["TrainingData"] == found["TrainingDataResult"]["Input"]
    assert {**given["TestingData"], "AutoCreate": False} == found["TestingDataResult"]["Input"]
    place = found["TestingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"]["S3Object"]
    tested = [json.loads(each) for each in buckets.read(amazon.settings, place["Bucket"], place["Name"]).splitlines()]
    assert {f"s3://{BUCKET}/{number}.png" for number in range(20, 24)} == {each["source-ref"] for each in tested}
    place = found["TrainingDataResult"]["Validation"]["Assets"][0]["GroundTruthManifest"]["S3Object"]
    checked = buckets.read(amazon.settings, place["Bucket"], place["Name"]).decode().splitlines()
    lines = buckets.read(amazon.settings, BUCKET, "train.manifest").decode().splitlines()
    given_lines = [{**json.loads(each), "cl-metadata": {"is_labeled": True}} for each in lines]
    assert sorted(given_lines, key=str) == sorted(map(json.loads, checked), key=str)
    purposes = rekognition.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    assert {"TRAIN", "TEST"} == {each["DatasetType"] for each in purposes}


def test_images_are_set_aside_where_none_are_given(
    amazon: Server, put: Put, create: Create, end_training: Callable[[], Iteration]
) -> None:
    """With AutoCreate one in five is evaluated."""
    create(TrainingData=put("train.manifest", cat=10, dog=10), TestingData={"AutoCreate": True})
    iteration = end_training()
    assert (20, 4) == (iteration.image_count, int(evaluation.load(amazon.store, iteration).evaluated.sum()))


def test_the_next_training_has_its_own_manifests(
    amazon: Server, project: Project, put: Put, create: Create, end_training: Callable[[], Iteration]
) -> None:
    """The images of the earlier ones are no longer the project's; its versions keep them."""
    create(TrainingData=put("a.manifest", cat=10, dog=10), TestingData={"AutoCreate": True})
    first = end_training()
    create("2", TrainingData=put("b.manifest", start=8, cow=5, dog=6), TestingData={"AutoCreate": True})
    second = end_training()
    store = amazon.store
    assert (20, 11, 11) == (first.image_count, second.image_count, store.images.count(project.id))
    assert {"cow", "dog"} == {tag.name for tag in store.iterations.tags(second.id)}


@pytest.mark.parametrize(
    ("counts", "reason"),
    [({"cat": 10, "dog": 2}, "'dog' needs 3 more images"), ({}, "one JSON object a line")],
)
def test_manifests_that_cannot_be_trained_with(
    rekognition: Any,
    amazon: Server,
    project: Project,
    put: Put,
    create: Create,
    counts: dict[str, int],
    reason: str,
) -> None:
    """The training fails, and its status message is the reason."""
    create(TrainingData=put("train.manifest", **counts), TestingData={"AutoCreate": True})
    project_arn = arns.of_project(amazon.store, project, REGION)
    (found,) = rekognition.describe_project_versions(ProjectArn=project_arn)["ProjectVersionDescriptions"]
    assert "TRAINING_FAILED" == found["Status"]
    assert reason in found["StatusMessage"]


def test_a_killed_process_loses_no_training(
    amazon: Server, rekognition: Any, project: Project, put: Put, create: Create
) -> None:
    """Images that were still to come come when the version is asked for again, and the training starts."""
    data = {"TrainingData": put("train.manifest", cat=5, dog=5), "TestingData": {"AutoCreate": True}}
    store = amazon.store
    with filelock.FileLock(store.home / "rekognition.lock"):
        # While another process has the lock, nothing is read: as after a crash.
        project_arn = arns.of_project(store, project, REGION)
        arn = rekognition.create_project_version(ProjectArn=project_arn, VersionName="1", OutputConfig=OUTPUT, **data)[
            "ProjectVersionArn"
        ]
        assert "ResourceInUseException" == refusal(lambda: rekognition.delete_project_version(ProjectVersionArn=arn))
        (found,) = rekognition.describe_project_versions(ProjectArn=project_arn)["ProjectVersionDescriptions"]
        assert ("TRAINING_IN_PROGRESS", "The images are being read.") == (found["Status"], found["StatusMessage"])
        assert store.jobs.claim() is None
    deadline = time.monotonic() + 20
    while not is_queued(amazon, arn) and time.monotonic() < deadline:
        rekognition.describe_project_versions(ProjectArn=project_arn)
    job = store.jobs.claim()
    assert job is not None
    assert (arn, "train") == (arns.of_iteration(store, project, store.iterations.get(job.iteration_id or "")), job.kind)


def test_requests_that_are_refused(amazon: Server, put: Put, create: Create, project: Project, fill: Fill) -> None:
    """Half of the data, two manifests, one that is not there, a project with images of its own: nothing is left."""
    given = put("train.manifest", cat=5, dog=5)
    missing = {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "none.manifest"}}}]}
    refused: list[dict[str, Any]] = [
        {"TrainingData": given},
        {"TestingData": {"AutoCreate": True}},
        {"TrainingData": {}, "TestingData": {"AutoCreate": True}},
        {"TrainingData": given, "TestingData": {}},
        {"TrainingData": given, "TestingData": {**given, "AutoCreate": True}},
        {"TrainingData": {"Assets": given["Assets"] * 2}, "TestingData": {"AutoCreate": True}},
        {"TrainingData": {"Assets": [{}]}, "TestingData": {"AutoCreate": True}},
        {"TrainingData": missing, "TestingData": {"AutoCreate": True}},
    ]
    for request in refused:
        assert "InvalidParameterException" == refusal(lambda request=request: create(**request))
    store = amazon.store
    assert ([], 0) == (store.iterations.of_project(project.id), store.images.count(project.id))
    own = fill("own", rose=5, tulip=5)
    arn = arns.of_project(store, own, REGION)
    data = {"TrainingData": given, "TestingData": {"AutoCreate": True}}
    assert "InvalidParameterException" == refusal(lambda: create("1", ProjectArn=arn, **data))
    assert 10 == store.images.count(own.id)
