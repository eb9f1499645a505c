"""Middleware that finds out by a signed cookie whose request it is, and lets strangers no further than to join.

Without a class and a password it lets everything pass. It puts whose request it is into the request's scope, for the
routes that serve files; the pages ask for their store themselves.
"""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore import classroom, urls
from cvcore.api.classroom import forms
from cvcore.classroom import TEACHER, Viewer
from cvcore.store import Pupil, Store

VIEWER = "tagwise.viewer"
OPEN_PATHS = ("/_stcore/health", urls.AUTHORITY)


class ClassDoor:
    """Pure ASGI middleware in front of the pages."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store
        self._forms = forms.Forms(store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its sender, or ask the sender to join."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(urls.below(""))
        if scope["type"] == "http" and path == urls.JOIN:
            await self._forms(scope, receive, send)
            return
        cookie = HTTPConnection(scope).cookies.get(classroom.COOKIE, "")
        viewer = scope[VIEWER] = await asyncio.to_thread(classroom.viewer, self._store, cookie)
        if viewer is not None or (scope["type"] == "http" and path in OPEN_PATHS):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})
        elif "text/html" in HTTPConnection(scope).headers.get("accept", ""):
            await RedirectResponse(urls.below(urls.JOIN), 303)(scope, receive, send)
        else:
            await PlainTextResponse(f"join the class first: open {urls.below(urls.JOIN)}", 401)(scope, receive, send)


def stores_of(scope: Scope, store: Store) -> tuple[Store, ...]:
    """The stores whose files the sender of a request may have: a pupil their own, the teacher all.

    Without the door in front of it, this one.
    """
    viewer: Viewer = scope.get(VIEWER, TEACHER)
    if isinstance(viewer, Pupil):
        return (classroom.store_of(store, viewer),)
    if viewer is None:
        return ()
    return (store, *classroom.usable(store, store.pupils.all()))
