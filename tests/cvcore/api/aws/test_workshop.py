"""The workshop's way from a folder of images to a model that answers, with boto3 and with the AWS command line."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import boto3
import pytest

from cvcore import evaluation
from cvcore.files import api_keys
from cvcore.settings import Settings
from cvcore.store import Store
from tests.cvcore.api.conftest import Server

pytestmark = pytest.mark.slow

AWS = Path(sys.executable).with_name("aws")
STEP_S = 0.5


@pytest.fixture(autouse=True)
def environ(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a script is told: where Tagwise listens, its key pair and a region."""
    keys = api_keys.load_aws(Settings(home=server.home))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)


def manifest(bucket: str, labels: Iterable[tuple[str, list[str]]]) -> str:
    """A line for each key with its labels, as the vendor's csv-to-manifest script writes it."""
    lines = []
    for key, names in labels:
        line: dict[str, Any] = {"source-ref": f"s3://{bucket}/{key}"}
        for name in names:
            line[name] = 1
            line[f"{name}-metadata"] = {
                "confidence": 1,
                "job-name": f"labeling-job/{name}",
                "class-name": name,
                "human-annotated": "yes",
                "creation-date": "2026-01-02T03:04:05.678901",
                "type": "groundtruth/image-classification",
            }
        lines.append(json.dumps(line))
    return "\n".join(lines) + "\n"


