"""From a request as it was received to one that is known to come from who has the keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from cvcore.api.aws.signed import bodies, chunks, signature_v2, signatures
from cvcore.api.aws.signed.bodies import Incoming
from cvcore.api.aws.signed.head import Head
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.api.aws.signed.request import SignedRequest
from cvcore.api.aws.signed.signatures import UNSIGNED_PAYLOAD, Claim
from cvcore.files.api_keys import AwsKeys
from cvcore.settings import MEBIBYTE

# An image of 4 MB in base64, or 5 MB of a manifest, with room to say that more is too much. S3's bodies have no limit.
BODY_BYTES = 16 * MEBIBYTE
# A signature of version 2 names no region.
REGION = "us-east-1"
# They are for the signature, not for who answers the request.
_OWN_PARAMETERS = re.compile(
    "X-Amz-(Algorithm|Content-Sha256|Credential|Date|Expires|Security-Token|Signature|SignedHeaders)"
    "|AWSAccessKeyId|Signature|Expires"
)


async def verified(head: Head, incoming: Incoming, keys: AwsKeys, *, base: str, server: str) -> SignedRequest:
    """The request, when its signature is right; a body that S3 gets is verified only while it is read.

    Raises:
        SignatureRefused: the signature is missing or wrong, or the body of another service is not as signed.
    """
    now = datetime.now(UTC)
    request = _request(head, incoming.parts(), base, server)
    if claim_v2 := signature_v2.claim(head):
        signature_v2.verify(claim_v2, head, keys, now=now, base=base)
        return request
    claim = signatures.claim(head)
    signatures.check(claim, head, keys.access_key_id, now)
    key = signatures.signing_key(keys.secret_access_key, claim.date, claim.region, claim.service)
    request = replace(request, region=claim.region.lower(), service=claim.service)
    if claim.service != "s3" or (not claim.payload and claim.expires_s is None):
        # The body's hash is signed without being told; of S3's clients, older curl does so.
        body = await bodies.whole(request.body, BODY_BYTES)
        _compare(claim, head, key, signatures.sha256(body))
        return replace(request, body=bodies.one(body))
    payload = _payload(claim)
    _compare(claim, head, key, payload)
    return _with_body(request, claim, key, payload)


def _compare(claim: Claim, head: Head, key: bytes, payload: str) -> None:
    if not signatures.is_right(claim, head, key, payload):
        raise SignatureRefused(
            "wrong", "the signature is wrong: check the secret access key, the Publish page shows it"
        )


def _request(head: Head, body: AsyncIterator[bytes], base: str, server: str) -> SignedRequest:
    """The request as if it were verified, with the body as it arrives."""
    try:
        path = unquote_to_bytes(head.path.removeprefix(base) or "/").decode()
    except UnicodeDecodeError as error:
        raise SignatureRefused("path", f"an address must be UTF-8, got {head.path[:200]!r}") from error
    query = tuple(pair for pair in head.parameters if not _OWN_PARAMETERS.fullmatch(pair[0]))
    headers = Headers(raw=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers])
    size = head.header("content-length")
    return SignedRequest(
        head.method,
        path,
        query,
        headers,
        REGION,
        "s3",
        server=server,
        body=body,
        size_bytes=int(size) if re.fullmatch("[0-9]{1,18}", size) else None,
    )


def _payload(claim: Claim) -> str:
    """What is said of the body of a request to S3, in the form that is signed."""
    payload = claim.payload or UNSIGNED_PAYLOAD
    if payload == UNSIGNED_PAYLOAD or payload in chunks.KINDS or re.fullmatch("[0-9a-fA-F]{64}", payload):
        return payload
    raise SignatureRefused(
        "payload",
        f"x-amz-content-sha256 must be the body's SHA-256, {UNSIGNED_PAYLOAD}, or one of {', '.join(chunks.KINDS)},"
        f" got {payload[:100]!r}",
    )


def _with_body(request: SignedRequest, claim: Claim, key: bytes, payload: str) -> SignedRequest:
    if payload not in chunks.KINDS:
        return replace(request, body=bodies.hashed(request.body, payload))
    seed = chunks.Seed(key, claim.signed_at.strftime(signatures.TIME), claim.scope, claim.signature)
    named = request.headers.get("x-amz-trailer", "").lower() if payload != chunks.SIGNED else ""
    decoder = chunks.Decoder(
        None if payload == chunks.UNSIGNED_WITH_TRAILER else seed,
        frozenset(filter(None, (name.strip() for name in named.split(",")))),
        request.trailers,
    )
    size = request.headers.get("x-amz-decoded-content-length", "")
    size_bytes = int(size) if re.fullmatch("[0-9]{1,18}", size) else None
    return replace(request, body=bodies.unchunked(request.body, decoder, size_bytes), size_bytes=size_bytes)
