"""Middleware against DNS rebinding: answers only requests to this machine's own names.

In that attack the owner of a page at `http://evil.example` changes the name's address to 127.0.0.1. The browser then
treats the page and Tagwise as the same origin, and the page can read everything.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnHosts:
    """Pure ASGI middleware that refuses requests whose Host header names another machine."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {"localhost", socket.gethostname().casefold(), *(name.casefold() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = name_in(dict(scope["headers"]).get(b"host", b"").decode("latin-1"))
        if is_address(host) or host in self._names or host.endswith(".local"):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403})
        else:
            refusal = f"this server does not answer to {host[:80]!r}: if the name is yours, add it to TAGWISE_HOSTS\n"
            await PlainTextResponse(refusal, 421)(scope, receive, send)


def name_in(header: str) -> str:
    """The name or address in a Host header, without its port.

    >>> name_in("Laptop.local:8501"), name_in("[::1]:8501")
    ('laptop.local', '::1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].casefold().removesuffix(".")


def is_address(host: str) -> bool:
    """Whether a host is a numeric address, which no name server can redirect.

    >>> is_address("192.168.1.20"), is_address("::1"), is_address("evil.example")
    (True, True, False)
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
