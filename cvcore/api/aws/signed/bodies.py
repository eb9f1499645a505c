"""The body of a request, verified while it is read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator

from starlette.types import Receive

from cvcore.api.aws.signed import chunks
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.api.aws.signed.signatures import UNSIGNED_PAYLOAD


class Incoming:
    """A body as it arrives; it is read once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.has_begun = False
        self.is_over = False

    async def parts(self) -> AsyncIterator[bytes]:
        """The parts of the body.

        Raises:
            SignatureRefused: the client was gone before the end.
        """
        while not self.is_over:
            self.has_begun = True
            message = await self._receive()
            self.is_over = not message.get("more_body")
            if message["type"] != "http.request":
                raise SignatureRefused("length", "the body has ended too early: send it again")
            if part := message.get("body", b""):
                yield part

    async def drain(self) -> None:
        """Read what was not read: a client that is cut off while sending does not see the response."""
        try:
            async for _ in self.parts():
                pass
        except SignatureRefused:
            return


async def hashed(parts: AsyncIterator[bytes], payload: str) -> AsyncIterator[bytes]:
    """The same parts; their SHA-256 must be the signed one unless that is UNSIGNED-PAYLOAD.

    Raises:
        SignatureRefused: at the end, it is another.
    """
    digest = hashlib.sha256()
    async for part in parts:
        if payload != UNSIGNED_PAYLOAD:
            digest.update(part)
        yield part
    if payload != UNSIGNED_PAYLOAD and not hmac.compare_digest(digest.hexdigest(), payload.lower()):
        raise SignatureRefused("body", "the body's SHA-256 is not the one in x-amz-content-sha256: send it again")


async def unchunked(
    parts: AsyncIterator[bytes], decoder: chunks.Decoder, size_bytes: int | None
) -> AsyncIterator[bytes]:
    """The content of a body in chunks, which must have that size if one is stated.

    Raises:
        SignatureRefused: a signature is wrong, or the body is not as stated.
    """
    found = 0
    async for part in parts:
        if content := decoder.feed(part):
            found += len(content)
            yield content
    decoder.finish()
    if size_bytes is not None and found != size_bytes:
        raise SignatureRefused(
            "length", f"the body has {found} bytes, the header x-amz-decoded-content-length says {size_bytes}"
        )


async def whole(parts: AsyncIterator[bytes], limit_bytes: int) -> bytes:
    """All parts together.

    Raises:
        SignatureRefused: they are longer than the limit.
    """
    kept = bytearray()
    async for part in parts:
        kept += part
        if len(kept) > limit_bytes:
            raise SignatureRefused("large", f"a request must have at most {limit_bytes} bytes, this one is larger")
    return bytes(kept)


async def one(body: bytes) -> AsyncIterator[bytes]:
    """A body that has been read already, in one part."""
    yield body
