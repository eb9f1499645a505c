"""What the handlers of a service see of a request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.datastructures import Headers


@dataclass(frozen=True)
class SignedRequest:
    """A request whose signature is right.

    `path` is decoded, without the path that the app is served below, `query` too, without the signature's own
    parameters. `server` is the address of this server as the client knows it. `body` is decoded from chunks and
    verified while it is read: what it gave may be used only after its end, since it can still raise SignatureRefused.
    `size_bytes` is how long it will be, None if the client does not say; `trailers` are headers that follow the body.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Headers
    region: str
    service: str
    server: str
    body: AsyncIterator[bytes]
    size_bytes: int | None = None
    trailers: dict[str, str] = field(default_factory=dict)
