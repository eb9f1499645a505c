"""Versions are trained, described, started, stopped and deleted by boto3, and are iterations on the pages."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cvcore import buckets, evaluation, training
from cvcore.buckets import folders
from cvcore.projects import tagging
from cvcore.records import Iteration, Project
from cvcore.rekognition import arns
from cvcore.rekognition.versions import lifecycle
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.cvcore.api.aws.conftest import REGION, Server

OUTPUT = {"S3Bucket": "results", "S3KeyPrefix": "my-model-output"}
End = Callable[[], Iteration]


@pytest.fixture
def project(fill: Fill, store: Store) -> Project:
    """Ten images each of two tags, and a bucket for results."""
    folders.create(store.home, "results")
    return fill("my-project", rose=10, tulip=10)


@pytest.fixture
def arn(store: Store, project: Project) -> str:
    """The project's ARN."""
    return arns.of_project(store, project, REGION)


@pytest.fixture
def create(rekognition: Any, arn: str) -> Callable[..., str]:
    """Creates a version of the project; its ARN."""

    def created(name: str = "1", **more: Any) -> str:
        answer = rekognition.create_project_version(
            **{"ProjectArn": arn, "VersionName": name, "OutputConfig": OUTPUT, **more}
        )
        return str(answer["ProjectVersionArn"])

    return created


@pytest.fixture
def describe(rekognition: Any, arn: str) -> Callable[..., list[dict[str, Any]]]:
    """The descriptions of the project's versions."""
    return lambda **more: list(
        rekognition.describe_project_versions(ProjectArn=arn, **more)["ProjectVersionDescriptions"]
    )


def refusal(call: Callable[[], Any]) -> str:
    """The name of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_description_is_the_answer_of_the_reference(
    create: Callable[..., str], describe: Callable[..., Any], end_training: End
) -> None:
    """Every key and every place of the reference's example, with this version's numbers."""
    version_arn = create(KmsKeyId="my-key", VersionDescription="the first", Tags={"team": "dogs"})
    iteration = end_training()
    (found,) = describe(VersionNames=["1"])

    def place(kind: str) -> dict[str, Any]:
        return {"S3Object": {"Bucket": "results", "Name": f"my-model-output/{kind}-my-project-1.json"}}

    def assets(kind: str) -> list[dict[str, Any]]:
        return [{"GroundTruthManifest": place(kind)}]

    created, ended = found.pop("CreationTimestamp"), found.pop("TrainingEndTimestamp")
    assert abs((created - iteration.created_at).total_seconds()) < 1
    assert abs((ended - iteration.trained_at).total_seconds()) < 1
    assert {
        "BillableTrainingTimeInSeconds": 13,
        "EvaluationResult": {"F1Score": 1.0, "Summary": place("EvaluationResultSummary")},
        "Feature": "CUSTOM_LABELS",
        "KmsKeyId": "my-key",
        "ManifestSummary": place("ManifestSummary"),
        "OutputConfig": {"S3Bucket": "results", "S3KeyPrefix": "my-model-output"},
        "ProjectVersionArn": version_arn,
        "Status": "TRAINING_COMPLETED",
        "StatusMessage": "The model is ready to run.",
        "TestingDataResult": {
            "Input": {"AutoCreate": True},
            "Output": {"Assets": assets("TestingGroundTruth"), "AutoCreate": True},
            "Validation": {"Assets": assets("TestingManifestWithValidation")},
        },
        "TrainingDataResult": {
            "Input": {},
            "Output": {"Assets": assets("TrainingGroundTruth")},
            "Validation": {"Assets": assets("TrainingManifestWithValidation")},
        },
        "VersionDescription": "the first",
    } == found


def test_a_version_is_an_iteration(store: Store, create: Callable[..., str], project: Project) -> None:
    """It has the version's name on the pages, and its ARN and tags are told again."""
    version_arn = create(name="my-model.2026-01-21", Tags={"team": "dogs"})
    (iteration,) = store.iterations.of_project(project.id)
    assert iteration.name == "my-model.2026-01-21"
    assert version_arn.split("/")[:4] == [
        *arns.of_project(store, project, REGION).split("/")[:2],
        "version",
        "my-model.2026-01-21",
    ]
    assert store.rekognition_arns.tags(version_arn) == {"team": "dogs"}


