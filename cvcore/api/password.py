"""One shared password for the pages, when `TAGWISE_PASSWORD` is set: a class room's door, not a bank's.

It stands before everything the port answers, the pages' WebSocket and the pictures too; the API has keys of
its own and the health check is open.
"""

from __future__ import annotations

import hmac
import secrets
import time
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "tagwise"
DAYS = 7
ATTEMPTS_A_MINUTE = 20
OPEN_PATHS = ("/_stcore/health", "/customvision/")
FORM = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Tagwise</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh }}
form {{ display: grid; gap: .75rem; width: 18rem }} input, button {{ font: inherit; padding: .5rem }}
</style><form method="post" action="/login"><h1>Tagwise</h1>
<label for="password">The class's password</label>
<input id="password" type="password" name="password" autofocus required>
<button>Open</button><p role="alert">{message}</p></form></html>"""


class SharedPassword:
    """Pure ASGI middleware that lets in who knows the password."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self._app = app
        self._password = password
        # A secret of this process: a restart asks everyone again.
        self._signer = URLSafeTimedSerializer(secrets.token_bytes(32), salt=COOKIE)
        self._failed_at: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or ask for the password."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/login":
            await (await self._login(Request(scope, receive)))(scope, receive, send)
        elif self._is_open(scope) or self._is_known(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401})
        else:
            await _refusal(scope)(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path = scope["path"].lower()
        return scope["type"] == "http" and any(
            path == each or (each.endswith("/") and path.startswith(each)) for each in OPEN_PATHS
        )

    def _is_known(self, scope: Scope) -> bool:
        header = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
        try:
            cookie = SimpleCookie(header).get(COOKIE)
            self._signer.loads(cookie.value if cookie else "", max_age=DAYS * 86400)
        except (BadSignature, CookieError):
            return False
        return True

    async def _login(self, request: Request) -> Response:
        if request.method != "POST":
            return HTMLResponse(FORM.format(message=""))
        self._failed_at = [at for at in self._failed_at if at > time.monotonic() - 60]
        if len(self._failed_at) >= ATTEMPTS_A_MINUTE:
            return HTMLResponse(FORM.format(message="Too many attempts. Wait a minute."), 429)
        async with request.form(max_files=0, max_fields=5) as form:
            given = str(form.get("password", ""))
        if not hmac.compare_digest(given.encode(), self._password.encode()):
            self._failed_at.append(time.monotonic())
            return HTMLResponse(FORM.format(message="That is not the password."), 401)
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE,
            self._signer.dumps("in"),
            max_age=DAYS * 86400,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response


def _refusal(scope: Scope) -> Response:
    if b"text/html" in dict(scope["headers"]).get(b"accept", b""):
        return RedirectResponse("/login", 303)
    return PlainTextResponse("the password is missing: open /login", 401)
