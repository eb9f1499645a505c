"""It is known before a server starts whether it can listen, and who is there already."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cvcore.net import ports

HERE = "127.0.0.1"


class Named(BaseHTTPRequestHandler):
    """A site that says a name, after sending browsers to where it does."""

    name = "Tagwise"

    def do_GET(self) -> None:
        """Send to /join, which says the name."""
        self.send_response(200 if self.path == "/join" else 303)
        self.send_header("Location", "/join")
        self.end_headers()
        self.wfile.write(f"<h1>{self.name}</h1>".encode() if self.path == "/join" else b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing."""


class Other(Named):
    """The same of another name."""

    name = "Otherwise"


@pytest.fixture(params=[Named, Other])
def site(request: pytest.FixtureRequest) -> Iterator[ThreadingHTTPServer]:
    """A site at a free port, as a class's form is found: by a redirect."""
    with ThreadingHTTPServer((HERE, 0), request.param) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def test_who_is_there(site: ThreadingHTTPServer) -> None:
    """A Tagwise is told from other sites by what it says, and named by the address that opens it."""
    port = site.server_address[1]
    expected = f"http://{HERE}:{port}/" if site.RequestHandlerClass is Named else None
    assert expected == ports.tagwise_at(HERE, port) == ports.tagwise_at("0.0.0.0", port)


def test_what_is_free() -> None:
    """A port is taken while somebody listens there, also for who would listen everywhere; the next one is offered."""
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        port = listener.getsockname()[1]
        listener.listen()
        assert ports.is_taken(HERE, port)
        assert ports.is_taken("0.0.0.0", port)
        assert ports.first_free(HERE, [port]) is None
        assert ports.first_free(HERE, [port, 0]) == 0
        assert ports.first_free(HERE, [2**16]) is None
    assert not ports.is_taken(HERE, port)


def test_nobody_says_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes connections and never answers is no Tagwise, and is not waited for."""
    monkeypatch.setattr(ports, "PATIENCE_S", 0.1)
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        listener.listen()
        assert ports.tagwise_at(HERE, listener.getsockname()[1]) is None
