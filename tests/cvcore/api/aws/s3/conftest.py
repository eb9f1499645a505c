"""A bucket behind boto3's client, and S3's service without a network or signatures, for requests no client makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError
from starlette.datastructures import Headers

from cvcore.api.aws.s3 import service
from cvcore.api.aws.signed import bodies
from cvcore.api.aws.signed.request import SignedRequest
from cvcore.settings import Settings
from cvcore.store import Store
from tests.conftest import awaited

BUCKET = "photos"


@dataclass(frozen=True)
class Reply:
    """A response as it was sent."""

    status: int
    headers: Headers
    body: bytes

    @property
    def code(self) -> str:
        """S3's code of an error."""
        return ElementTree.fromstring(self.body).findtext("Code") or ""


class Ask(Protocol):
    """Sends a request to the service itself: the fixture `ask`."""

    def __call__(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        trailers: dict[str, str] | None = None,
        size_bytes: int | None = None,
    ) -> Reply:
        """The reply."""


@pytest.fixture
def ask(store: Store, bucket: str) -> Ask:
    """Sends requests to the service over the test's home, in which there is the bucket `photos`."""
    return asking(store)


def asking(store: Store, hosts: tuple[str, ...] = ()) -> Ask:
    """Sends requests to the service over a store."""
    settings = Settings(home=store.home, hosts=hosts)

    def ask(
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        trailers: dict[str, str] | None = None,
        size_bytes: int | None = None,
    ) -> Reply:
        request = SignedRequest(
            method,
            path,
            tuple((query or {}).items()),
            Headers(headers or {}),
            "eu-west-1",
            "s3",
            server="http://127.0.0.1",
            body=bodies.one(body),
            size_bytes=len(body) if size_bytes is None else size_bytes,
            trailers=trailers or {},
        )
        return awaited(_reply(request, settings))

    return ask


@dataclass
class _Sent:
    messages: list[Any] = field(default_factory=list)

    async def send(self, message: Any) -> None:
        self.messages.append(message)


async def _reply(request: SignedRequest, settings: Settings) -> Reply:
    response = await service.answer(request, settings)
    sent = _Sent()

    async def receive() -> Any:
        await asyncio.sleep(60)

    await response({"type": "http", "method": request.method}, receive, sent.send)
    body = b"".join(message.get("body", b"") for message in sent.messages[1:])
    return Reply(response.status_code, Headers(raw=sent.messages[0]["headers"]), body)


@pytest.fixture
def bucket(store: Store) -> str:
    """The name of an empty bucket."""
    (store.home / "buckets" / BUCKET).mkdir(parents=True, exist_ok=True)
    return BUCKET


def code_of(call: Callable[[], object]) -> str:
    """The code of the error that a call of boto3's client raises."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])
