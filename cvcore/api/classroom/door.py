"""Middleware that finds out by a signed cookie whose request it is, and lets strangers no further than to join.

Without a class it lets everything pass. It puts the stores that the sender may see into the request's scope, for the
routes that serve files; the pages ask for their store themselves.
"""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore import classroom, urls
from cvcore.api.classroom import forms
from cvcore.classroom import Viewer
from cvcore.store import Pupil, Store

STORES = "tagwise.stores"
OPEN_PATHS = ("/_stcore/health", urls.AUTHORITY)


class ClassDoor:
    """Pure ASGI middleware in front of the pages."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store
        self._forms = forms.Forms(store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its sender's stores, or ask the sender to join."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(urls.below(""))
        if scope["type"] == "http" and path == urls.JOIN:
            await self._forms(scope, receive, send)
            return
        viewer = await asyncio.to_thread(viewer_of, self._store, HTTPConnection(scope).cookies)
        if viewer is not None:
            scope[STORES] = await asyncio.to_thread(stores_for, self._store, viewer)
        if viewer is not None or (scope["type"] == "http" and path in OPEN_PATHS):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})
        elif "text/html" in HTTPConnection(scope).headers.get("accept", ""):
            await RedirectResponse(urls.below(urls.JOIN), 303)(scope, receive, send)
        else:
            await PlainTextResponse(f"join the class first: open {urls.below(urls.JOIN)}", 401)(scope, receive, send)


def viewer_of(store: Store, cookies: dict[str, str]) -> Viewer:
    """Whose browser has these cookies."""
    return classroom.viewer(store, cookies.get(classroom.COOKIE, ""))


def stores_for(store: Store, viewer: Viewer) -> tuple[Store, ...]:
    """The stores whose files a viewer may see: a pupil their own, the teacher all."""
    if isinstance(viewer, Pupil):
        return (classroom.store_of(store, viewer),)
    if viewer is None:
        return ()
    return (store, *(classroom.store_of(store, pupil) for pupil in store.pupils.all()))


def stores_of(scope: Scope, store: Store) -> tuple[Store, ...]:
    """The stores whose files a request may have: those that the door found or, where there is none, this one."""
    found: tuple[Store, ...] = scope.get(STORES, (store,))
    return found
