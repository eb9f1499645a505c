"""Tells browsers to load nothing from other servers.

A classroom may have no network, and what is taught there is nobody else's business.

A component of Streamlit's world asks Google for a font; this keeps it, and any that come after it, from doing so.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit's own pages style themselves in line, compile what they draw with, and hold pictures in blob: and data:.
# https://www.w3.org/TR/CSP3/#directives-fetch
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:"


class OwnSources:
    """Pure ASGI middleware that sends the policy with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the policy."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Content-Security-Policy", POLICY)
            await send(message)

        await self._app(scope, receive, send_with_policy)
