"""JSON from an HTTP service that needs a key; temporary failures are tried again.

The key is sent only to the endpoint's own host, and only over https or to this machine. Redirects are not followed,
and no message contains the key.
"""

from __future__ import annotations

import dataclasses
import email.utils
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from cvcore.errors import FetchFailed, InvalidInput
from cvcore.languages import t
from cvcore.net import guard, http
from cvcore.settings import MEBIBYTE

TIMEOUT_S = 30.0
ANSWER_BYTES = 64 * MEBIBYTE

# Too many requests, or a temporary failure; Retry-After is followed up to a minute.
PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
PAUSE_MAX_S = 60.0

# Trying again does not help: an unknown host name or an invalid certificate.
LASTING_ERRORS = (socket.gaierror, ssl.SSLCertVerificationError)


@dataclass(frozen=True)
class Endpoint:
    """A service's address, the header and the key that it needs, and the function that pauses between two tries."""

    target: guard.Target
    header: str
    key: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    @property
    def host(self) -> str:
        """The service's host, for messages."""
        return self.target.host


def training(url: str, training_key: str, *, sleep: Callable[[float], None] = time.sleep) -> Endpoint:
    """Custom Vision's training API, from the address and key that the portal shows under Keys and Endpoint.

    Raises:
        InvalidInput: the address is not https (http is allowed on this machine), or the key has invalid characters.

    >>> training("https://north.api.cognitive.microsoft.com/", "0123").target.url
    'https://north.api.cognitive.microsoft.com/customvision/v3.3/training'
    """
    target = guard.parsed(url)
    if target.scheme != "https" and not is_loopback(target.host):
        raise InvalidInput(
            t(
                "an endpoint must begin with https://, because the key is sent with every request, got {url!r}",
                url=target.url[:80],
            )
        )
    key = training_key.strip()
    if not re.fullmatch("[!-~]+", key):
        raise InvalidInput(t("a training key must be one word of letters and digits: copy it from Keys and Endpoint"))
    # Users also paste full addresses of operations. v3.3 is the newest version that is not a preview.
    base = re.split("/+customvision(?:/|$)", target.path.partition("?")[0], maxsplit=1, flags=re.IGNORECASE)[0]
    path = base.rstrip("/") + "/customvision/v3.3/training"
    return Endpoint(dataclasses.replace(target, path=path), "Training-Key", key, sleep)


def get_json(endpoint: Endpoint, path: str) -> Any:
    """The JSON at a path below the endpoint's; `path` can have a query. Temporary failures are tried again.

    Raises:
        InvalidInput: the service refuses the key.
        FetchFailed: the service cannot be reached, or answers with an error or something other than JSON.
    """
    answer = _get(endpoint, path)
    for pause_s in PAUSES_S:
        if not _may_pass(answer):
            break
        wanted_s = 0.0 if isinstance(answer, Exception) else _seconds(answer.retry_after)
        endpoint.sleep(min(max(pause_s, wanted_s), PAUSE_MAX_S))
        answer = _get(endpoint, path)
    return _content(endpoint, answer)


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("localhost.example.com")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def not_understood(endpoint: Endpoint) -> FetchFailed:
    """The error for an answer unlike Custom Vision's."""
    return FetchFailed(
        t(
            "an endpoint must answer like Custom Vision, {host} sent something else: copy the address from Keys "
            "and Endpoint",
            host=endpoint.host,
        )
    )


def _get(endpoint: Endpoint, path: str) -> http.Answer | Exception:
    """The service's answer, or the error if there is no answer."""
    target = dataclasses.replace(endpoint.target, path=endpoint.target.path + path)
    headers = {endpoint.header: endpoint.key, "Accept": "application/json"}
    try:
        return http.get(target, headers, timeout_s=TIMEOUT_S, limit_bytes=ANSWER_BYTES)
    except guard.BROKEN as error:
        return error


def _may_pass(answer: http.Answer | Exception) -> bool:
    if isinstance(answer, Exception):
        return not isinstance(answer, LASTING_ERRORS)
    return answer.status in PASSING_STATUSES


def _content(endpoint: Endpoint, answer: http.Answer | Exception) -> Any:
    host = endpoint.host
    if isinstance(answer, Exception):
        raise FetchFailed(
            t(
                "an endpoint must be reachable, {host} is not ({reason}): check the address and the network, and "
                "try again",
                host=host,
                reason=_reason(answer),
            )
        ) from answer
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise InvalidInput(
            t(
                "the training key must belong to the endpoint, {host} refused it: copy both from Keys and Endpoint",
                host=host,
            )
        )
    if answer.status != HTTPStatus.OK:
        raise FetchFailed(
            t(
                "an endpoint must answer like Custom Vision, {host} answered with status {status}: copy the "
                "address from Keys and Endpoint, or try again later",
                host=host,
                status=answer.status,
            )
        )
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise not_understood(endpoint) from error


def _reason(error: Exception) -> str:
    # Only the system's own text: other errors can repeat what was sent or received.
    return (isinstance(error, OSError) and error.strerror) or t("the connection broke off")


def _seconds(retry_after: str) -> float:
    """The seconds to wait by a Retry-After header, a number or a date; 0 if it cannot be read.

    >>> _seconds("7"), _seconds("Thu, 01 Jan 1970 00:00:00 GMT"), _seconds("soon")
    (7.0, 0.0, 0.0)
    """
    if re.fullmatch("[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
