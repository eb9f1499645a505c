"""Middleware against forged requests: pages of other sites change nothing here, and open no connection that stays.

A browser sends its cookies and, without a password, its place on this machine along with what such pages ask for. It
also says where a request comes from, in headers that pages cannot set. Programs say nothing of that kind, and pass.
Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# What these ask for changes nothing (RFC 9110, section 9.2.1).
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
REFUSAL = "a page of another site may change nothing here: open Tagwise itself\n"


class OwnPages:
    """Pure ASGI middleware that refuses what other sites' pages ask for, but to read; `names` are the server's own.

    It must come after the APIs: they have keys of their own, which no browser sends along by itself.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {name.casefold() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        kind = scope["type"]
        changes = kind == "websocket" or (kind == "http" and scope["method"] not in SAFE_METHODS)
        if not changes or is_own_page(HTTPConnection(scope), self._names):
            await self._app(scope, receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403})
        else:
            await PlainTextResponse(REFUSAL, 403)(scope, receive, send)


def is_own_page(request: HTTPConnection, names: Collection[str] = ()) -> bool:
    """Whether a request's sender is a page from here, the person at the browser, or no browser.

    A proxy may call this server by another name than browsers call the proxy: that one must be among `names`.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # of an unfinished IPv6 address
        return False
    return parts.netloc == request.headers.get("host", "") or (parts.hostname or "") in names