def test_twenty_percent_are_held_out(store: Store, create: Callable[..., str], end_training: End) -> None:
    """Without images for testing, one in five of all images is set aside."""
    create()
    iteration = end_training()
    assert iteration.evaluation is not None
    assert ("hold-out", 4) == (
        iteration.evaluation.method,
        int(evaluation.load(store, iteration).evaluated.sum()),
    )


def test_images_for_testing_are_the_test_set(
    store: Store, project: Project, create: Callable[..., str], describe: Callable[..., Any], end_training: End
) -> None:
    """Those images, and no others, are evaluated, and none is set aside."""
    images = store.images.page(project.id, take=20)
    tested = {images[row].id for row in (0, 1, 18, 19)}
    tagging.mark_for_testing(store, project, list(tested), True)
    create()
    iteration = end_training()
    evaluated = evaluation.load(store, iteration).evaluated
    snapshot = store.iterations.images(iteration.id)
    assert tested == {image.image_id for image, is_evaluated in zip(snapshot, evaluated, strict=True) if is_evaluated}
    (found,) = describe()
    assert found["TestingDataResult"]["Input"] == {"AutoCreate": False}


def read_lines(server: Server, key: str) -> list[dict[str, Any]]:
    """The lines of an output file."""
    data = buckets.read(server.settings, "results", f"my-model-output/{key}-my-project-1.json")
    return [json.loads(line) for line in data.decode().splitlines()]


def test_output_files(
    amazon: Server, create: Callable[..., str], describe: Callable[..., Any], end_training: End
) -> None:
    """They are there as soon as a description says so: with the version's ARN, and the images' places in S3."""
    version_arn = create()
    iteration = end_training()
    (found,) = describe()
    place = found["EvaluationResult"]["Summary"]["S3Object"]
    summary = json.loads(buckets.read(amazon.settings, place["Bucket"], place["Name"]))
    numbers = evaluation.overview(amazon.store, iteration).rekognition
    assert summary["EvaluationDetails"]["ProjectVersionArn"] == version_arn
    assert (
        summary["AggregatedEvaluationResults"]["F1Score"] == numbers.overall_f1 == found["EvaluationResult"]["F1Score"]
    )
    tested, trained = read_lines(amazon, "TestingGroundTruth"), read_lines(amazon, "TrainingGroundTruth")
    assert (4, 16) == (len(tested), len(trained))
    sources = {line["source-ref"] for line in [*tested, *trained]}
    assert sources == {
        buckets.image_address(image.sha256, image.name) for image in amazon.store.iterations.images(iteration.id)
    }
    assert buckets.read(amazon.settings, *buckets.parse(tested[0]["source-ref"]))
    assert all(line["rekognition-custom-labels-evaluation-0-metadata"]["confidence"] > 0.5 for line in tested)


def test_validation_results_name_what_was_not_used(
    amazon: Server,
    project: Project,
    create: Callable[..., str],
    describe: Callable[..., Any],
    end_training: End,
    add_rows: Callable[[Project, int], list[str]],
) -> None:
    """An image without labels is ignored; a line that gave no image is invalid, with its reason."""
    add_rows(project, 1)
    store = amazon.store
    dataset_arn = arns.of_dataset(store, project, "TRAIN")
    store.rekognition_datasets.add(project.id, "TRAIN", dataset_arn, status="CREATE_COMPLETE", message="")
    line = '{"source-ref": "s3://my-bucket/1.txt"}'
    error = ("ERROR_INVALID_IMAGE", "The image is invalid.")
    store.rekognition_entries.refuse(
        project.id, "TRAIN", line, source="s3://my-bucket/1.txt", labels=[], errors=[error]
    )
    create()
    end_training()
    describe()
    (summary,) = [
        json.loads(buckets.read(amazon.settings, "results", "my-model-output/ManifestSummary-my-project-1.json"))
    ]
    training_lines = read_lines(amazon, "TrainingManifestWithValidation")
    assert (18, 16, 1, 1) == tuple(
        summary["statistics"]["training"][f"{kind}_json_lines"] for kind in ("total", "valid", "invalid", "ignored")
    )
    assert [18] == summary["statistics"]["training"]["error_json_line_indices"]
    assert {**json.loads(line), "errors": [{"code": error[0], "message": error[1]}]} == training_lines[17]
    assert "WARNING_NO_ANNOTATIONS" == training_lines[16]["errors"][0]["code"]


