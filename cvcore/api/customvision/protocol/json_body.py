"""The JSON in a request's body, and the fields of its objects.

Names of fields match in upper and lower case, because clients write them differently. A body can be empty although its
type is JSON: the SDK sends that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cvcore.api.customvision.protocol import request
from cvcore.api.customvision.protocol.errors import Refusal

# A JSON object with its names in lower case.
Fields = Mapping[str, Any]


def fields(call: request.Call) -> Fields:
    """The JSON object in the body, its names in lower case; empty without a body.

    Raises:
        Refusal: the body is not a JSON object.
    """
    return as_fields(parsed(call), "the body")


def parsed(call: request.Call) -> Any:
    """The JSON in the body; an empty object without a body.

    Raises:
        Refusal: the body is not JSON.
    """
    if not call.body.strip():
        return {}
    try:
        return json.loads(call.body)
    except (ValueError, RecursionError) as error:
        raise Refusal("BadRequestInvalid", f"the body must be JSON, this one is not: {str(error)[:200]}") from error


def as_fields(value: Any, name: str) -> Fields:
    """A JSON object with its names in lower case; null becomes an empty one.

    Raises:
        Refusal: the value is not an object.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal("BadRequestInvalid", f"{name} must be a JSON object, got {_kind(value)}")
    return {key.casefold(): field for key, field in value.items()}


def text(document: Fields, name: str, default: str = "") -> str:
    """A text in a JSON object; the default if it is missing or null.

    Raises:
        Refusal: the value is not a text.
    """
    value = document.get(name.casefold())
    if value is None:
        return default
    if not isinstance(value, str):
        raise Refusal("BadRequestInvalid", f"{name} must be a text, got {_kind(value)}")
    # JSON can contain half of a surrogate pair, which SQLite cannot store.
    return value.encode("utf-8", "ignore").decode()


def items(document: Fields, name: str, most: int) -> list[Any]:
    """A list in a JSON object; empty if it is missing or null.

    Raises:
        Refusal: the value is not a list, or longer than `most`.
    """
    value = document.get(name.casefold())
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refusal("BadRequestInvalid", f"{name} must be a list, got {_kind(value)}")
    return request.limited(value, name, most)


def ids(document: Fields, name: str, most: int) -> list[str]:
    """A list of ids in a JSON object, in lower case, without duplicates.

    Raises:
        Refusal: the value is not a list of texts, or longer than `most`.
    """
    values = [text({"id": item}, "id") for item in items(document, name, most)]
    return list(dict.fromkeys(value.strip().casefold() for value in values if value.strip()))


def _kind(value: Any) -> str:
    kinds = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "null")
