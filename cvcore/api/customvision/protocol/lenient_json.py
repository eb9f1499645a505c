"""Reader of JSON as .NET reads it, and with it Custom Vision: for bodies that are not strict JSON.

Published scripts send `{'url' : 'https://…'}` and get an answer from Azure. What .NET reads beyond JSON:
https://www.newtonsoft.com/json/help/html/SerializationGuide.htm
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""
    (?P<blank>\s++|//[^\n]*+|/\*.*?\*/)
    |(?P<double>"[^"\\]*+(?:\\.[^"\\]*+)*+")
    |'(?P<single>[^'\\]*+(?:\\.[^'\\]*+)*+)'
    |(?P<name>[A-Za-z_$][\w$]*+)(?=\s*+:)
    |(?P<other>true\b|false\b|null\b|-?\d[\d.eE+-]*+|[{}\[\]:,])
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES = re.compile(r"\\(.)|\"", re.DOTALL)


def loads(text: str) -> Any:
    r"""The value of a text with single quotes, names without quotes, commas before a closing bracket, or comments.

    Raises:
        ValueError: it is not JSON in this sense either.
        RecursionError: it is nested too deeply.

    >>> loads("{'url' : 'https://example.com/a\\'b.jpg', store: false, /* more */ tags: [\"a\",],}")
    {'url': "https://example.com/a'b.jpg", 'store': False, 'tags': ['a']}
    """
    pieces: list[str] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError(f"character {position + 1} is unexpected: {text[position : position + 20]!r}")
        position = token.end()
        if token["blank"] is None:
            if token[0] in ("}", "]") and pieces[-1:] == [","] and pieces[-2:-1] not in ([], ["{"], ["["], [","]):
                pieces.pop()
            pieces.append(_strict(token))
    # A blank between them keeps two numbers two.
    return json.loads(" ".join(pieces), strict=False)


def _strict(token: re.Match[str]) -> str:
    """A token as strict JSON writes it."""
    if token["name"] is not None:
        return json.dumps(token["name"])
    if token["single"] is not None:
        return '"' + _QUOTES.sub(_double_quoted, token["single"]) + '"'
    return token[0]


def _double_quoted(match: re.Match[str]) -> str:
    return "'" if match[1] == "'" else '\\"' if match[1] is None else match[0]
