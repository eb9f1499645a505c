"""Detects labels in images."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cvcore import buckets
from cvcore.api.aws.rekognition.protocol import s3_objects
from cvcore.api.aws.rekognition.protocol.call import Answer, Call
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input, ProjectVersionArn
from cvcore.api.aws.rekognition.protocol.s3_objects import S3Object
from cvcore.rekognition.versions import detection, lifecycle
from cvcore.settings import MEBIBYTE

# https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/limits.html
IMAGE_BYTES = 4 * MEBIBYTE
OBJECT_BYTES = 15 * MEBIBYTE


class Image(Input):
    """An image, as bytes or by its place in S3."""

    data: bytes | None = msgspec.field(name="Bytes", default=None)
    s3_object: S3Object | None = msgspec.field(name="S3Object", default=None)


class DetectCustomLabelsInput(Input):
    """An image, the version to ask, and which labels to tell."""

    project_version_arn: ProjectVersionArn
    image: Image
    max_results: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    min_confidence: Annotated[float, Meta(ge=0, le=100)] | None = None


def detect_custom_labels(call: Call[DetectCustomLabelsInput]) -> Answer:
    """The labels of an image by a version that runs, the most certain first. Nothing is stored."""
    request = call.request
    _, iteration, version = lifecycle.find(call.store, request.project_version_arn, region=call.region)
    if version.state != "RUNNING":
        message = f"a version must run to detect labels, {version.name} does not: start it with StartProjectVersion"
        raise Refusal("ResourceNotReadyException", message)
    found = detection.detect(
        call.store,
        iteration,
        _image(call),
        limits=call.settings.limits,
        min_confidence=request.min_confidence,
        max_results=request.max_results,
    )
    labels = [{"Name": each.tag, "Confidence": each.probability * detection.PERCENT} for each in found]
    return {"CustomLabels": labels}


def _image(call: Call[DetectCustomLabelsInput]) -> bytes:
    image = call.request.image
    if (image.data is None) == (image.s3_object is None):
        raise Refusal("InvalidParameterException", "Image must have either Bytes or an S3Object: give one of them")
    if image.data is None:
        return buckets.read(call.settings, *s3_objects.place(image.s3_object, "Image"), limit_bytes=OBJECT_BYTES)
    if not image.data:
        raise Refusal("InvalidParameterException", "Bytes must be an image, they are empty: give a JPEG or PNG")
    if len(image.data) > IMAGE_BYTES:
        message = f"Bytes must be at most {IMAGE_BYTES // MEBIBYTE} MB, these are more: make the image smaller"
        raise Refusal("ImageTooLargeException", message)
    return image.data
