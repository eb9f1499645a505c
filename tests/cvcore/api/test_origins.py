"""Pages of other sites change nothing, by whatever way they ask."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from cvcore.api.origins import OwnPages

OWN = [
    {},
    {"origin": "http://192.168.1.20:8501"},
    {"origin": "https://class.example"},
    {"sec-fetch-site": "same-origin", "origin": "https://behind.a.proxy"},
    {"sec-fetch-site": "none"},
]
OTHER = [
    {"origin": "http://evil.example"},
    {"origin": "http://192.168.1.20:8502"},
    {"origin": "http://localhost:8501"},
    {"origin": "http://192.168.1.20.evil.example:8501"},
    {"origin": "http://evil.example/class.example"},
    {"origin": "null"},
    {"origin": "http://[::1"},
    {"origin": "http://192.168.1.20:8501", "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.fixture
def client() -> TestClient:
    """A server of one page that takes everything, and of a WebSocket, behind the middleware."""

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("in")
        await websocket.close()

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.method)

    routes = [
        Route("/", page, methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]),
        WebSocketRoute("/", stream),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(OwnPages, names=["Class.example"])])
    return TestClient(app, base_url="http://192.168.1.20:8501")


@pytest.mark.parametrize("headers", OWN)
def test_own_pages_and_programs(client: TestClient, headers: dict[str, str]) -> None:
    """The pages of this server, by any of its names, and whoever is no browser, may all there is."""
    assert "POST" == client.post("/", headers=headers).text
    with client.websocket_connect("ws://192.168.1.20:8501/", headers=headers) as stream:
        assert "in" == stream.receive_text()


@pytest.mark.parametrize("headers", OTHER)
def test_other_pages_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    """Neither a form nor a script of theirs, another port of this machine's included, sends anything that counts."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.request(method, "/", headers=headers)
        assert (403, True) == (answer.status_code, "a page of another site may change nothing" in answer.text)
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/", headers=headers):
        pass
    assert 4403 == closed.value.code


def test_other_pages_may_lead_here(client: TestClient) -> None:
    """A link on another site opens a page: what only reads is answered."""
    assert "GET" == client.get("/", headers={"sec-fetch-site": "cross-site"}).text
