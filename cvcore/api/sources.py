"""Middleware that adds a Content-Security-Policy, so that browsers load nothing from other servers.

A classroom can be without internet, and other servers should not learn who uses Tagwise. Without the policy a Streamlit
component loads a font from Google.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit's pages use inline styles, compile scripts for charts, and have images in blob: and data: addresses.
# https://www.w3.org/TR/CSP3/#directives-fetch
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:"


class OwnSources:
    """Pure ASGI middleware that adds the policy to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the policy to its response."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Content-Security-Policy", POLICY)
            await send(message)

        await self._app(scope, receive, send_with_policy)
