"""Middleware for a server below a path, as behind a proxy that serves several apps: `server.baseUrlPath` of Streamlit.

Streamlit puts that path before its own addresses alone. Here it is taken off those of Tagwise, so that all code below
this middleware knows them without it; the pages put it in front, see `urls.below`.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore import urls

_OWN = re.compile(
    r"/+(thumbnail|picture|download|assets/plotly[^/]*|customvision|login)(/.*)?", re.IGNORECASE | re.DOTALL
)


class BasePath:
    """Pure ASGI middleware that lets Tagwise's own addresses be reached below `urls.below("")`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, without the path that it begins with; that is its `root_path` then."""
        base = urls.below("")
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and base and path.startswith(f"{base}/"):
            own = path.removeprefix(base)
            if _OWN.fullmatch(own.removeprefix(urls.STATIC)):
                scope = {**scope, "path": own, "raw_path": own.encode(), "root_path": base}
        await self._app(scope, receive, send)
