"""Datasets by boto3, as the vendor's own scripts make, wait for, update, list, distribute and delete them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import filelock
import pytest
from botocore.exceptions import ClientError
from starlette.responses import PlainTextResponse

from cvcore import buckets, projects
from cvcore.api.aws.middleware import Amazon
from cvcore.rekognition import arns
from cvcore.store import Store
from tests.conftest import DrawImage, Fill
from tests.cvcore.api.aws.conftest import KEYS, Server

BUCKET = "pets"
GONE = "arn:aws:rekognition:eu-west-1:000000000000:project/pets/dataset/train/1"


def line(key: str, *labels: str) -> str:
    record: dict[str, Any] = {"source-ref": f"s3://{BUCKET}/{key}"}
    for label in labels:
        kind = "groundtruth/image-classification"
        metadata = {"class-name": label, "confidence": 1, "human-annotated": "yes", "type": kind}
        record |= {label: 1, f"{label}-metadata": {**metadata, "creation-date": "2026-01-02T03:04:05.678Z"}}
    return json.dumps(record)


@pytest.fixture
def put(amazon: Server, drawn_image: DrawImage) -> Callable[..., dict[str, Any]]:
    """Puts drawn images and a manifest of them into the bucket; returns it as a dataset's source."""
    (amazon.store.home / "buckets" / BUCKET).mkdir(parents=True)

    def put(**labels: str | list[str]) -> dict[str, Any]:
        lines = []
        for number, (key, each) in enumerate(labels.items()):
            buckets.write(amazon.settings, BUCKET, f"{key}.png", drawn_image(number), "image/png")
            lines.append(line(f"{key}.png", *([each] if isinstance(each, str) else each)))
        buckets.write(amazon.settings, BUCKET, "my.manifest", "\n".join(lines).encode(), "text/plain")
        return {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "my.manifest"}}}

    return put


@pytest.fixture
def project(rekognition: Any) -> str:
    """The ARN of an empty project."""
    return str(rekognition.create_project(ProjectName="pets")["ProjectArn"])


def ended(rekognition: Any, arn: str) -> dict[str, Any]:
    """The description of a dataset, once nothing is in progress."""
    for _ in range(2000):
        description: dict[str, Any] = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        if not description["Status"].endswith("IN_PROGRESS"):
            return description
        time.sleep(0.01)
    raise AssertionError(description)


def create(rekognition: Any, project: str, kind: str, source: dict[str, Any] | None = None) -> str:
    """The ARN of a new dataset that is complete."""
    chosen = {"DatasetSource": source} if source else {}
    arn = str(rekognition.create_dataset(ProjectArn=project, DatasetType=kind, **chosen)["DatasetArn"])
    assert ended(rekognition, arn)["Status"] == "CREATE_COMPLETE"
    return arn


def entries(rekognition: Any, arn: str, **chosen: Any) -> list[str]:
    """The keys of a dataset's entries."""
    pages = rekognition.get_paginator("list_dataset_entries").paginate(
        DatasetArn=arn, PaginationConfig={"PageSize": 2}, **chosen
    )
    return [json.loads(entry)["source-ref"].rpartition("/")[2] for page in pages for entry in page["DatasetEntries"]]


def test_a_dataset_from_a_manifest(rekognition: Any, project: str, put: Callable[..., Any], store: Store) -> None:
    """Its status, its message and its statistics are told, its entries and labels listed page by page."""
    source = put(one="cat", two=["cat", "tail"], three="dog", four=[])
    arn = create(rekognition, project, "TRAIN", source)
    assert arn.startswith(f"{project.rpartition('/')[0]}/dataset/train/")
    description = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
    assert description["StatusMessage"].startswith("The dataset was successfully created. The project is Multilabel")
    assert description["StatusMessageCode"] == "SUCCESS"
    stats = {"LabeledEntries": 3, "TotalEntries": 4, "TotalLabels": 3, "ErrorEntries": 0}
    assert description["DatasetStats"] == stats
    assert description["LastUpdatedTimestamp"] >= description["CreationTimestamp"]
    assert entries(rekognition, arn) == ["one.png", "two.png", "three.png", "four.png"]
    assert projects.find(store, "pets").classification_type == "Multilabel"
    pages = rekognition.get_paginator("list_dataset_labels").paginate(DatasetArn=arn, PaginationConfig={"PageSize": 2})
    assert [(each["LabelName"], each["LabelStats"]) for page in pages for each in page["DatasetLabelDescriptions"]] == [
        ("cat", {"EntryCount": 2, "BoundingBoxCount": 0}),
        ("dog", {"EntryCount": 1, "BoundingBoxCount": 0}),
        ("tail", {"EntryCount": 1, "BoundingBoxCount": 0}),
    ]


