"""Answers requests to S3."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cvcore.api.aws.s3 import routes
from cvcore.api.aws.s3.protocol import errors, headers
from cvcore.api.aws.s3.protocol.call import Call
from cvcore.api.aws.s3.routes import Level, Operation
from cvcore.api.aws.signed import bodies
from cvcore.api.aws.signed.request import SignedRequest
from cvcore.buckets import addresses
from cvcore.buckets.incoming import Incoming
from cvcore.errors import TagwiseError
from cvcore.settings import Settings

log = logging.getLogger("tagwise.api")

# The list of 10,000 parts, or of 1,000 keys of 1,024 bytes each of which is escaped.
DOCUMENT_BYTES = 4 * 2**20
# Bytes are collected before a thread writes them.
BLOCK_BYTES = 2**20


async def answer(request: SignedRequest, settings: Settings) -> Response:
    """The response to a request whose signature is right."""
    try:
        response = await _response(request, settings)
    except TagwiseError as error:
        response = refusal(error, request.path)
    except Exception:
        log.exception("%s %r", request.method, request.path)
        response = refusal(errors.Refusal("InternalError", "an unexpected error: see the server's log"), request.path)
    response.headers["x-amz-request-id"] = secrets.token_hex(8)
    return response


def refusal(error: TagwiseError, path: str) -> Response:
    """The response to a request that is refused."""
    return errors.response(error, path)


async def _response(request: SignedRequest, settings: Settings) -> Response:
    bucket, _, key = _path(request, settings).removeprefix("/").partition("/")
    if len(key.encode()) > addresses.KEY_BYTES:
        raise errors.Refusal(
            "KeyTooLongError", f"a key must have at most {addresses.KEY_BYTES} bytes: use a shorter one"
        )
    level: Level = "object" if key else "bucket" if bucket else "service"
    call = Call(settings, request, bucket, key, dict(request.query))
    copies = "x-amz-copy-source" in request.headers
    operation = routes.find(request.method, level, call.parameters, copies=copies)
    if operation.file:
        return await _with_file(operation, operation.file, call)
    body = await bodies.whole(request.body, DOCUMENT_BYTES)
    return await run_in_threadpool(operation.handler, replace(call, body=body))


async def _with_file(operation: Operation, new: Callable[[Call], Incoming], call: Call) -> Response:
    """The response of an operation whose body goes to a file, which is deleted if it is not kept."""
    incoming = await run_in_threadpool(new, call)
    try:
        await _fill(incoming, call)
        headers.check_digests(call.request, incoming.checksum)
        return await run_in_threadpool(operation.handler, replace(call, incoming=incoming))
    finally:
        await run_in_threadpool(incoming.discard)


async def _fill(incoming: Incoming, call: Call) -> None:
    buffer = bytearray()
    async for part in call.request.body:
        buffer += part
        if len(buffer) >= BLOCK_BYTES:
            await run_in_threadpool(incoming.write, bytes(buffer))
            buffer.clear()
    await run_in_threadpool(incoming.write, bytes(buffer))
    await run_in_threadpool(incoming.finish)


def _path(request: SignedRequest, settings: Settings) -> str:
    """The path with the bucket, which clients put before the name of a server that is no address: bucket.localhost."""
    host = request.headers.get("host", "").partition(":")[0].lower()
    for name in ("localhost", *settings.hosts):
        if host.endswith(f".{name.lower()}"):
            return f"/{host.removesuffix(f'.{name.lower()}')}{request.path}"
    return request.path
