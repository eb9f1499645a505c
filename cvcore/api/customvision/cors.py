"""Headers that let pages of other sites call the API from a browser, as they can call Azure.

They need the key like every client, and browsers send no cookie along, so every site may try.
Source: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

METHODS = "GET, POST, PATCH, DELETE"
DAY_S = 86_400


def preflight(request: Mapping[str, str]) -> Response | None:
    """The answer to a browser that asks before it calls the API; None for another request.

    >>> preflight({"origin": "https://example.com"}) is None
    True
    """
    if "origin" not in request or "access-control-request-method" not in request:
        return None
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "*",
        "Access-Control-Max-Age": str(DAY_S),
    }
    # https://wicg.github.io/private-network-access/: a public site's page calls a server in this network.
    if request.get("access-control-request-private-network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=headers)


def allow(response: Response) -> None:
    """Let pages of every site read the response."""
    response.headers["Access-Control-Allow-Origin"] = "*"
