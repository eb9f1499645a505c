"""Records and JSON, both ways: what we say word by word, and what the SDK and our own reader make of it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.cognitiveservices.vision.customvision.training import models
from msrest import Deserializer

from cvcore import domains
from cvcore.api.customvision.operations import metadata
from cvcore.api.customvision.protocol import json_body, prediction_schemas, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call
from cvcore.records import Image, Iteration, Prediction, Project, StoredPrediction, Tag, TrainingOptions
from cvcore.store import Condition, Publication, SnapshotTag

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TIME = "2026-01-02T03:04:05.678901Z"
SERVER = "http://localhost:8501"
PROJECT = Project("p", "flowers", "in bloom", "Multilabel", domains.DEFAULT.id, AT, AT)
IMAGE = Image("i", "p", "ab", "1.jpg", 640, 480, 1000, AT, ("t",))
ITERATION = Iteration(
    "r", "p", 1, "Iteration 1", "Completed", "Multilabel", domains.DEFAULT.id, "MobileNetV3Large", "f", "", None, None,
    {"total": 61.0}, 10, 2, "", AT, AT,
)  # fmt: skip
FILES = {
    "originalImageUri": f"{SERVER}/customvision/files/original/ab",
    "resizedImageUri": f"{SERVER}/customvision/files/resized/ab",
    "thumbnailUri": f"{SERVER}/customvision/files/thumbnail/ab",
}
ROSE = Prediction("rose", "Regular", 0.75, "t")
ANSWERED = StoredPrediction("q", "p", "r", "app", "ab", (ROSE,), AT)
ROSE_JSON = {"probability": 0.75, "tagId": "t", "tagName": "rose", "tagType": "Regular"}

GOLDEN: list[tuple[str, Any, dict[str, Any]]] = [
    (
        "Project",
        schemas.project(PROJECT, server=SERVER, has_negative=True, newest=IMAGE),
        {
            "id": "p",
            "name": "flowers",
            "description": "in bloom",
            "settings": {
                "domainId": "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31",
                "classificationType": "Multilabel",
                "targetExportPlatforms": [],
                "useNegativeSet": True,
                "detectionParameters": None,
                "imageProcessingSettings": {"augmentationMethods": {}},
            },
            "created": TIME,
            "lastModified": TIME,
            "thumbnailUri": FILES["thumbnailUri"],
            "drModeEnabled": False,
            "status": "Succeeded",
        },
    ),
    (
        "Tag",
        schemas.tag(Tag("t", "p", "rose", "Negative", AT, 3)),
        {"id": "t", "name": "rose", "description": "", "type": "Negative", "imageCount": 3},
    ),
    (
        "Tag",
        schemas.snapshot_tag(SnapshotTag("t", "rose", "Regular"), 2),
        {"id": "t", "name": "rose", "description": "", "type": "Regular", "imageCount": 2},
    ),
    (
        "Image",
        schemas.image(IMAGE, {"t": "rose"}, server=SERVER, metadata={"room": "12"}),
        {
            "id": "i",
            "created": TIME,
            "width": 640,
            "height": 480,
            **FILES,
            "tags": [{"tagId": "t", "tagName": "rose", "created": TIME}],
            "regions": [],
            "metadata": {"room": "12"},
        },
    ),
    (
        "Iteration",
        schemas.iteration(ITERATION, [Publication("garden", "r", "/subscriptions/0")], TrainingOptions()),
        {
            "id": "r",
            "name": "Iteration 1",
            "status": "Completed",
            "created": TIME,
            "lastModified": TIME,
            "trainedAt": TIME,
            "projectId": "p",
            "exportable": True,
            "exportableTo": ["TensorFlow", "ONNX", "CoreML", "OpenVino", "DockerFile"],
            "domainId": "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31",
            "classificationType": "Multilabel",
            "trainingType": "Regular",
            "reservedBudgetInHours": 0,
            "trainingTimeInMinutes": 2,
            "publishName": "garden",
            "originalPublishResourceId": "/subscriptions/0",
            "customBaseModelInfo": None,
            "trainingErrorDetails": None,
        },
    ),
    (
        "ImagePrediction",
        prediction_schemas.image_prediction(ANSWERED),
        {"id": "q", "project": "p", "iteration": "r", "created": TIME, "predictions": [ROSE_JSON]},
    ),
    (
        "StoredImagePrediction",
        prediction_schemas.stored_image_prediction(ANSWERED, server=SERVER, domain_id="d"),
        {
            "id": "q",
            "project": "p",
            "iteration": "r",
            "created": TIME,
            "predictions": [ROSE_JSON],
            **FILES,
            "domain": "d",
        },
    ),
    (
        "ImagePerformance",
        prediction_schemas.image_performance(IMAGE, {"t": "rose"}, [ROSE], server=SERVER),
        {
            "id": "i",
            "created": TIME,
            "width": 640,
            "height": 480,
            "imageUri": FILES["originalImageUri"],
            "thumbnailUri": FILES["thumbnailUri"],
            "tags": [{"tagId": "t", "tagName": "rose", "created": TIME}],
            "regions": [],
            "predictions": [ROSE_JSON],
        },
    ),
]


@pytest.mark.parametrize(("model", "document", "expected"), GOLDEN, ids=[f"{model}" for model, *_ in GOLDEN])
def test_records_as_json(model: str, document: Any, expected: dict[str, Any]) -> None:
    """Each record has exactly these fields and values."""
    assert expected == document


@pytest.mark.parametrize(("model", "document", "expected"), GOLDEN, ids=[f"{model}" for model, *_ in GOLDEN])
def test_the_sdk_reads_it(model: str, document: Any, expected: dict[str, Any]) -> None:
    """Microsoft's own model holds every field that we send, and lacks none of its own."""
    classes = {name: each for name, each in vars(models).items() if isinstance(each, type)}
    read = Deserializer(classes)(model, json.loads(json.dumps(document)))
    keys = {each["key"] for each in classes[model]._attribute_map.values()}
    assert keys - {"exportModelContainerUri", "notificationQueueUri"} == set(document)
    assert read.id == expected["id"]


