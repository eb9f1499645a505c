"""ASGI middleware that answers requests to `/customvision/…`, in upper or lower case; passes on all others."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore.api.customvision import cors, routes
from cvcore.api.customvision.protocol import errors, files
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.api.customvision.routes import Operation
from cvcore.errors import TagwiseError
from cvcore.files import api_keys
from cvcore.settings import MEBIBYTE, Settings
from cvcore.store import Store

log = logging.getLogger("tagwise.api")

BEGINNING = "/customvision/"
VERSIONED = re.compile(r"/customvision/v([123])\.(\d)(?:-preview)?/(training|prediction)(/.*)?", re.IGNORECASE)
# Azure's gateway takes this header for both keys.
ANY_KEY = "Ocp-Apim-Subscription-Key"

# 64 images of 6 MB in base64 are twice that: such a batch is refused and must be sent in parts.
BATCH_BYTES = 256 * MEBIBYTE
# Larger bodies are handled one at a time, to save memory.
LARGE_BYTES = 32 * MEBIBYTE
QUERY_FIELDS = 100

Version = tuple[int, int]


class CustomVision:
    """The API as middleware, because the app's router would not match double slashes or other upper and lower case.

    It must come before `SharedPassword`: the API has its own keys.
    """

    def __init__(self, app: ASGIApp, store: Store, settings: Settings, keys: api_keys.Keys) -> None:
        self._app = app
        self._store = store
        self._settings = settings
        self._keys = keys
        self._one_large = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to the API, or pass it on."""
        path = re.sub("/{2,}", "/", scope.get("path", ""))
        if scope["type"] != "http" or not path.casefold().startswith(BEGINNING):
            await self._app(scope, receive, send)
            return
        match = VERSIONED.fullmatch(path)
        is_open = (match[3].casefold() if match else "training") in self._settings.cors
        response = (cors.preflight(Headers(scope=scope)) if is_open else None) or await self._response(
            scope, path, receive
        )
        if is_open:
            cors.allow(response)
        # Streamlit opens its socket in a way that leaves Nagle's algorithm on: on a connection that stays open, the
        # second part of a response waits 40 ms until the first is acknowledged.
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    async def _response(self, scope: Scope, path: str, receive: Receive) -> Response:
        if scope["method"] in ("GET", "HEAD"):
            if image := files.wanted(path):
                return await run_in_threadpool(files.answer, self._store, *image)
            if export := files.export(self._store, path):
                return export
        try:
            operation, parameters, version = self._operation(scope, path)
        except Refusal as refusal:
            await _body(receive, 0)
            return _error(refusal.code, str(refusal))
        headers = Headers(scope=scope)
        size = headers.get("content-length", "0")
        # A body without a stated length can be large.
        is_large = "transfer-encoding" in headers or not size.isdigit() or int(size) > LARGE_BYTES
        if not is_large:
            return await self._answer(operation, scope, (parameters, version), receive)
        async with self._one_large:
            return await self._answer(operation, scope, (parameters, version), receive)

    def _operation(self, scope: Scope, path: str) -> tuple[Operation, dict[str, str], Version]:
        """The operation that a request names, its path's parameters and version, after a check of the key.

        Raises:
            Refusal: there is no such operation, or the key is missing or wrong.
        """
        match = VERSIONED.fullmatch(path)
        if not match:
            raise Refusal("NotFound", f"there is nothing at {path[:200]!r}: the API is at /customvision/v3.x/training")
        version, is_training = (int(match[1]), int(match[2])), match[3].casefold() == "training"
        header, key = (
            ("Training-Key", self._keys.training) if is_training else ("Prediction-Key", self._keys.prediction)
        )
        headers = Headers(scope=scope)
        if not api_keys.is_same(headers.get(header, headers.get(ANY_KEY, "")), key):
            raise Refusal(
                "Unauthorized",
                f"the header {header} is missing or wrong: docs/custom-vision-api.md says where the key is",
            )
        operations = routes.find(_served(version, is_training), (match[4] or "").rstrip("/"))
        for operation, parameters in operations:
            if operation.method == scope["method"]:
                return operation, parameters, version
        if operations:
            raise Refusal("MethodNotAllowed", f"{scope['method']} is not allowed at {path[:200]!r}")
        raise Refusal("NotFound", f"there is no operation at {path[:200]!r}")

    async def _answer(
        self, operation: Operation, scope: Scope, named: tuple[dict[str, str], Version], receive: Receive
    ) -> Response:
        body = await _body(receive, BATCH_BYTES)
        if body is None:
            limit = f"{BATCH_BYTES // MEBIBYTE} MB"
            message = f"a request must have at most {limit}, this one is larger: send fewer images at a time"
            return _error("BadRequestExceededBatchSize", message)
        try:
            call = self._call(scope, *named, body)
        except Refusal as refusal:
            return _error(refusal.code, str(refusal))
        return await run_in_threadpool(answer, operation, call)

    def _call(self, scope: Scope, parameters: dict[str, str], version: Version, body: bytes) -> Call:
        headers = Headers(scope=scope)
        try:
            query = parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=QUERY_FIELDS)
        except ValueError as error:
            raise Refusal(
                "BadRequestInvalid",
                f"an address must have at most {QUERY_FIELDS} parameters, this one has more: leave some out",
            ) from error
        return Call(
            self._store,
            self._settings,
            server=f"{scope['scheme']}://{headers.get('host', '')}{scope.get('root_path', '')}",
            path=parameters,
            query={name.casefold(): value for name, value in query},
            content_type=headers.get("content-type", ""),
            body=body,
            secret=self._keys.training,
            version=version,
        )


def _served(version: Version, is_training: bool) -> tuple[Operation, ...]:
    """A version's operations; training has version 2.0's shapes ever since, version 1 wrote other names.

    Raises:
        Refusal: Tagwise does not serve the version.
    """
    if version < (2, 0) and is_training:
        raise Refusal("NotFound", "the training API begins with v2.0 here: take a client for a newer version")
    if is_training:
        return routes.TRAINING
    return routes.PREDICTION if version >= (3, 0) else routes.OLDER_PREDICTION


def answer(operation: Operation, call: Call) -> Response:
    """Run an operation; returns its response, or an error with Custom Vision's code."""
    try:
        result = operation.handler(call)
    except TagwiseError as error:
        return _error(errors.code_of(error), str(error))
    except Exception:
        log.exception("%s", operation.name)
        return _error("ErrorUnknown", "an unexpected error: try again; details are in the server's log")
    if isinstance(result, Response):
        return result
    if not isinstance(result, Answer):
        return _json(200, result)
    return Response(status_code=result.status) if result.body is None else _json(result.status, result.body)


def _json(status: int, body: Any) -> Response:
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    # Windows PowerShell 5.1 and others decode as Latin-1 what does not name its charset.
    return Response(text, status, media_type="application/json; charset=utf-8")


def _error(code: str, message: str) -> Response:
    return _json(errors.status_of(code), errors.body_of(code, message))


async def _body(receive: Receive, limit_bytes: int) -> bytes | None:
    """The body, or None if it is longer than the limit.

    It is always read to its end: a client that is cut off while sending does not see the response and tries again.
    """
    chunks: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        size_bytes += len(message.get("body", b""))
        if size_bytes <= limit_bytes:
            chunks.append(message.get("body", b""))
        else:
            chunks.clear()
        if not message.get("more_body"):
            return None if size_bytes > limit_bytes else b"".join(chunks)