def test_entries_are_chosen(rekognition: Any, project: str, put: Callable[..., Any]) -> None:
    """By label, with or without labels, with errors, and by a part of the address; False for errors means all."""
    arn = create(rekognition, project, "TRAIN", put(one="cat", two="dog", three=[]))
    rekognition.update_dataset_entries(
        DatasetArn=arn, Changes={"GroundTruth": (line("gone.png", "cat") + "\n" + line("one.png", "dog")).encode()}
    )
    assert ended(rekognition, arn)["Status"] == "UPDATE_COMPLETE"
    assert entries(rekognition, arn, ContainsLabels=["cat", "bird"]) == ["gone.png"]
    assert entries(rekognition, arn, Labeled=True) == ["one.png", "two.png", "gone.png"]
    assert entries(rekognition, arn, Labeled=False) == ["three.png"]
    assert entries(rekognition, arn, HasErrors=True) == ["gone.png"]
    assert entries(rekognition, arn, HasErrors=False, Labeled=True) == ["one.png", "two.png", "gone.png"]
    assert entries(rekognition, arn, SourceRefContains="pets/t") == ["two.png", "three.png"]
    first = rekognition.list_dataset_entries(DatasetArn=arn, NextToken="", HasErrors=True)["DatasetEntries"][0]
    (error,) = json.loads(first)["errors"]
    assert error["code"] == "ERROR_INVALID_IMAGE"
    assert error["message"].startswith("The image is invalid. Check S3 path and/or image properties.")


def test_a_script_may_send_text(rekognition: Any, project: str, put: Callable[..., Any]) -> None:
    """The vendor's own script sends its changes as text, and gets every status that it waits for."""
    put(one="cat", two="dog")
    arn = create(rekognition, project, "TEST")
    rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": line("one.png", "cat")})
    seen = rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"]
    assert seen in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    assert ended(rekognition, arn)["DatasetStats"]["TotalEntries"] == 1


def test_boxes_are_refused_with_a_reason(rekognition: Any, project: str, put: Callable[..., Any]) -> None:
    """A manifest of objects gives CREATE_FAILED; its dataset can be deleted, and another made."""
    source = put(one="cat")
    boxes = {"source-ref": "s3://pets/one.png", "bb": {"annotations": []}, "bb-metadata": {"class-map": {}}}
    arn = create(rekognition, project, "TRAIN")
    rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": json.dumps(boxes)})
    failed = ended(rekognition, arn)
    assert (failed["Status"], failed["StatusMessageCode"]) == ("UPDATE_FAILED", "CLIENT_ERROR")
    assert "boxes around objects" in failed["StatusMessage"]
    rekognition.delete_dataset(DatasetArn=arn)
    create(rekognition, project, "TRAIN", source)


def test_a_fifth_goes_to_the_test_dataset(rekognition: Any, project: str, put: Callable[..., Any]) -> None:
    """Both datasets tell that they are updated, and can be given in any order."""
    arn = create(rekognition, project, "TRAIN", put(**{f"a{n}": "cat" if n % 2 else "dog" for n in range(20)}))
    test = create(rekognition, project, "TEST")
    rekognition.distribute_dataset_entries(Datasets=[{"Arn": test}, {"Arn": arn}])
    told = [ended(rekognition, each) for each in (arn, test)]
    assert [(each["Status"], each["DatasetStats"]["TotalEntries"]) for each in told] == [
        ("UPDATE_COMPLETE", 16),
        ("UPDATE_COMPLETE", 4),
    ]
    with pytest.raises(rekognition.exceptions.InvalidParameterException, match="must be empty"):
        rekognition.distribute_dataset_entries(Datasets=[{"Arn": arn}, {"Arn": test}])
    with pytest.raises(rekognition.exceptions.InvalidParameterException, match="of one project"):
        rekognition.distribute_dataset_entries(Datasets=[{"Arn": arn}, {"Arn": arn}])
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
        rekognition.distribute_dataset_entries(Datasets=[{"Arn": arn}, {"Arn": GONE}])


def test_a_dataset_is_copied(rekognition: Any, project: str, put: Callable[..., Any], fill: Fill) -> None:
    """Of this project or another, also of one made on the pages."""
    arn = create(rekognition, project, "TRAIN", put(one="cat", two="dog"))
    other = rekognition.create_project(ProjectName="other")["ProjectArn"]
    copy = create(rekognition, other, "TEST", {"DatasetArn": arn})
    assert entries(rekognition, copy) == entries(rekognition, arn)
    fill("Pages", a=2)
    (page,) = rekognition.describe_projects(ProjectNames=["Pages"])["ProjectDescriptions"]
    pages = create(rekognition, other, "TRAIN", {"DatasetArn": page["Datasets"][0]["DatasetArn"]})
    # The other image is in the test dataset already.
    assert entries(rekognition, pages) == ["2.png", "1.png"]
    assert entries(rekognition, pages, HasErrors=True) == ["1.png"]