def test_output_files_survive_a_crash(
    amazon: Server, create: Callable[..., str], describe: Callable[..., Any], end_training: End
) -> None:
    """A bucket that was deleted meanwhile is told in words; once it is there again, the files are written."""
    create()
    end_training()
    folders.delete(amazon.store.home, "results")
    (found,) = describe()
    assert "TRAINING_COMPLETED" == found["Status"]
    assert "there is no bucket 'results'" in found["StatusMessage"]
    assert {"F1Score"} == set(found["EvaluationResult"])
    folders.create(amazon.store.home, "results")
    (found,) = describe()
    assert "The model is ready to run." == found["StatusMessage"]
    assert 4 == len(read_lines(amazon, "TestingGroundTruth"))


def test_the_waiter_returns_when_training_ends(
    rekognition: Any, arn: str, create: Callable[..., str], end_training: End
) -> None:
    """Its first question is answered late, so that it need not wait for two minutes."""
    create()
    ending = threading.Timer(0.5, end_training)
    begun = time.monotonic()
    ending.start()
    rekognition.get_waiter("project_version_training_completed").wait(ProjectArn=arn, VersionNames=["1"])
    assert 0.5 <= time.monotonic() - begun < 10
    ending.join()


def test_a_listing_is_answered_at_once(create: Callable[..., str], describe: Callable[..., Any]) -> None:
    """A question that names no version is not held, even while one is in training."""
    create()
    begun = time.monotonic()
    assert ["TRAINING_IN_PROGRESS"] == [each["Status"] for each in describe()]
    assert time.monotonic() - begun < 5


def test_a_failed_training(store: Store, create: Callable[..., str], describe: Callable[..., Any]) -> None:
    """Its reason is the status message, and it cannot be started."""
    create()
    job = store.jobs.claim()
    assert job is not None
    training.close(store, job, "failed", "the network is missing")
    (found,) = describe(VersionNames=["1"])
    assert ("TRAINING_FAILED", "the network is missing") == (found["Status"], found["StatusMessage"])
    assert "EvaluationResult" not in found


def test_start_and_stop(
    rekognition: Any, arn: str, create: Callable[..., str], describe: Callable[..., Any], end_training: End
) -> None:
    """A version runs from its start to its stop; its inference units are told."""
    version = {"ProjectVersionArn": create()}
    end_training()
    assert (
        "STARTING" == rekognition.start_project_version(**version, MinInferenceUnits=1, MaxInferenceUnits=2)["Status"]
    )
    rekognition.get_waiter("project_version_running").wait(ProjectArn=arn, VersionNames=["1"])
    (found,) = describe()
    assert ("RUNNING", 1, 2) == (found["Status"], found["MinInferenceUnits"], found["MaxInferenceUnits"])
    assert "ResourceInUseException" == refusal(
        lambda: rekognition.start_project_version(**version, MinInferenceUnits=1)
    )
    assert "ResourceInUseException" == refusal(lambda: rekognition.delete_project_version(**version))
    assert "STOPPING" == rekognition.stop_project_version(**version)["Status"]
    assert ["STOPPED"] == [each["Status"] for each in describe()]
    assert "ResourceInUseException" == refusal(lambda: rekognition.stop_project_version(**version))


