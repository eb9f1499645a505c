"""Fetch a picture from an address that somebody typed or sent, without lending them this machine's place in a network.

A server that fetches what it is told to can be sent where only it can reach: to its own other services, the router's
page, a cloud's metadata. So a name is looked up once, all its addresses must be public, and the connection goes to one
of those very addresses, as a second look-up might be answered otherwise. Each redirect is treated the same. Proxies
that the environment names are not used: they would look the name up themselves.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time

from cvcore.errors import FetchFailed
from cvcore.net import guard
from cvcore.net.guard import BROKEN, Resolve, Target, _seconds_left, connected, look_up, parsed, response_on
from cvcore.settings import MEBIBYTE

REDIRECTS = 3
REDIRECT_STATUSES = (301, 302, 303, 307, 308)


def fetch(
    url: str, *, limit_bytes: int, timeout_s: float = 10.0, allow_private: bool = False, resolve: Resolve = look_up
) -> bytes:
    """What lies at an http or https address, through at most three redirects, all within `timeout_s`.

    `allow_private` lets addresses of this machine and its network through. `resolve` gives the addresses
    that a host and port have.

    Raises:
        UrlRefused: the address, or one that it redirects to, is no such address or leads into the own network.
        FetchFailed: nobody is there, or sends an error, nothing in time, or more than `limit_bytes`.
    """
    deadline = time.monotonic() + timeout_s
    target = parsed(url)
    for _ in range(REDIRECTS + 1):
        try:
            with connected(target, deadline, allow_private=allow_private, resolve=resolve) as connection:
                answer = _answer(connection, target, deadline, limit_bytes)
        except BROKEN as error:
            raise _failure(error, target, timeout_s) from error
        if isinstance(answer, bytes):
            return answer
        target = answer
    raise FetchFailed(f"an address may redirect {REDIRECTS} times, this one goes on to {target.host}: use the last one")


def _answer(connection: socket.socket, target: Target, deadline: float, limit_bytes: int) -> bytes | Target:
    """The body, or where to ask instead."""
    connection.settimeout(_seconds_left(deadline))
    headers = f"Host: {target.authority}\r\nUser-Agent: Tagwise\r\nAccept: image/*\r\nAccept-Encoding: identity"
    connection.sendall(f"GET {target.path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n".encode("ascii"))
    with response_on(connection, deadline) as response:
        response.begin()
        location = response.getheader("Location")
        if response.status in REDIRECT_STATUSES and location:
            return parsed(location, target.url)
        return _body(response, target, limit_bytes)


def _body(response: http.client.HTTPResponse, target: Target, limit_bytes: int) -> bytes:
    if response.status != http.HTTPStatus.OK:
        raise FetchFailed(
            f"an address must answer with a picture, {target.host} answered with status {response.status}: "
            "open it in a browser"
        )
    if response.getheader("Content-Encoding", "identity").strip().casefold() != "identity":
        raise FetchFailed(
            f"a picture must come as it is, {target.host} sends it packed: download it and upload the file"
        )
    size_bytes = response.length or 0
    data = b"" if size_bytes > limit_bytes else response.read(limit_bytes + 1)
    if max(size_bytes, len(data)) > limit_bytes:
        limit = f"{limit_bytes / MEBIBYTE:.3g} MB"
        raise FetchFailed(f"a picture may be {limit} large, the one at {target.host} is larger: make it smaller first")
    if len(data) < size_bytes:
        raise http.client.IncompleteRead(data, size_bytes - len(data))
    return data


def _failure(error: Exception, target: Target, timeout_s: float) -> FetchFailed:
    host = target.host
    if isinstance(error, TimeoutError):
        return FetchFailed(
            f"an address must answer within {timeout_s:g} s, {host} did not: try again or upload the file"
        )
    if isinstance(error, socket.gaierror):
        return FetchFailed(f"an address must name a host that is known, {host} is not: check it, and the network")
    if isinstance(error, ssl.SSLError):
        return FetchFailed(f"an https address must prove its name, {host} did not: download the picture elsewhere")
    return FetchFailed(
        f"an address must lead to a web server, {host} did not answer as one: check it or upload the file"
    )


def post(
    target: guard.Target,
    body: bytes,
    *,
    timeout_s: float,
    allow_private: bool = False,
    resolve: guard.Resolve = guard.look_up,
) -> int:
    """Post JSON; the status of the answer, of which nothing more is read.

    Raises:
        UrlRefused: the target lies in the own network.
        OSError: it cannot be reached in time; any other of `fetching.BROKEN` likewise.
    """
    deadline = time.monotonic() + timeout_s
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: Tagwise\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with guard.connected(target, deadline, allow_private=allow_private, resolve=resolve) as connection:
        connection.sendall(head.encode("ascii") + body)
        with guard.response_on(connection, deadline) as response:
            response.begin()
            return response.status
