"""The pages' styles and scripts in the HTML that browsers load first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from cvcore.api import page_start

ADDED = "<style>a{}</style><script>1</script>"
PAGE = '<html><head><title>Streamlit</title></head><body><div id="root"></div></body></html>'
REPORT = "<html><body><h1>Report</h1></body></html>"


def _answer(request: Request) -> Response:
    body = request.query_params["body"]
    kind = PlainTextResponse if "plain" in request.query_params else HTMLResponse
    return kind(body, headers={"ETag": "1", "Last-Modified": "Fri, 27 Nov 2026 19:05:33 GMT"})


CLIENT = TestClient(
    Starlette(
        routes=[Route("/", _answer)],
        middleware=[Middleware(page_start.PageStart, content=ADDED), Middleware(GZipMiddleware, minimum_size=1)],
    ),
    headers={"Accept": "text/html", "Accept-Encoding": "gzip"},
)


def test_streamlits_page_starts_with_the_content() -> None:
    """Styles are there before anything is drawn, and a changed page is loaded anew."""
    response = CLIENT.get("/", params={"body": PAGE})
    assert f'<title>Tagwise</title></head><body>{ADDED}<div id="root"></div></body></html>' in response.text
    assert str(len(response.content)) == response.headers["Content-Length"]
    assert not {"etag", "last-modified"} & set(response.headers)


def test_anything_else_passes_unchanged() -> None:
    """Reports, plain texts and answers without a body are not touched."""
    assert REPORT == CLIENT.get("/", params={"body": REPORT}).text
    assert PAGE == CLIENT.get("/", params={"body": PAGE, "plain": "1"}).text
    assert PAGE == CLIENT.get("/", params={"body": PAGE}, headers={"Accept": "*/*"}).text
    assert "1" == CLIENT.head("/", params={"body": PAGE}).headers["ETag"]


def test_the_content_is_every_style_and_the_shells_scripts(tmp_path: Path) -> None:
    """Styles of widgets stay with the widgets, and scripts that a page runs later with the page."""
    for name, text in {
        "shell/b.css": "b{}",
        "shell/a.css": "a{}",
        "shell/h.js": "1;",
        "images/i.js": "2;",
        "widgets/w.css": "w{}",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert "<style>a{}b{}</style><script>1;</script>" == page_start.content(tmp_path)


def test_the_code_of_widgets_is_loaded_at_once(tmp_path: Path) -> None:
    """Whatever a widget imports is named with it, each file once; kinds that this Streamlit lacks are left out."""
    scripts = tmp_path / "static" / "js"
    scripts.mkdir(parents=True)
    (scripts / "Radio.a1.js").write_text('import{t}from"./base.b2.js";import"./more.c3.js";import("./later.d4.js")')
    (scripts / "base.b2.js").write_text('import"./more.c3.js";')
    (scripts / "more.c3.js").write_text("")
    names = re.findall(
        r'<link rel="modulepreload" crossorigin href="./static/js/([^"]+)">', page_start.preloads(tmp_path)
    )
    assert ["Radio.a1.js", "base.b2.js", "more.c3.js"] == names


@pytest.mark.parametrize("kind", page_start.WIDGETS)
def test_streamlit_has_the_widgets(kind: str) -> None:
    """An update of Streamlit that renames a file does not go unseen."""
    folder = Path(streamlit.__file__).parent / "static"
    assert f"/{kind}." in page_start.preloads(folder)
