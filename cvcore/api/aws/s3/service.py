"""Answers requests to S3."""

from __future__ import annotations

from xml.sax.saxutils import escape

from starlette.responses import Response

from cvcore.api.aws.signed.request import SignedRequest
from cvcore.errors import TagwiseError
from cvcore.settings import Settings
from cvcore.store import Store


async def answer(request: SignedRequest, store: Store, settings: Settings) -> Response:
    """The response to a request whose signature is right."""
    return _error(501, "NotImplemented", "S3 is not served yet", request.path)


def refusal(error: TagwiseError, path: str) -> Response:
    """The response to a request that is refused."""
    return _error(403, "AccessDenied", str(error), path)


def _error(status: int, code: str, message: str, path: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><Resource>{escape(path)}</Resource></Error>"
    return Response(text, status, media_type="application/xml")
