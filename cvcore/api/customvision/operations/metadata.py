"""Handler for images' metadata, keys and values that clients store, and the reader of metadata filters."""

from __future__ import annotations

import re
from typing import Any

from cvcore.api.customvision.protocol import json_body, request
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call
from cvcore.store import Condition

# Pairs for an image, letters of a key, letters of a value: by the specification of version 3.3, and before it.
LIMITS = (50, 256, 512)
OLDER_LIMITS = (10, 128, 256)

_TERM = re.compile(r"\s*(?:metadata\s*=\s*)?([^\s']+)\s+(eq|ne)\s+'([^']*)'\s*", re.IGNORECASE)


def update_image_metadata(call: Call) -> Any:
    """Set keys and values on images; other keys keep their values."""
    project = request.project(call)
    request.required(call, "imageIds")
    wanted = request.ids(call, "imageIds", request.IDS)
    values = checked(call, json_body.parsed(call))
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
    return request.multi_status(call, {"isBatchSuccessful": len(present) == len(wanted), "images": results})


def checked(call: Call, pairs: Any) -> dict[str, str]:
    """Check an image's metadata against the limits of the API's version.

    Raises:
        Refusal: a key, a value or their number is not allowed.
    """
    if pairs is None:
        return {}
    most, key_letters, value_letters = LIMITS if call.version >= (3, 3) else OLDER_LIMITS
    if not isinstance(pairs, dict) or len(pairs) > most:
        raise Refusal(
            "BadRequestImageMetadataKey", f"metadata must be an object of at most {most} texts: send fewer keys"
        )
    values = {}
    for key, value in pairs.items():
        if not 1 <= len(key) <= key_letters:
            raise Refusal(
                "BadRequestImageMetadataKey", f"a metadata key must have 1 to {key_letters} letters, got {len(key)}"
            )
        if not isinstance(value, str) or len(value) > value_letters:
            rule = f"a metadata value must be a text of at most {value_letters} letters"
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
