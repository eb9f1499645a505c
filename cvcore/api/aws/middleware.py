"""ASGI middleware that answers the requests of Amazon's clients, which are signed; passes on all others.

All services are at one address, as with the setting `endpoint_url` of boto3: the signature names the service.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore import urls
from cvcore.api.aws import cors, sts
from cvcore.api.aws.rekognition import service as rekognition
from cvcore.api.aws.s3 import service as s3
from cvcore.api.aws.signed import head, verification
from cvcore.api.aws.signed.bodies import Incoming
from cvcore.api.aws.signed.head import Head
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.errors import TagwiseError
from cvcore.files.api_keys import AwsKeys
from cvcore.rekognition import background
from cvcore.settings import Settings
from cvcore.store import Store


class Amazon:
    """Amazon's services as middleware, because their addresses are also those of pages.

    It must come before `BasePath`, which decodes addresses, and before `OwnHosts` and `SharedPassword`: clients of S3
    put a bucket before the host's name, and no page knows the key pair that requests are signed with.
    """

    def __init__(self, app: ASGIApp, store: Store, settings: Settings, keys: AwsKeys) -> None:
        self._app = app
        self._store = store
        self._settings = settings
        self._keys = keys
        background.wake(store, settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of Amazon's clients, or pass it on."""
        received = head.received(scope) if scope["type"] == "http" else None
        if not received or not is_for_amazon(received):
            await self._app(scope, receive, send)
            return
        incoming = Incoming(receive)
        is_open = cors.is_open(received, self._settings.cors)
        if is_open and cors.is_preflight(received):
            response = cors.preflight(received)
        else:
            response = await self._response(received, incoming, scope["scheme"], receive)
        if is_open:
            cors.allow(response)
        # A client that waits for "100 Continue" sends no body if it is refused before.
        if incoming.has_begun or not received.header("expect"):
            await incoming.drain()
        # Streamlit's socket has Nagle's algorithm on: on a connection that stays open, the second part of a response
        # waits 40 ms until the first is acknowledged.
        response.headers["Connection"] = "close"
        # An object that is a web page must not act as one of Tagwise's when its presigned address is opened.
        response.headers["Content-Security-Policy"] = "sandbox"
        await response(scope, receive, send)

    async def _response(self, received: Head, incoming: Incoming, scheme: str, receive: Receive) -> Response:
        try:
            return await self._answer(received, incoming, scheme, receive)
        except TagwiseError as error:
            return refusal(received, error)

    async def _answer(self, received: Head, incoming: Incoming, scheme: str, receive: Receive) -> Response:
        base = urls.below("")
        base = base if f"{received.path}/".startswith(f"{base}/") else ""
        server = f"{scheme}://{received.header('host')}{base}"
        request = await verification.verified(received, incoming, self._keys, base=base, server=server)
        if request.service == "s3":
            return await s3.answer(request, self._settings)
        if request.service == "rekognition":
            return await rekognition.answer(request, receive, self._store, self._settings)
        if request.service == "sts":
            return await sts.answer(request)
        raise SignatureRefused("service", f"Tagwise has the services rekognition, s3 and sts, got {request.service!r}")


def is_for_amazon(received: Head) -> bool:
    """Whether a request is one of Amazon's clients: they name an operation, sign it, or count their tries.

    A browser that asks for a page of another site whether it may send such a request is one, too.

    >>> is_for_amazon(Head("GET", "/bucket/key", "X-Amz-Algorithm=AWS4-HMAC-SHA256", ()))
    True
    >>> is_for_amazon(Head("GET", "/images", "tag=1", ()))
    False
    """
    if received.is_presigned or received.header("authorization").startswith(("AWS4-", "AWS ")):
        return True
    # A client that was told to sign nothing must be refused: it would take a page for an object.
    is_client = any(received.header(name) for name in ("x-amz-target", "amz-sdk-invocation-id"))
    return is_client or cors.is_preflight(received)


def refusal(received: Head, error: TagwiseError) -> Response:
    """The response to a request that is refused before a service has it: JSON if it names an operation, else XML."""
    if received.header("x-amz-target"):
        return rekognition.refusal(error)
    if isinstance(error, SignatureRefused) and error.reason == "service":
        return sts.refusal(error)
    return s3.refusal(error, received.path)
