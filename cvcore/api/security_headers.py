"""Middleware that tells browsers what answers may do, and closes addresses of Streamlit's that nobody needs.

A classroom can be without internet, and other servers should not learn who uses Tagwise. Without the content security
policy a Streamlit component loads a font from Google. Nor may pages elsewhere show Tagwise in a frame of theirs, where
a click meant for them would be a click here. Source: https://owasp.org/www-project-secure-headers/.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit's pages use inline styles, compile scripts for charts, and have images in blob: and data: addresses.
# https://www.w3.org/TR/CSP3/#directives-fetch
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
# How much memory each session takes, for whoever asks; and how programs can drive the pages.
STATISTICS, AGENTS = "/_stcore/metrics", "/_stcore/agent"
_CLOSED = re.compile(rf".*(?:{STATISTICS}/*|{AGENTS}(?:/.*)?)", re.DOTALL)


class SecurityHeaders:
    """Pure ASGI middleware that adds the headers to every response that has no stricter one of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to its response; at a closed address there is nothing."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _CLOSED.fullmatch(scope["path"]):
            await PlainTextResponse("Not Found", 404)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)
