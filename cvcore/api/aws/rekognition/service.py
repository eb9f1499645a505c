"""Answers requests to Rekognition, which are JSON posted to one address; a header names the operation."""

from __future__ import annotations

import asyncio
import logging
import signal
import uuid
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive

from cvcore.api.aws.rekognition import routes
from cvcore.api.aws.rekognition.protocol import errors, input
from cvcore.api.aws.rekognition.protocol.call import Call
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.routes import Operation
from cvcore.api.aws.signed.request import SignedRequest
from cvcore.errors import TagwiseError
from cvcore.settings import Settings
from cvcore.store import Store

log = logging.getLogger("tagwise.api")

PREFIX = "RekognitionService."
# A client asks again after 60 seconds without an answer.
HOLD_MOST_S = 45.0
HOLD_EVERY_S = 0.25


async def answer(request: SignedRequest, receive: Receive, store: Store, settings: Settings) -> Response:
    """The response to a request; `receive` tells when its client is gone."""
    target = request.headers.get("x-amz-target", "")
    operation = routes.find(target.removeprefix(PREFIX))
    if not operation:
        message = f"Tagwise has Custom Labels' operations, of which {target[:100]!r} is none: docs/rekognition-api.md"
        return refusal(Refusal("UnknownOperationException", message))
    try:
        body = b"".join([part async for part in request.body])
        call = Call(store, settings, request.region, request.server, input.read(body, operation.input))
    except Refusal as error:
        return refusal(error)
    if operation.hold:
        await hold(operation, call, receive)
    return await run_in_threadpool(respond, operation, call)


def respond(operation: Operation, call: Call[Any]) -> Response:
    """Run an operation; returns its answer, or an error with Rekognition's name."""
    try:
        found = {name: value for name, value in operation.handler(call).items() if value is not None}
        return _json(200, msgspec.json.encode(found))
    except TagwiseError as error:
        return refusal(error, operation)
    except Exception:
        log.exception("%s", operation.name)
        return _error(500, "InternalServerError", "an unexpected error: try again; details are in the server's log")


def refusal(error: TagwiseError, operation: Operation | None = None) -> Response:
    """The response to a request that is refused, by an operation or before it."""
    return _error(400, errors.name_of(error, operation.own if operation else ()), str(error))


async def hold(operation: Operation, call: Call[Any], receive: Receive) -> None:
    """Wait while the operation says so, as long as the client waits too."""
    gone = asyncio.ensure_future(receive())
    deadline = asyncio.get_running_loop().time() + HOLD_MOST_S
    try:
        while not (gone.done() or _is_stopping()) and asyncio.get_running_loop().time() < deadline:
            if not await run_in_threadpool(_is_held, operation, call):
                return
            await asyncio.wait([gone], timeout=HOLD_EVERY_S)
    finally:
        gone.cancel()


def _is_stopping() -> bool:
    """Whether uvicorn was told to stop: it waits for every answer, and does not say so to who holds one."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))


def _is_held(operation: Operation, call: Call[Any]) -> bool:
    try:
        return bool(operation.hold and operation.hold(call))
    except Exception:
        # The operation itself will tell what is wrong.
        return False


def _error(status: int, name: str, message: str) -> Response:
    response = _json(status, msgspec.json.encode({"__type": name, "Message": message}))
    response.headers["x-amzn-ErrorType"] = name
    return response


def _json(status: int, body: bytes) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(body, status, headers, media_type="application/x-amz-json-1.1")
