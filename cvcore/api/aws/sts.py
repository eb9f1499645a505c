"""Answers the one question to the service STS that scripts begin with: whose keys they have. XML in the query protocol.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

import uuid
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from starlette.responses import Response

from cvcore.api.aws.signed.request import SignedRequest
from cvcore.errors import TagwiseError
from cvcore.rekognition import arns

_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>\
<Arn>arn:aws:iam::{account}:user/tagwise</Arn><UserId>TAGWISE</UserId><Account>{account}</Account>\
</GetCallerIdentityResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
_ERROR = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
<RequestId>{id}</RequestId></ErrorResponse>"""


async def answer(request: SignedRequest) -> Response:
    """The response to a request whose signature is right: the account that all ARNs here have."""
    body = b"".join([part async for part in request.body]).decode("latin-1")
    action = dict([*request.query, *parse_qsl(body)]).get("Action", "")
    if action != "GetCallerIdentity":
        return _xml(
            400, _ERROR, code="InvalidAction", message=f"Tagwise has GetCallerIdentity only, got {action[:100]!r}"
        )
    return _xml(200, _IDENTITY, account=arns.ACCOUNT)


def refusal(error: TagwiseError) -> Response:
    """The response to a request for a service that is not here, as those that speak in XML have it."""
    return _xml(400, _ERROR, code="InvalidAction", message=str(error))


def _xml(status: int, text: str, **values: str) -> Response:
    filled = text.format(id=uuid.uuid4(), **{name: escape(value) for name, value in values.items()})
    return Response(filled, status, media_type="text/xml")
