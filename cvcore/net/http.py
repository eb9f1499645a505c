"""The HTTP client: GET and POST over connections that `net.guard` opens.

`fetch` gets an image from an address that a user gives; each redirect is checked like the first address.
`get` and `post` follow no redirect.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cvcore.errors import FetchFailed
from cvcore.languages import t
from cvcore.net import guard
from cvcore.net.guard import BROKEN, Resolve, Target
from cvcore.settings import MEBIBYTE

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

REDIRECTS = 3
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
IMAGE_HEADERS = {"Accept": "image/*"}
JSON_HEADERS = {"Content-Type": "application/json"}

# The seconds that the next read from a connection may take; raises TimeoutError if no time is left.
SecondsLeft = Callable[[], float]


@dataclass(frozen=True)
class Answer:
    """A server's answer: status, the header Retry-After or an empty text, and the body."""

    status: int
    retry_after: str
    body: bytes


def fetch(
    url: str,
    *,
    limit_bytes: int,
    timeout_s: float = 10.0,
    allow_private: bool = False,
    resolve: Resolve = guard.look_up,
) -> bytes:
    """Fetch the image at an http or https address, following at most three redirects, all within `timeout_s`.

    `allow_private` also allows addresses of this machine and its network. `resolve` returns the IP addresses of a
    host and port.

    Raises:
        UrlRefused: the address, or one that it redirects to, is not http or https, or is in this machine's own network.
        FetchFailed: the answer is an error, is longer than `limit_bytes`, or does not come in time.
    """
    deadline = time.monotonic() + timeout_s
    target = guard.parsed(url)
    for _ in range(REDIRECTS + 1):
        try:
            with guard.connected(target, deadline, allow_private=allow_private, resolve=resolve) as connection:
                answer = _image_or_redirect(connection, target, deadline, limit_bytes)
        except BROKEN as error:
            raise _failure(error, target, timeout_s) from error
        if isinstance(answer, bytes):
            return answer
        target = answer
    raise FetchFailed(
        t(
            "an address must redirect at most {most} times, this one goes on to {host}: use the last address",
            most=REDIRECTS,
            host=target.host,
        )
    )


def get(target: Target, headers: Mapping[str, str], *, timeout_s: float, limit_bytes: int) -> Answer:
    """The answer of a server that the user trusts, which may be in this machine's own network.

    Connecting and each read may take `timeout_s`; a body longer than `limit_bytes` is cut there.

    Raises:
        OSError: it cannot be reached in time; or another error of `guard.BROKEN`, for example for a body cut short.
    """
    with (
        guard.connected(target, time.monotonic() + timeout_s, allow_private=True) as connection,
        _response(connection, "GET", target, headers, seconds_left=lambda: timeout_s) as response,
    ):
        body = response.read(limit_bytes)
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
        return Answer(response.status, response.getheader("Retry-After", ""), body)


def post(
    target: Target, body: bytes, *, timeout_s: float, allow_private: bool = False, resolve: Resolve = guard.look_up
) -> int:
    """Post JSON, all within `timeout_s`; returns the answer's status without reading its body.

    Raises:
        UrlRefused: the target is in this machine's own network.
        OSError: it cannot be reached in time; or another error of `guard.BROKEN`.
    """
    deadline = time.monotonic() + timeout_s
    left = partial(guard.seconds_left, deadline)
    with (
        guard.connected(target, deadline, allow_private=allow_private, resolve=resolve) as connection,
        _response(connection, "POST", target, JSON_HEADERS, body, seconds_left=left) as response,
    ):
        return response.status


@contextlib.contextmanager
def _response(
    connection: socket.socket,
    method: str,
    target: Target,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    seconds_left: SecondsLeft,
) -> Iterator[http.client.HTTPResponse]:
    """Send a request; yields the response before its body is read."""
    connection.settimeout(seconds_left())
    client = http.client.HTTPConnection(target.host, target.port)
    client.sock = connection
    common = {"Accept-Encoding": "identity", "Connection": "close"}
    client.request(method, target.path, body, {"Host": target.authority, "User-Agent": "Tagwise", **headers, **common})
    with http.client.HTTPResponse(connection, method=method) as response:
        response.fp = io.BufferedReader(_Reader(connection, response.fp.detach(), seconds_left))
        response.begin()
        yield response


class _Reader(io.RawIOBase):
    """Reads from a connection within the seconds left: a socket's own time limit starts again with each read."""

    def __init__(self, connection: socket.socket, raw: io.RawIOBase, seconds_left: SecondsLeft) -> None:
        self._connection = connection
        self._raw = raw
        self._seconds_left = seconds_left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._connection.settimeout(self._seconds_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _image_or_redirect(connection: socket.socket, target: Target, deadline: float, limit_bytes: int) -> bytes | Target:
    left = partial(guard.seconds_left, deadline)
    with _response(connection, "GET", target, IMAGE_HEADERS, seconds_left=left) as response:
        location = response.getheader("Location")
        if response.status in REDIRECT_STATUSES and location:
            return guard.parsed(location, target.url)
        return _image(response, target, limit_bytes)


def _image(response: http.client.HTTPResponse, target: Target, limit_bytes: int) -> bytes:
    if response.status != http.HTTPStatus.OK:
        raise FetchFailed(
            t(
                "an address must answer with an image, {host} answered with status {status}: open it in a browser",
                host=target.host,
                status=response.status,
            )
        )
    if response.getheader("Content-Encoding", "identity").strip().casefold() != "identity":
        raise FetchFailed(
            t(
                "an image must be sent uncompressed, {host} sends it compressed: download it and upload the file",
                host=target.host,
            )
        )
    size_bytes = response.length or 0
    data = b"" if size_bytes > limit_bytes else response.read(limit_bytes + 1)
    if max(size_bytes, len(data)) > limit_bytes:
        limit = f"{limit_bytes / MEBIBYTE:.3g} MB"
        raise FetchFailed(
            t(
                "an image must be at most {most}, the one at {host} is larger: make it smaller first",
                most=limit,
                host=target.host,
            )
        )
    if len(data) < size_bytes:
        raise http.client.IncompleteRead(data, size_bytes - len(data))
    return data


def _failure(error: Exception, target: Target, timeout_s: float) -> FetchFailed:
    host = target.host
    if isinstance(error, TimeoutError):
        return FetchFailed(
            t(
                "an address must answer within {seconds} s, {host} did not: try again or upload the file",
                seconds=f"{timeout_s:g}",
                host=host,
            )
        )
    if isinstance(error, socket.gaierror):
        return FetchFailed(
            t("an address must have a known host name, {host} is unknown: check the address and the network", host=host)
        )
    if isinstance(error, ssl.SSLError):
        return FetchFailed(
            t(
                "an https address must have a valid certificate, {host} has none: download the image in a browser",
                host=host,
            )
        )
    return FetchFailed(
        t("an address must be a web server's, {host} did not answer like one: check it or upload the file", host=host)
    )
