"""Reads untrusted JSON into records whose types say which values are allowed; anything else is refused."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from cvcore.errors import ArchiveRefused
from cvcore.languages import t

Record = TypeVar("Record")

# Patterns of msgspec's messages (https://msgspec.dev/usage.html), and the words for each after "... is not".
_RULES = (
    (r"Object missing required field `(\w+)`", r"an object with \1"),
    (r"Invalid enum value .*", "one of the values that Tagwise writes"),
    (r".*datetime` with a timezone.*|Invalid RFC3339.*", "a moment with its time zone"),
    (r"Expected `str` matching regex '\D*0-9a-f\D*(\d+)\D*", r"a text of \1 hexadecimal digits"),
    (r"Expected `str` matching regex .*", "a text as Tagwise writes it"),
    (r"Expected `(str|array|object)` of length <= (\d+)", r"`\1` of at most \2"),
    (r".*out of range", "a number in range"),
    (r"Expected (.*)", r"\1"),
)
_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a moment with its time zone",
}


def read(data: bytes, kind: type[Record], name: str) -> Record:
    """Decode JSON in UTF-8 into a record of that type; members that the type does not have are ignored.

    If two members have the same name, the last one counts.

    Raises:
        ArchiveRefused: it is not JSON, or a value is not allowed; the error says where, as `name: images[3].sha256`.

    >>> read(b'["rose"]', tuple[str, ...], "a.json")
    ('rose',)
    >>> read(b'["rose", 7]', tuple[str, ...], "a.json")
    Traceback (most recent call last):
    cvcore.errors.ArchiveRefused: a project zip must be unchanged, a.json: [1] is not a text, got a whole number: \
copy or download it again
    """
    try:
        return msgspec.json.decode(data.decode(), type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        where = path.rpartition("$")[2].strip("`").removeprefix(".")
        raise refusal(f"{name}: {where}" if where else name, _rule(message)) from None
    except (ValueError, RecursionError):
        raise refusal(name, "a file of JSON") from None


def refusal(where: str, rule: str) -> ArchiveRefused:
    """The error that refuses a zip: `where` names the value, `rule` says what it must be."""
    return ArchiveRefused(
        t("a project zip must be unchanged, {where} is not {rule}: copy or download it again", where=where, rule=rule)
    )


def _rule(message: str) -> str:
    """What the value must be, in plain words."""
    for pattern, words in _RULES:
        if matched := re.fullmatch(pattern, message, re.DOTALL):
            message = matched.expand(words)
            break
    return re.sub(r"`([^`]*)`", lambda kinds: _in_words(kinds[1]), message)


def _in_words(kinds: str) -> str:
    return " or ".join(_KINDS.get(kind, kind) for kind in kinds.split(" | "))
