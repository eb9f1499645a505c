"""The base of all requests, and the values that several of them have, with the limits of botocore's model."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from cvcore.api.aws.rekognition.protocol.errors import Refusal

_ARN = r"^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[a-zA-Z0-9_.\-]{1,255}/"
ProjectArn = Annotated[str, Meta(min_length=20, max_length=2048, pattern=rf"{_ARN}[0-9]+\Z")]
DatasetArn = Annotated[str, Meta(min_length=20, max_length=2048, pattern=rf"{_ARN}dataset/(train|test)/[0-9]+\Z")]
ProjectVersionArn = Annotated[
    str, Meta(min_length=20, max_length=2048, pattern=rf"{_ARN}version/[a-zA-Z0-9_.\-]{{1,255}}/[0-9]+\Z")
]
ResourceArn = Annotated[str, Meta(min_length=20, max_length=2048)]
NextToken = Annotated[str, Meta(max_length=1024)]
# A name of a project, a version or a policy; policies' are shorter.
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9_.\-]+\Z")]
TagKey = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^(?!aws:)[\w\s.:/=+\-@]*\Z")]
TagValue = Annotated[str, Meta(max_length=256, pattern=r"^[\w\s.:/=+\-@]*\Z")]
Tags = Annotated[dict[TagKey, TagValue], Meta(max_length=200)]


class Input(msgspec.Struct, rename="pascal"):
    """A request's fields, named as in Python: `project_arn` is read from `ProjectArn`; unknown ones are ignored."""


In = TypeVar("In", bound=Input)


def read(body: bytes, kind: type[In]) -> In:
    """The request in a body; an empty body is an empty request.

    Raises:
        Refusal: the body is not JSON, or a value breaks its rule.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise Refusal("ValidationException", f"1 validation error detected: {error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Refusal("SerializationException", f"the body must be JSON, this one is not: {error}") from error