def settled(describe: Callable[[], Any]) -> dict[str, Any]:
    """A dataset's description, as soon as nothing is in progress any more."""
    deadline = time.monotonic() + 60
    while (description := describe()["DatasetDescription"])["Status"].endswith("IN_PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(STEP_S)
    assert description["StatusMessage"] != ""
    return dict(description)


def test_the_workshop_with_boto3(server: Server, shared: Path) -> None:
    """Dogs: upload, manifest, 20 % for testing, train and wait, numbers, start, ask, stop, delete all."""
    rekognition, s3 = boto3.client("rekognition"), boto3.client("s3")
    folder = shared / "datasets" / "watson_dogs"
    images = {f"dogs/{path.parent.name}/{path.name}": path for path in sorted(folder.glob("*/*.jpg"))}
    s3.create_bucket(Bucket="dogs-workshop")
    for key, path in images.items():
        s3.upload_file(str(path), "dogs-workshop", key)
    lines = manifest("dogs-workshop", ((key, [path.parent.name]) for key, path in images.items()))
    s3.put_object(Bucket="dogs-workshop", Key="train.manifest", Body=lines.encode())

    project = rekognition.create_project(ProjectName="dogs")["ProjectArn"]
    source = {"GroundTruthManifest": {"S3Object": {"Bucket": "dogs-workshop", "Name": "train.manifest"}}}
    train = rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN", DatasetSource=source)["DatasetArn"]
    stats = settled(lambda: rekognition.describe_dataset(DatasetArn=train))["DatasetStats"]
    assert {"LabeledEntries": 75, "TotalEntries": 75, "TotalLabels": 5, "ErrorEntries": 0} == stats
    test = rekognition.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    settled(lambda: rekognition.describe_dataset(DatasetArn=test))
    rekognition.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    split = [settled(lambda arn=arn: rekognition.describe_dataset(DatasetArn=arn)) for arn in (train, test)]
    assert [60, 15] == [each["DatasetStats"]["TotalEntries"] for each in split]

    output = {"S3Bucket": "dogs-workshop", "S3KeyPrefix": "output"}
    version = rekognition.create_project_version(ProjectArn=project, VersionName="v1", OutputConfig=output)
    named = {"ProjectArn": project, "VersionNames": ["v1"]}
    rekognition.get_waiter("project_version_training_completed").wait(**named)
    (described,) = rekognition.describe_project_versions(**named)["ProjectVersionDescriptions"]
    place = described["EvaluationResult"]["Summary"]["S3Object"]
    summary = json.load(s3.get_object(Bucket=place["Bucket"], Key=place["Name"])["Body"])
    store = Store(server.home)
    (iteration,) = store.iterations.of_project(next(each.id for each in store.projects.all() if each.name == "dogs"))
    page = evaluation.overview(store, iteration).rekognition
    assert (
        page.overall_f1 == described["EvaluationResult"]["F1Score"] == summary["AggregatedEvaluationResults"]["F1Score"]
    )
    assert version["ProjectVersionArn"] == summary["EvaluationDetails"]["ProjectVersionArn"]

    model = version["ProjectVersionArn"]
    rekognition.start_project_version(ProjectVersionArn=model, MinInferenceUnits=1)
    rekognition.get_waiter("project_version_running").wait(**named)
    held_out = [
        json.loads(line)["source-ref"]
        for page in rekognition.get_paginator("list_dataset_entries").paginate(DatasetArn=test)
        for line in page["DatasetEntries"]
    ]
    right = 0
    for key in (address.removeprefix("s3://dogs-workshop/") for address in held_out):
        image = {"S3Object": {"Bucket": "dogs-workshop", "Name": key}}
        labels = rekognition.detect_custom_labels(ProjectVersionArn=model, Image=image, MinConfidence=0)["CustomLabels"]
        by_bytes = {"Bytes": images[key].read_bytes()}
        same = rekognition.detect_custom_labels(ProjectVersionArn=model, Image=by_bytes, MinConfidence=0)
        assert labels == same["CustomLabels"]
        assert 5 == len(labels)
        right += labels[0]["Name"] == images[key].parent.name
    assert right >= 10
    rekognition.stop_project_version(ProjectVersionArn=model)
    with pytest.raises(rekognition.exceptions.ResourceNotReadyException):
        rekognition.detect_custom_labels(ProjectVersionArn=model, Image=by_bytes)

    rekognition.delete_project_version(ProjectVersionArn=model)
    for arn in (train, test):
        rekognition.delete_dataset(DatasetArn=arn)
    assert "DELETING" == rekognition.delete_project(ProjectArn=project)["Status"]
    assert [] == rekognition.describe_projects(ProjectNames=["dogs"])["ProjectDescriptions"]


def aws(*arguments: str | Path, **values: object) -> Any:
    """What the AWS command line answers; `values` are options in JSON."""
    options = [part for name, value in values.items() for part in (f"--{name.replace('_', '-')}", json.dumps(value))]
    command = [AWS, *arguments, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (0, "") == (done.returncode, done.stderr)
    return json.loads(done.stdout) if arguments[0] == "rekognition" and done.stdout else done.stdout


def test_the_workshop_with_the_command_line(shared: Path, tmp_path: Path) -> None:
    """Fruit, several labels to an image: every step by `aws s3` and `aws rekognition`."""
    folder = shared / "datasets" / "fruit_ml3"
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = [(f"images/{row['file']}", row["labels"].split("|")) for row in csv.DictReader(table)]
    for name, part in (("train", [row for n, row in enumerate(rows) if n % 5]), ("test", rows[::5])):
        (tmp_path / f"{name}.manifest").write_text(manifest("fruit-workshop", part))
    aws("s3", "mb", "s3://fruit-workshop")
    aws("s3", "sync", folder / "images", "s3://fruit-workshop/images")
    aws("s3", "cp", tmp_path, "s3://fruit-workshop", "--recursive")

    project = aws("rekognition", "create-project", "--project-name", "fruit")["ProjectArn"]
    for name in ("train", "test"):
        source = {"GroundTruthManifest": {"S3Object": {"Bucket": "fruit-workshop", "Name": f"{name}.manifest"}}}
        create = ("create-dataset", "--project-arn", project, "--dataset-type", name.upper())
        dataset = aws("rekognition", *create, dataset_source=source)["DatasetArn"]
        described = settled(lambda arn=dataset: aws("rekognition", "describe-dataset", "--dataset-arn", arn))
        assert {"train": 240, "test": 60}[name] == described["DatasetStats"]["LabeledEntries"]
    output = {"S3Bucket": "fruit-workshop", "S3KeyPrefix": "output"}
    create = ("create-project-version", "--project-arn", project, "--version-name", "v1")
    model = aws("rekognition", *create, output_config=output)["ProjectVersionArn"]
    named = ("--project-arn", project, "--version-names", "v1")
    aws("rekognition", "wait", "project-version-training-completed", *named)
    (version,) = aws("rekognition", "describe-project-versions", *named)["ProjectVersionDescriptions"]
    assert version["EvaluationResult"]["F1Score"] > 0.7
    aws("s3", "cp", "s3://fruit-workshop/output", tmp_path / "output", "--recursive")
    (summary,) = (tmp_path / "output").glob("EvaluationResultSummary-fruit-v1.json")
    assert 60 == json.loads(summary.read_text())["EvaluationDetails"]["NumberOfTestingImages"]

    start = ("--project-version-arn", model, "--min-inference-units", "1")
    assert aws("rekognition", "start-project-version", *start)["Status"] in ("STARTING", "RUNNING")
    aws("rekognition", "wait", "project-version-running", *named)
    key, labels = next((key, labels) for key, labels in rows[::5] if len(labels) == 2)
    detect = ("detect-custom-labels", "--project-version-arn", model)
    answer = aws("rekognition", *detect, image={"S3Object": {"Bucket": "fruit-workshop", "Name": key}})
    assert {*labels} & {each["Name"] for each in answer["CustomLabels"]}
    assert aws("rekognition", "stop-project-version", "--project-version-arn", model)["Status"] in (
        "STOPPING",
        "STOPPED",
    )
    aws("rekognition", "delete-project-version", "--project-version-arn", model)
    for dataset in aws("rekognition", "describe-projects", "--project-names", "fruit")["ProjectDescriptions"][0][
        "Datasets"
    ]:
        aws("rekognition", "delete-dataset", "--dataset-arn", dataset["DatasetArn"])
    aws("rekognition", "delete-project", "--project-arn", project)
    aws("s3", "rb", "s3://fruit-workshop", "--force")
    assert "fruit-workshop" not in aws("s3", "ls")
