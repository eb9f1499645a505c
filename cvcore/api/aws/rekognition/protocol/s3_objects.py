"""Objects in S3 that requests name: images and manifests."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input

Bucket = Annotated[str, Meta(min_length=3, max_length=255, pattern=r"^[0-9A-Za-z.\-_]*\Z")]
Key = Annotated[str, Meta(min_length=1, max_length=1024)]


class S3Object(Input):
    """An object; its version is ignored, because buckets keep the newest one only."""

    bucket: Bucket | None = None
    name: Key | None = None
    version: Key | None = None


class GroundTruthManifest(Input):
    """A manifest in S3."""

    s3_object: S3Object | None = msgspec.field(name="S3Object", default=None)


def place(named: S3Object | None, what: str) -> tuple[str, str]:
    """The bucket and the key of an object that a request must name.

    Raises:
        Refusal: it names none, or not completely.
    """
    if not named or not named.bucket or not named.name:
        raise Refusal("InvalidParameterException", f"{what} must have an S3Object with Bucket and Name: add them")
    return named.bucket, named.name


def json(bucket: str, key: str) -> dict[str, Any]:
    """An object in an answer.

    >>> json("my-bucket", "a/b.json")
    {'S3Object': {'Bucket': 'my-bucket', 'Name': 'a/b.json'}}
    """
    return {"S3Object": {"Bucket": bucket, "Name": key}}