def test_start_is_refused(rekognition: Any, store: Store, create: Callable[..., str], end_training: End) -> None:
    """A version that is in training, or that failed, does not start; nor one with fewer units at most than at least."""
    version = {"ProjectVersionArn": create(), "MinInferenceUnits": 3}
    assert "ResourceInUseException" == refusal(lambda: rekognition.start_project_version(**version))
    end_training()
    assert "InvalidParameterException" == refusal(
        lambda: rekognition.start_project_version(**version, MaxInferenceUnits=2)
    )
    create(name="2")
    job = store.jobs.claim()
    assert job is not None
    training.close(store, job, "failed", "no memory")
    failed = lifecycle.of_project(store, store.projects.all()[0], region=REGION)[0][1]
    assert "InvalidParameterException" == refusal(
        lambda: rekognition.start_project_version(ProjectVersionArn=failed.arn, MinInferenceUnits=1)
    )


def test_delete(
    rekognition: Any, store: Store, project: Project, create: Callable[..., str], end_training: End, describe: Any
) -> None:
    """A version in training stays; a trained one goes with its iteration, and is not found again."""
    version = {"ProjectVersionArn": create()}
    assert "ResourceInUseException" == refusal(lambda: rekognition.delete_project_version(**version))
    end_training()
    assert "DELETING" == rekognition.delete_project_version(**version)["Status"]
    assert ([], []) == (describe(VersionNames=["1"]), store.iterations.of_project(project.id))
    for call in (rekognition.delete_project_version, rekognition.stop_project_version):
        assert "ResourceNotFoundException" == refusal(lambda call=call: call(**version))


def test_create_is_refused(rekognition: Any, arn: str, create: Callable[..., str], end_training: End) -> None:
    """A second training, a name that is taken, a bucket that is not there, too long a prefix, another service."""
    create()
    assert "ResourceInUseException" == refusal(lambda: create(name="2"))
    end_training()
    assert "ResourceInUseException" == refusal(lambda: create(name="1"))
    long = {"S3Bucket": "results", "S3KeyPrefix": "ü" * 500}
    for config in ({"S3Bucket": "nowhere"}, {"S3KeyPrefix": "a"}, {"S3Bucket": ".objects"}, long):
        assert "InvalidParameterException" == refusal(lambda config=config: create(name="2", OutputConfig=config))
    moderation = {"ContentModeration": {"ConfidenceThreshold": 50}}
    assert "InvalidParameterException" == refusal(lambda: create(name="2", FeatureConfig=moderation))
    unknown = arn[:-3] + "000"
    assert "ResourceNotFoundException" == refusal(lambda: create(name="2", ProjectArn=unknown))


def test_too_few_images(rekognition: Any, store: Store, fill: Fill) -> None:
    """What is missing is said at once, and nothing is left behind."""
    folders.create(store.home, "results")
    project = fill("few", rose=10, tulip=1)
    with pytest.raises(rekognition.exceptions.InvalidParameterException, match="'tulip' needs 4 more images"):
        rekognition.create_project_version(
            ProjectArn=arns.of_project(store, project), VersionName="1", OutputConfig=OUTPUT
        )
    assert [] == store.iterations.of_project(project.id)


def test_iterations_of_the_pages_are_versions(
    amazon: Server, project: Project, trained: Trained, describe: Callable[..., Any]
) -> None:
    """They have names that an ARN may have, and files in a bucket of Tagwise's."""
    iteration = trained(project)
    (found,) = describe(VersionNames=["Iteration_1"])
    assert "TRAINING_COMPLETED" == found["Status"]
    assert {"S3Bucket": "tagwise-output", "S3KeyPrefix": "my-project/Iteration_1"} == found["OutputConfig"]
    place = found["TestingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"]["S3Object"]
    assert 20 == len(buckets.read(amazon.settings, place["Bucket"], place["Name"]).splitlines())
    training.rename_iteration(amazon.store, iteration, "Best one")
    assert found["ProjectVersionArn"] == describe(VersionNames=["Iteration_1"])[0]["ProjectVersionArn"]