def test_how_an_iteration_is_trained() -> None:
    """Advanced, its budget in whole hours, and where it starts from; Custom Vision's field knows no minutes."""
    base = dataclasses.replace(ITERATION, id="b", project_id="q")
    document = schemas.iteration(
        ITERATION, [], TrainingOptions(is_advanced=True, budget_minutes=150, start_from="b"), base
    )
    assert ("Advanced", 2, {"projectId": "q", "iterationId": "b"}) == (
        document["trainingType"],
        document["reservedBudgetInHours"],
        document["customBaseModelInfo"],
    )
    assert 0 == schemas.iteration(ITERATION, [], TrainingOptions(is_advanced=True))["reservedBudgetInHours"]
    assert 0 == schemas.iteration(ITERATION, [], TrainingOptions(budget_minutes=600))["reservedBudgetInHours"]


def body(text: str) -> Call:
    return Call(None, None, body=text.encode())  # type: ignore[arg-type]


def test_names_of_fields_are_read_in_any_case() -> None:
    """The portal's recipe writes Url, the SDK url; values keep their case."""
    assert {"url": "Https://X"} == json_body.fields(body('{"Url": "Https://X"}'))
    assert {} == json_body.fields(body("  "))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("metadata=a eq 'x'", ((Condition("a", True, "x"),),)),
        (
            "metadata=a eq 'x' and b ne 'y z' OR c eq ''",
            ((Condition("a", True, "x"), Condition("b", False, "y z")), (Condition("c", True, ""),)),
        ),
    ],
)
def test_filters(text: str, expected: tuple[tuple[Condition, ...], ...]) -> None:
    """`and` binds closer than `or`, words are read in any case."""
    assert expected == metadata.conditions(text)


@pytest.mark.parametrize("text", ["a", "a eq x", "a eq 'x' b eq 'y'", "a eq 'x' and", "a gt 'x'"])
def test_what_is_no_filter(text: str) -> None:
    """Anything else is refused with an example of what it should be like."""
    with pytest.raises(Refusal, match=r"\$filter must be like metadata=key1 eq 'value1' and key2 ne 'value2', got"):
        metadata.conditions(text)
