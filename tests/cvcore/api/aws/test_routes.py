"""The list of operations is botocore's model of Custom Labels, no more and no less."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.model import Shape
from msgspec import inspect

from cvcore.api.aws.rekognition import routes
from cvcore.api.aws.rekognition.protocol import errors
from cvcore.api.aws.rekognition.routes import Operation

MODEL = botocore.session.get_session().get_service_model("rekognition")

# What else Rekognition does: faces, videos, streams, moderation. An operation of Custom Labels names none of them.
OTHERS = ("Face", "Celebrit", "Collection", "Stream", "Moderation", "MediaAnalysis", "User", "Text", "Detection")
OTHERS_NAMED = {
    "DetectLabels",
    "DetectProtectiveEquipment",
    "GetLabelDetection",
    "GetPersonTracking",
    "StartPersonTracking",
    "GetSegmentDetection",
}
# Fields of other features of Rekognition, which are ignored.
IGNORED = {"Feature", "Features", "AutoUpdate", "FeatureConfig"}


def test_every_operation_of_custom_labels() -> None:
    """Each operation of Custom Labels is there, under its name, once."""
    theirs = {
        name
        for name in MODEL.operation_names
        if not any(other in name for other in OTHERS) and name not in OTHERS_NAMED
    }
    assert sorted(theirs) == sorted(operation.name for operation in routes.OPERATIONS)


@pytest.mark.parametrize("operation", routes.OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_is_as_in_the_model(operation: Operation) -> None:
    """Its request has the model's fields, with the same limits, required where they are there; so for exceptions."""
    model = MODEL.operation_model(operation.name)
    assert {shape.name for shape in model.error_shapes} - errors.COMMON == set(operation.own)
    assert [] == differences(inspect.type_info(operation.input), model.input_shape)


def differences(ours: inspect.Type, theirs: Shape, at: str = "") -> list[str]:
    """Where a type of ours is not a shape of the model."""
    if isinstance(ours, inspect.UnionType):
        (ours,) = (each for each in ours.types if not isinstance(each, inspect.NoneType))
    if isinstance(ours, inspect.StructType):
        return _fields(ours, theirs, at)
    if isinstance(ours, inspect.BytesType):
        return []  # a limit on an image has an exception of its own
    if isinstance(ours, inspect.DictType):
        pairs = ((ours.key_type, theirs.key, "key"), (ours.value_type, theirs.value, "value"))
        return [found for each in pairs for found in differences(each[0], each[1], f"{at}.{each[2]}")]
    inside = getattr(ours, "item_type", None)
    found = differences(inside, theirs.member, f"{at}[]") if inside else []
    limits = (
        (getattr(ours, "min_length", None), getattr(ours, "max_length", None))
        if hasattr(ours, "min_length")
        else (getattr(ours, "ge", None), getattr(ours, "le", None))
    )
    wanted = (theirs.metadata.get("min") or None, theirs.metadata.get("max"))
    # Where the model sets no limit, ours may.
    if any(want is not None and (have or None) != want for have, want in zip(limits, wanted, strict=True)):
        found.append(f"{at}: {limits} in place of {wanted}")
    return found


def _fields(ours: inspect.StructType, theirs: Shape, at: str) -> list[str]:
    fields = {field.encode_name: field for field in ours.fields}
    found = [f"{at}.{name}" for name in (set(theirs.members) ^ set(fields)) - IGNORED]
    required = {name for name, field in fields.items() if field.required}
    found += [f"{at}.{name}: required in one only" for name in required ^ set(theirs.required_members)]
    for name in (set(theirs.members) & set(fields)) - IGNORED:
        found += differences(fields[name].type, theirs.members[name], f"{at}.{name}")
    return found
