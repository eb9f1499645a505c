"""The web app answers only to this machine's own names."""

from __future__ import annotations

import socket

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cvcore.api.hosts import OwnHosts


@pytest.fixture
def client() -> TestClient:
    """A server of one page that also answers to `class.example`."""

    def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    return TestClient(Starlette(routes=[Route("/", page)], middleware=[Middleware(OwnHosts, names=["class.example"])]))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8501",
        "192.168.1.20",
        "[::1]:8501",
        "localhost:8501",
        "laptop.local",
        "CLASS.example.",
        socket.gethostname(),
    ],
)
def test_own_names(client: TestClient, host: str) -> None:
    """Addresses, localhost, the machine's name, .local names and those in the settings are let in."""
    assert "in" == client.get("/", headers={"host": host}).text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_other_names(client: TestClient, host: str) -> None:
    """Any other name is refused in a sentence, whatever address it leads to."""
    answer = client.get("/", headers={"host": host})
    assert 421 == answer.status_code
    assert f"this server does not answer to {host.partition(':')[0]!r}" in answer.text
