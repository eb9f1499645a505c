"""One shared password for the pages if `TAGWISE_PASSWORD` is set: enough for a classroom, not for secrets.

It protects everything on the port, including the pages' WebSocket and the images, but not the API, which has its own
keys, and the health check. Attempts are limited per client address, so that one client cannot lock out the others.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from urllib.parse import parse_qs, urlencode

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore import languages, urls
from cvcore.languages import marked, t

log = logging.getLogger("tagwise.password")

COOKIE = "tagwise"
DAYS = 7
ATTEMPTS_PER_MINUTE = 20
FORM_BYTES = 10_000
OPEN_PATHS = ("/_stcore/health", "/customvision/", urls.AUTHORITY)
FORM = """<!doctype html><html lang="{language}" dir="{direction}"><meta name="viewport" content="width=device-width">
<title>Tagwise</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh }}
form {{ display: grid; gap: .75rem; width: 18rem }} input, button {{ font: inherit; padding: .5rem }}
</style><form method="post"><h1>Tagwise</h1>
<label for="password">{label}</label>
<input id="password" type="password" name="password" autofocus required>
<button>{button}</button><p role="alert">{message}</p></form></html>"""


class SharedPassword:
    """Pure ASGI middleware that asks for the password, and recognises a browser by a signed cookie."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self._app = app
        self._password = password
        # The secret is new in each process: after a restart everyone enters the password again.
        self._signer = URLSafeTimedSerializer(secrets.token_bytes(32), salt=COOKIE)
        self._failed: list[tuple[str, float]] = []

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
        path = scope["path"].removeprefix(urls.below("")).lower()
        return scope["type"] == "http" and any(
            path == known or (known.endswith("/") and path.startswith(known)) for known in OPEN_PATHS
        )

    def _is_known(self, scope: Scope) -> bool:
        try:
            self._signer.loads(HTTPConnection(scope).cookies.get(COOKIE, ""), max_age=DAYS * 86400)
        except BadSignature:
            return False
        return True

    async def _login(self, request: Request) -> Response:
        if request.method != "POST":
            return _form(request)
        password = await _password_in(request)
        address = request.client.host if request.client else ""
        self._failed = [(other, at) for other, at in self._failed if at > time.monotonic() - 60]
        if sum(other == address for other, _ in self._failed) >= ATTEMPTS_PER_MINUTE:
            return _form(request, marked("Too many attempts. Wait a minute."), 429)
        if not hmac.compare_digest(password.encode(), self._password.encode()):
            self._failed.append((address, time.monotonic()))
            log.warning("a wrong password came from %s", address)
            return _form(request, marked("The password is wrong. Try again."), 401)
        response = RedirectResponse(_wanted(request), 303)
        response.set_cookie(
            COOKIE,
            self._signer.dumps("in"),
            max_age=DAYS * 86400,
            httponly=True,
            samesite="lax",
            secure=request.scope["scheme"] == "https",
        )
        return response


def _form(request: Request, message: str = "", status: int = 200) -> Response:
    """The form in the language of the browser, with a marked message."""
    with languages.using(languages.of_request(request.cookies, request.headers)):
        page = FORM.format(
            language=languages.current(),
            direction=languages.direction(),
            label=t("The class's password"),
            button=t("Open"),
            message=t(message) if message else "",
        )
    return HTMLResponse(page, status, headers={"Vary": "Accept-Language, Cookie"})


async def _password_in(request: Request) -> str:
    """The password in the form; empty if the body is longer than the form can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            return ""
    return parse_qs(body.decode("latin-1")).get("password", [""])[0]


def _wanted(request: Request) -> str:
    """The page to open after the login: the path in the parameter `next`, only if it is on this server."""
    wanted = request.query_params.get("next", "")
    return wanted if wanted.startswith("/") and not wanted.startswith("//") else urls.below("/")


def _refusal(scope: Scope) -> Response:
    if "text/html" in HTTPConnection(scope).headers.get("accept", ""):
        path = f"{scope.get('root_path', '')}{scope['path']}"
        wanted = f"{path}?{scope['query_string'].decode('latin-1')}".removesuffix("?")
        return RedirectResponse(f"{urls.below('/login')}?{urlencode({'next': wanted})}", 303)
    return PlainTextResponse(f"the password is missing: open {urls.below('/login')}", 401)
