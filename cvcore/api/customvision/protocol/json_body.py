"""The JSON in a request's body, and the fields of its objects.

Names of fields match in upper and lower case, because clients write them differently. A body can be empty although its
type is JSON: the SDK sends that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from cvcore.api.customvision.protocol import lenient_json, request
from cvcore.api.customvision.protocol.errors import Refusal

# A JSON object with its names in lower case.
Fields = Mapping[str, Any]


def fields(call: request.Call) -> Fields:
    """The JSON object in the body, or a form's fields, with names in lower case; empty without a body.

    Raises:
        Refusal: the body is neither a JSON object nor such a form.
    """
    if call.content_type.casefold().startswith("application/x-www-form-urlencoded") and not _is_json(call.body):
        return _form(call.body)
    return as_fields(parsed(call), "the body")


def parsed(call: request.Call) -> Any:
    """The JSON in the body; an empty object without a body. What is not strict JSON is read as .NET reads it.

    Raises:
        Refusal: the body is not JSON.
    """
    if not call.body.strip():
        return {}
    try:
        return json.loads(call.body)
    except RecursionError as error:
        raise _not_json(error) from error
    except ValueError as error:
        try:
            return lenient_json.loads(call.body.decode(json.detect_encoding(call.body)))
        except (ValueError, RecursionError):
            raise _not_json(error) from error


def _not_json(error: Exception) -> Refusal:
    return Refusal("BadRequestInvalid", f"the body must be JSON, this one is not: {str(error)[:200]}")


def _is_json(body: bytes) -> bool:
    """Whether a body that is said to be a form is JSON: curl says so of every body without a Content-Type."""
    return body.lstrip()[:1] in (b"{", b"[")


def _form(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=request.TAKE)
    except ValueError as error:
        raise Refusal("BadRequestInvalid", f"the body must be a form like url=…, this one is not: {error}") from error
    return {name.casefold(): value for name, value in pairs}


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
