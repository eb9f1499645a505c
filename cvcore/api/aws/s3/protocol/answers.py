"""Responses with XML, with nothing, or with the bytes of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cvcore.api.aws.s3.protocol import xml

BLOCK_BYTES = 2**18


def answer(root: str, content: xml.Content, headers: Mapping[str, str] | None = None) -> Response:
    """A response with an XML document."""
    return Response(xml.document(root, content), headers=dict(headers or {}), media_type=xml.MEDIA_TYPE)


def nothing(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A response without a body."""
    return Response(status_code=status, headers=dict(headers or {}))


class FileAnswer(StreamingResponse):
    """A response with a part of an open file, which is closed when it was sent or the client is gone."""

    def __init__(self, file: BinaryIO, size_bytes: int, status: int, headers: Mapping[str, str]) -> None:
        """Send so many bytes from where the file stands."""
        super().__init__(self._blocks(size_bytes), status, {**headers, "Content-Length": str(size_bytes)})
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()

    async def _blocks(self, left: int) -> AsyncIterator[bytes]:
        while left and (block := await run_in_threadpool(self._file.read, min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block