def test_pages(rekognition: Any, arn: str, project: Project, trained: Trained) -> None:
    """The paginator finds all versions, the newest first; a token from elsewhere is refused."""
    for _ in range(3):
        trained(project)
    pages = list(
        rekognition.get_paginator("describe_project_versions").paginate(
            ProjectArn=arn, PaginationConfig={"PageSize": 2}
        )
    )
    names = [[each["ProjectVersionArn"].split("/")[3] for each in page["ProjectVersionDescriptions"]] for page in pages]
    assert [["Iteration_3", "Iteration_2"], ["Iteration_1"]] == names
    for token in ("x", "WyJhIl0="):
        with pytest.raises(rekognition.exceptions.InvalidPaginationTokenException):
            rekognition.describe_project_versions(ProjectArn=arn, NextToken=token)


def test_copy(
    amazon: Server, rekognition: Any, arn: str, create: Callable[..., str], end_training: End, fill: Fill
) -> None:
    """A copy has the original's numbers and labels, and files of its own; the project's images stay as they are."""
    store = amazon.store
    source = create()
    iteration = end_training()
    other = fill("other", rose=2)
    request = {
        "SourceProjectArn": arn,
        "SourceProjectVersionArn": source,
        "DestinationProjectArn": arns.of_project(store, other),
        "VersionName": "copied",
        "OutputConfig": {"S3Bucket": "results"},
        "Tags": {"team": "cats"},
    }
    copied = rekognition.copy_project_version(**request)["ProjectVersionArn"]
    (found,) = rekognition.describe_project_versions(ProjectArn=request["DestinationProjectArn"])[
        "ProjectVersionDescriptions"
    ]
    assert ("COPYING_COMPLETED", source, copied, 1.0) == (
        found["Status"],
        found["SourceProjectVersionArn"],
        found["ProjectVersionArn"],
        found["EvaluationResult"]["F1Score"],
    )
    assert {"team": "cats"} == store.rekognition_arns.tags(copied)
    assert buckets.read(amazon.settings, "results", "EvaluationResultSummary-other-copied.json")
    (copy,) = store.iterations.of_project(other.id)
    assert ("copied", iteration.image_count, 2) == (copy.name, copy.image_count, store.images.count(other.id))
    assert [tag.name for tag in store.iterations.tags(iteration.id)] == [
        tag.name for tag in store.iterations.tags(copy.id)
    ]
    rekognition.delete_project_version(ProjectVersionArn=source)
    rekognition.start_project_version(ProjectVersionArn=copied, MinInferenceUnits=1)
    image = {"S3Object": {"Bucket": "results", "Name": "1.png"}}
    buckets.write(amazon.settings, "results", "1.png", buckets.read(amazon.settings, *first_image(store, copy)), "")
    labels = rekognition.detect_custom_labels(ProjectVersionArn=copied, Image=image, MinConfidence=0)["CustomLabels"]
    assert {"rose", "tulip"} == {each["Name"] for each in labels}
    assert "ResourceInUseException" == refusal(
        lambda: rekognition.copy_project_version(
            **{**request, "SourceProjectVersionArn": copied, "SourceProjectArn": request["DestinationProjectArn"]}
        )
    )


def first_image(store: Store, iteration: Iteration) -> tuple[str, str]:
    """The bucket and the key of an iteration's first image."""
    image = store.iterations.images(iteration.id)[0]
    return buckets.parse(buckets.image_address(image.sha256, image.name))


def test_copy_is_refused(
    store: Store, rekognition: Any, arn: str, create: Callable[..., str], end_training: End, fill: Fill
) -> None:
    """A version that is in training, or of another project than is said; nothing is left behind."""
    other = fill("other", rose=2)
    request = {
        "SourceProjectArn": arn,
        "SourceProjectVersionArn": create(),
        "DestinationProjectArn": arns.of_project(store, other),
        "VersionName": "copied",
        "OutputConfig": OUTPUT,
    }
    assert "InvalidParameterException" == refusal(lambda: rekognition.copy_project_version(**request))
    end_training()
    swapped = {**request, "SourceProjectArn": request["DestinationProjectArn"]}
    assert "InvalidParameterException" == refusal(lambda: rekognition.copy_project_version(**swapped))
    assert [] == store.iterations.of_project(other.id)
