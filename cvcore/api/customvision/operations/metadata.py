"""Handler for images' metadata, keys and values that clients store, and the reader of metadata filters."""

from __future__ import annotations

import re
from typing import Any

from cvcore.api.customvision.protocol import json_body, request
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.store import Condition

PAIRS = 10
KEY_LETTERS = 128
VALUE_LETTERS = 256

_TERM = re.compile(r"\s*(?:metadata\s*=\s*)?([^\s']+)\s+(eq|ne)\s+'([^']*)'\s*", re.IGNORECASE)


def update_image_metadata(call: Call) -> Any:
    """Set keys and values on images; other keys keep their values."""
    project = request.project(call)
    request.required(call, "imageIds")
    wanted = request.ids(call, "imageIds", request.IDS)
    values = checked(json_body.parsed(call))
    present = {image.id for image in call.store.images.with_ids(wanted) if image.project_id == project.id}
    call.store.metadata.put([image_id for image_id in wanted if image_id in present], values)
    results = [
        {
            "imageId": image_id,
            "status": "OK" if image_id in present else "ErrorImageNotFound",
            "metadata": values if image_id in present else {},
        }
        for image_id in wanted
    ]
    is_successful = len(present) == len(wanted)
    return Answer(200 if is_successful else 207, {"isBatchSuccessful": is_successful, "images": results})


def checked(pairs: Any) -> dict[str, str]:
    """Check an image's metadata: at most 10 keys of at most 128 letters, with values of at most 256 letters.

    Raises:
        Refusal: a key, a value or their number is not allowed.

    >>> checked({"room": "12"})
    {'room': '12'}
    """
    if pairs is None:
        return {}
    if not isinstance(pairs, dict) or len(pairs) > PAIRS:
        raise Refusal(
            "BadRequestImageMetadataKey", f"metadata must be an object of at most {PAIRS} texts: send fewer keys"
        )
    values = {}
    for key, value in pairs.items():
        if not 1 <= len(key) <= KEY_LETTERS:
            raise Refusal(
                "BadRequestImageMetadataKey", f"a metadata key must have 1 to {KEY_LETTERS} letters, got {len(key)}"
            )
        if not isinstance(value, str) or len(value) > VALUE_LETTERS:
            rule = f"a metadata value must be a text of at most {VALUE_LETTERS} letters"
            raise Refusal("BadRequestImageMetadataValue", f"{rule}, the value of {key!r} is not: shorten it")
        values[key.encode("utf-8", "ignore").decode()] = value.encode("utf-8", "ignore").decode()
    return values


def conditions(text: str) -> tuple[tuple[Condition, ...], ...]:
    """Parse a metadata filter into alternatives of conditions; `and` goes before `or`, brackets are not supported.

    Raises:
        Refusal: the text is not a filter.

    >>> conditions("metadata=room eq '12' and day ne 'Monday'")
    ((Condition(key='room', is_equal=True, value='12'), Condition(key='day', is_equal=False, value='Monday')),)
    """
    alternatives: list[list[Condition]] = [[]]
    position = 0
    while text.strip():
        term = _TERM.match(text, position)
        if term is None:
            example = "metadata=key1 eq 'value1' and key2 ne 'value2'"
            raise Refusal("BadRequestInvalid", f"$filter must be like {example}, got {text[:200]!r}")
        alternatives[-1].append(Condition(term[1], term[2].casefold() == "eq", term[3]))
        position = term.end()
        if position == len(text):
            break
        joined = re.compile(r"(and|or)\b", re.IGNORECASE).match(text, position)
        # Without `and` or `or` go to the end, where no term matches and the filter is refused above.
        position = joined.end() if joined else len(text)
        if joined and joined[1].casefold() == "or":
            alternatives.append([])
    return tuple(map(tuple, alternatives)) if alternatives[0] else ()
