"""Middleware that puts the pages' own styles and scripts into the HTML that browsers load first.

Streamlit sends them only with a page's elements, after the first of these are drawn: then everything moves.
It also loads the code of each kind of widget only when the first of that kind is drawn, one after the other.
"""

from __future__ import annotations

import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cvcore import urls

# Only Streamlit's own page has this element: reports and other HTML pass unchanged.
_ROOT, _BODY = b'<div id="root">', b"<body>"
_TITLE, _OWN_TITLE = b"<title>Streamlit</title>", b"<title>Tagwise</title>"

# The kinds of widgets that pages open with.
WIDGETS = (
    "BidiComponent", "Button", "ButtonGroup", "Checkbox", "DownloadButton", "FileUploader", "Html", "MenuButton",
    "Multiselect", "PageLink", "Pagination", "Radio", "Selectbox", "Slider", "TextInput",
)  # fmt: skip
# Performance alone draws with plotly, which its widget asks for late: it is fetched meanwhile.
_PLOTLY = f"""<script>if (location.pathname.endsWith("/performance")) document.head.append(Object.assign(
    document.createElement("link"), {{ rel: "preload", as: "script", href: ".{urls.PLOTLY}" }}))</script>"""
_IMPORTED = re.compile(r'(?:from|import)"\./([^"]+\.js)"')


def preloads(static: Path) -> str:
    """Links by which browsers load the code of `WIDGETS` at once, with all that it imports, and plotly, as HTML.

    static: Streamlit's folder of static files; a kind without a file there is left out.
    """
    scripts = static / "static" / "js"
    found: dict[str, None] = {}
    waiting = [path.name for kind in WIDGETS for path in sorted(scripts.glob(f"{kind}.*.js"))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += _IMPORTED.findall((scripts / name).read_text(encoding="utf-8"))
    links = (f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in sorted(found))
    return _PLOTLY + "".join(links)


def content(folder: Path) -> str:
    """The style sheets in the folders of a folder, except of its widgets, and the scripts of its shell, as HTML."""
    styles = sorted(path for path in folder.glob("*/*.css") if path.parent.name != "widgets")
    style, script = (
        "".join(path.read_text(encoding="utf-8") for path in paths)
        for paths in (styles, sorted(folder.glob("shell/*.js")))
    )
    return f"<style>{style}</style><script>{script}</script>"


class PageStart:
    """Pure ASGI middleware that adds `content` to the start of Streamlit's page."""

    def __init__(self, app: ASGIApp, *, content: str) -> None:
        self._app, self._content = app, content.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; hold an HTML response back until it is whole, and add to it if it is the page."""
        start: Message | None = None
        body = b""

        async def send_whole(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
            elif start is None:
                await send(message)
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    whole = self._added(start, body)
                    await send(start)
                    await send({"type": "http.response.body", "body": whole})

        if scope["type"] != "http" or scope["method"] != "GET" or b"text/html" not in _accepted(scope):
            await self._app(scope, receive, send)
            return
        # A compressed page cannot be added to.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, send_whole)

    def _added(self, start: Message, body: bytes) -> bytes:
        if _ROOT not in body:
            return body
        body = body.replace(_TITLE, _OWN_TITLE).replace(_BODY, _BODY + self._content, 1)
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(body))
        # Both describe Streamlit's file alone: with them a browser would keep an old page after an update.
        del headers["ETag"], headers["Last-Modified"]
        return body


def _accepted(scope: Scope) -> bytes:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(b"accept", b"")


def _is_html(message: Message) -> bool:
    return message["status"] == 200 and MutableHeaders(scope=message).get("Content-Type", "").startswith("text/html")
