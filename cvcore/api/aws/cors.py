"""Headers that let pages of other sites use presigned addresses, and, if the setting allows it, all services.

A presigned address allows one thing to whoever has it, also to a page. Browsers send no cookie along.
Source: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.responses import Response

from cvcore.api.aws.signed.head import Head

DAY_S = 86_400


def is_preflight(head: Head) -> bool:
    """Whether a browser asks before it sends a request that is signed, in its query or its headers.

    >>> asked = (("origin", "https://a.example"), ("access-control-request-method", "PUT"))
    >>> is_preflight(Head("OPTIONS", "/b/k", "X-Amz-Signature=1", asked)), is_preflight(Head("OPTIONS", "/", "", asked))
    (True, False)
    """
    is_asked = bool(head.header("origin") and head.header("access-control-request-method"))
    names = head.header("access-control-request-headers").lower()
    is_signed = head.is_presigned or ("authorization" in names and "x-amz-" in names)
    return head.method == "OPTIONS" and is_asked and is_signed


def is_open(head: Head, apis: Collection[str]) -> bool:
    """Whether pages of other sites may send a request; `apis` is the setting, in which training stands for all."""
    return head.is_presigned or "training" in apis


def preflight(head: Head) -> Response:
    """The answer to a browser that asks."""
    headers = {
        "Access-Control-Allow-Methods": "GET, HEAD, PUT, POST, DELETE",
        # The star does not stand for this one.
        "Access-Control-Allow-Headers": "Authorization, *",
        "Access-Control-Max-Age": str(DAY_S),
    }
    # https://wicg.github.io/private-network-access/: a public site's page calls a server in this network.
    if head.header("access-control-request-private-network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=headers)


def allow(response: Response) -> None:
    """Let pages of every site read the response, and its headers."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "*"
