"""Connections that stay open are answered without delay."""

from __future__ import annotations

import socket

from cvcore.api import sockets


def test_connections_are_answered_at_once() -> None:
    """A connection inherits it from the socket that listens; others are left as they are."""
    with socket.socket() as listener, socket.socket() as other:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        sockets.answer_at_once()
        other.connect(listener.getsockname())
        accepted = listener.accept()[0]
        with accepted:
            options = [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in (accepted, other)]
        assert [True, False] == [bool(option) for option in options]