def test_datasets_refuse(rekognition: Any, project: str, put: Callable[..., Any]) -> None:
    """Each documented error, by its name."""
    source = put(one="cat")
    refused = rekognition.exceptions
    with pytest.raises(refused.ResourceNotFoundException):
        rekognition.create_dataset(ProjectArn=f"{project}1", DatasetType="TRAIN")
    arn = create(rekognition, project, "TRAIN", source)
    with pytest.raises(refused.ResourceAlreadyExistsException, match=arn):
        rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN")
    with pytest.raises(refused.InvalidParameterException, match="not both"):
        rekognition.create_dataset(ProjectArn=project, DatasetType="TEST", DatasetSource={**source, "DatasetArn": arn})
    for name, bucket in (("gone", BUCKET), ("my.manifest", "no-such-bucket")):
        gone = {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": name}}}
        with pytest.raises(refused.InvalidS3ObjectException):
            rekognition.create_dataset(ProjectArn=project, DatasetType="TEST", DatasetSource=gone)
    for call in (rekognition.describe_dataset, rekognition.list_dataset_entries, rekognition.list_dataset_labels):
        with pytest.raises(refused.ResourceNotFoundException):
            call(DatasetArn=GONE)
    with pytest.raises(refused.ResourceNotFoundException):
        rekognition.update_dataset_entries(DatasetArn=GONE, Changes={"GroundTruth": b"{}"})
    with pytest.raises(refused.ResourceNotFoundException):
        rekognition.delete_dataset(DatasetArn=GONE)
    for call in (rekognition.list_dataset_entries, rekognition.list_dataset_labels):
        with pytest.raises(refused.InvalidPaginationTokenException):
            call(DatasetArn=arn, NextToken="WyIxIiwiMiJd")
    with pytest.raises(refused.InvalidParameterException, match="UTF-8"):
        rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": b"\xff\xfe\xfd"})
    with pytest.raises(ClientError, match="ValidationException"):
        rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": bytes(5 * 1024**2 + 1)})


def test_a_busy_dataset_refuses(rekognition: Any, amazon: Server, fill: Fill) -> None:
    """While it is created it is not ready to be listed, and in use for changes."""
    fill("pets", a=1)
    (described,) = rekognition.describe_projects()["ProjectDescriptions"]
    arn = described["Datasets"][0]["DatasetArn"]
    project = projects.find(amazon.store, "pets")
    dataset = amazon.store.rekognition_datasets.find(project.id, "TRAIN")
    assert dataset is not None
    test = create(rekognition, described["ProjectArn"], "TEST")
    refused = rekognition.exceptions
    # The lock of another process, so that the work stays undone.
    with filelock.FileLock(amazon.store.home / "rekognition.lock"):
        amazon.store.rekognition_datasets.set_status(dataset, "CREATE_IN_PROGRESS", "busy")
        with pytest.raises(refused.ResourceNotReadyException):
            rekognition.list_dataset_entries(DatasetArn=arn)
        with pytest.raises(refused.ResourceNotReadyException):
            rekognition.list_dataset_labels(DatasetArn=arn)
        with pytest.raises(refused.ResourceNotReadyException):
            rekognition.distribute_dataset_entries(Datasets=[{"Arn": arn}, {"Arn": test}])
        with pytest.raises(refused.ResourceInUseException):
            rekognition.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": b"{}"})
        with pytest.raises(refused.ResourceInUseException):
            rekognition.delete_dataset(DatasetArn=arn)
        other = rekognition.create_project(ProjectName="other")["ProjectArn"]
        with pytest.raises(refused.InvalidParameterException, match="must be complete"):
            rekognition.create_dataset(ProjectArn=other, DatasetType="TEST", DatasetSource={"DatasetArn": arn})
    assert ended(rekognition, arn)["Status"] == "CREATE_COMPLETE"


def test_an_interrupted_dataset_goes_on_at_the_next_start(
    amazon: Server, rekognition: Any, project: str, put: Callable[..., Any]
) -> None:
    """Nobody needs to ask for it: the server itself goes on with what is still to be done."""
    put(one="cat")
    store = amazon.store
    pets = arns.project(store, project)
    arn = arns.of_dataset(store, pets, "TRAIN")
    dataset = store.rekognition_datasets.add(pets.id, "TRAIN", arn, status="CREATE_IN_PROGRESS", message="")
    store.rekognition_datasets.add_pending(dataset, [line("one.png", "cat")])
    Amazon(PlainTextResponse("a page"), store, amazon.settings, KEYS)
    for _ in range(2000):
        if store.images.count(pets.id):
            break
        time.sleep(0.01)
    assert store.images.count(pets.id) == 1
    assert ended(rekognition, arn)["Status"] == "CREATE_COMPLETE"
