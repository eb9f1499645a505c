"""Tokens of pages: where the next page begins, as text that clients send back as they got it."""

from __future__ import annotations

import base64
import json

from cvcore.api.aws.rekognition.protocol.errors import Refusal


def write(*position: str) -> str:
    """The token of a position, which is some texts.

    >>> read(write("2026-01-02", "ü"))
    ('2026-01-02', 'ü')
    """
    return base64.urlsafe_b64encode(json.dumps(position, ensure_ascii=False).encode()).decode()


def read(token: str | None) -> tuple[str, ...]:
    """The position in a token; without a token, or in an empty one, there is none: the first page.

    Raises:
        Refusal: it is no token from here.

    >>> read("")
    ()
    """
    try:
        position = json.loads(base64.b64decode(token or write(), b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise refused(token) from error
    if not isinstance(position, list) or not all(isinstance(each, str) for each in position):
        raise refused(token)
    return tuple(position)


def refused(token: str | None) -> Refusal:
    """The refusal of a token that is none of the operation's."""
    shown = (token or "")[:80]
    message = f"NextToken must be from the answer before, {shown!r} is not: leave it out to begin with the first page"
    return Refusal("InvalidPaginationTokenException", message)
