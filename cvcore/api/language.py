"""The language in which a request is answered."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from cvcore import languages


def of_request(request: HTTPConnection) -> str:
    """The one chosen on the pages, which the browser keeps in a cookie, else the first of its own that is spoken."""
    return languages.of_request(request.cookies.get(languages.COOKIE, ""), request.headers.get("accept-language", ""))
