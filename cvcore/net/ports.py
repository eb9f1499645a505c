"""What is at a port of this machine: whether a server can listen there, and whether Tagwise does already."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import socket
import ssl
import urllib.request
from collections.abc import Iterable

PATIENCE_S = 5.0
# The title of the pages and of the login, and the heading of the form by which pupils join.
_NAME = b">Tagwise<"
# Read at most, of whatever answers.
_BYTES = 2**20
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - replaced, not listened on


def is_taken(address: str, port: int) -> bool:
    """Whether another program listens there, so that no server can.

    Raises:
        OSError: no server can listen there for another reason, such as an address that is not this machine's.
        OverflowError: there is no such port.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        # On Windows this would let two programs have the same port.
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    return False


def first_free(address: str, ports: Iterable[int]) -> int | None:
    """The first of the ports at which nobody listens; None if there is none."""
    with contextlib.suppress(OSError, OverflowError):
        return next((port for port in ports if not is_taken(address, port)), None)
    return None


def tagwise_at(address: str, port: int) -> str | None:
    """The address of the Tagwise that answers there, for a browser; None if something else does, or nothing in time."""
    host = _EVERYWHERE.get(address, address)
    host = f"[{host}]" if ":" in host else host
    # No proxy, and any certificate: only a name is read, and nothing sent that others may not know.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_trusting())
    )
    for url in (f"http://{host}:{port}/", f"https://{host}:{port}/"):
        asked = urllib.request.Request(url, headers={"Accept": "text/html"})  # noqa: S310 - the two schemes above
        with (
            contextlib.suppress(OSError, ValueError, http.client.HTTPException),
            opener.open(asked, timeout=PATIENCE_S) as answer,
        ):
            if _NAME in answer.read(_BYTES):
                return url
    return None


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
