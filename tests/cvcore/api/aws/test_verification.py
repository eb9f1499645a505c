"""Bodies are verified with their signatures: whole, in chunks, or not at all where a client does not sign them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.types import Message

from cvcore.api.aws.signed import signatures, verification
from cvcore.api.aws.signed.bodies import Incoming
from cvcore.api.aws.signed.chunks import SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER
from cvcore.api.aws.signed.head import Head
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.api.aws.signed.request import SignedRequest
from tests.conftest import awaited
from tests.cvcore.api.aws.conftest import KEYS
from tests.cvcore.api.aws.test_signatures import head_of

CREDENTIALS = Credentials(KEYS.access_key_id, KEYS.secret_access_key)


def signed(service: str, body: bytes = b"", url: str = "http://127.0.0.1:8501/b/k", **headers: str) -> Head:
    """A request that botocore has signed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method="PUT", url=url, data=body, headers=named)
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    if payload := named.get("x-amz-content-sha256"):
        request.context["payload"] = payload
        signer = type("Stated", (signer,), {"payload": lambda *_: payload})
    signer(CREDENTIALS, service, "eu-west-1").add_auth(request)
    return head_of(request)


def read(head: Head, parts: Iterable[bytes | None], base: str = "") -> tuple[SignedRequest, bytes]:
    """The verified request and its whole body; None among the parts is where the client goes."""
    messages: list[Message] = [
        {"type": "http.disconnect"} if part is None else {"type": "http.request", "body": part, "more_body": True}
        for part in parts
    ]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    async def whole() -> tuple[SignedRequest, bytes]:
        request = await verification.verified(head, Incoming(receive), KEYS, base=base, server="http://here")
        return request, b"".join([part async for part in request.body])

    return awaited(whole())


def reason(head: Head, parts: Iterable[bytes | None]) -> str:
    with pytest.raises(SignatureRefused) as caught:
        read(head, parts)
    return caught.value.reason


def chunked(
    head: Head, pieces: Iterable[bytes], *, is_signed: bool, trailer: str = "", is_trailer_signed: bool = True
) -> bytes:
    """A body in chunks, written and signed from the documentation alone."""
    claim = signatures.claim(head)
    key = signatures.signing_key(KEYS.secret_access_key, claim.date, claim.region, "s3")
    previous = claim.signature
    time = claim.signed_at.strftime("%Y%m%dT%H%M%SZ")
    body = b""

    def sign(kind: str, *digests: str) -> str:
        return signatures.signed(key, "\n".join([f"AWS4-HMAC-SHA256-{kind}", time, claim.scope, previous, *digests]))

    for piece in (*pieces, b""):
        body += b"%x" % len(piece)
        if is_signed:
            previous = sign("PAYLOAD", hashlib.sha256(b"").hexdigest(), hashlib.sha256(piece).hexdigest())
            body += f";chunk-signature={previous}".encode()
        body += b"\r\n" + piece + (b"\r\n" if piece else b"")
    if trailer:
        body += f"{trailer}\r\n".encode()
        if is_signed and is_trailer_signed:
            signature = sign("TRAILER", hashlib.sha256(f"{trailer}\n".encode()).hexdigest())
            body += f"x-amz-trailer-signature:{signature}\r\n".encode()
    return body + b"\r\n"


def test_a_body_that_is_signed_whole() -> None:
    """It comes out as it was sent, with its size, and another one is refused at its end."""
    request, body = read(signed("s3", b"hello", content_length="5"), [b"he", b"llo"])
    assert (b"hello", 5, "eu-west-1", "s3") == (body, request.size_bytes, request.region, request.service)
    assert "body" == reason(signed("s3", b"hello"), [b"hallo"])
    assert "length" == reason(signed("s3", b"hello"), [b"he", None])


def test_a_body_that_is_not_signed() -> None:
    """Where the client says so, any body is taken."""
    assert b"x" == read(signed("s3", x_amz_content_sha256="UNSIGNED-PAYLOAD"), [b"x"])[1]


def test_a_body_of_which_nothing_is_said() -> None:
    """Older curl signs the body's hash and does not send it; the region may be in capitals."""
    asked = AWSRequest(method="PUT", url="http://127.0.0.1:8501/b/k", data=b"hello")
    botocore.auth.SigV4Auth(CREDENTIALS, "s3", "US").add_auth(asked)
    head = head_of(asked)
    request, body = read(head, [b"hello"])
    assert (b"hello", "us") == (body, request.region)
    assert "wrong" == reason(head, [b"hallo"])


@pytest.mark.parametrize("payload", ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "x", "0" * 63])
def test_what_a_body_cannot_be(payload: str) -> None:
    """A hash that is none, or a kind of chunks that nobody sends, is refused."""
    assert "payload" == reason(signed("s3", x_amz_content_sha256=payload), [])


def test_services_other_than_s3_sign_the_body_without_saying_so() -> None:
    """The body's hash is part of the signature, though no header has it; a body has a limit."""
    assert b"{}" == read(signed("rekognition", b"{}"), [b"{", b"}"])[1]
    assert "wrong" == reason(signed("rekognition", b"{}"), [b"[]"])
    assert "large" == reason(signed("rekognition", b""), [bytes(2**20)] * 17)


PIECES = [b"a" * 9000, b"b" * 70]
TRAILER = "x-amz-checksum-crc32:sOO8/Q=="


def in_chunks(kind: str, **headers: str) -> Head:
    extra = {} if kind == SIGNED else {"x_amz_trailer": "x-amz-checksum-crc32"}
    stated = {"x_amz_content_sha256": kind, "x_amz_decoded_content_length": "9070", "content_encoding": "aws-chunked"}
    return signed("s3", **{**stated, **extra, **headers})


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER])
def test_a_body_in_chunks(kind: str) -> None:
    """Each kind of chunks is decoded, the size is the content's, and trailing headers are told."""
    head = in_chunks(kind)
    trailer = "" if kind == SIGNED else TRAILER
    sent = chunked(head, PIECES, is_signed=kind != UNSIGNED_WITH_TRAILER, trailer=trailer)
    request, body = read(head, [sent[:5000], sent[5000:]])
    assert (b"".join(PIECES), 9070) == (body, request.size_bytes)
    assert ({} if kind == SIGNED else {"x-amz-checksum-crc32": "sOO8/Q=="}) == request.trailers


def test_chunks_that_are_not_as_signed() -> None:
    """Chunks in another order, with other content, an unsigned trailing header, or too few of them are refused."""
    head = in_chunks(SIGNED_WITH_TRAILER)
    good = chunked(head, PIECES, is_signed=True, trailer=TRAILER)
    assert "wrong" == reason(head, [good.replace(b"bbb", b"bbc", 1)])
    assert "wrong" == reason(head, [chunked(head, PIECES, is_signed=True, trailer=TRAILER, is_trailer_signed=False)])
    assert "wrong" == reason(head, [chunked(head, PIECES, is_signed=False, trailer=TRAILER)])
    assert "length" == reason(head, [chunked(head, PIECES[:1], is_signed=True, trailer=TRAILER)])
    first, second = good[: good.index(b"46;")], good[good.index(b"46;") : good.index(b"\r\n0;") + 2]
    assert "wrong" == reason(head, [second, first, good[len(first + second) :]])


def test_what_handlers_see_of_a_request() -> None:
    """The path is decoded and without the path that the app is below, the query without the signature's parameters."""
    url = "http://127.0.0.1:8501/tools/b/a%20%2F+%C3%BC?prefix=a%26b&uploads="
    request, _ = read(signed("s3", url=url), [], base="/tools")
    assert "/b/a /+ü" == request.path
    assert (("prefix", "a&b"), ("uploads", "")) == request.query
    presigned = AWSRequest(method="GET", url="http://127.0.0.1:8501/b/k?Expires=1&partNumber=2")
    botocore.auth.S3SigV4QueryAuth(CREDENTIALS, "s3", "eu-west-1").add_auth(presigned)
    assert (("partNumber", "2"),) == read(head_of(presigned), [])[0].query


def test_a_path_must_be_text() -> None:
    """Bytes that are no UTF-8 are refused."""
    assert "path" == reason(signed("s3", url="http://127.0.0.1:8501/b/%ff"), [])


def test_presigned_addresses_of_boto3(boto: Any) -> None:
    """Both kinds that boto3 makes are accepted with any body, and not for another method."""
    for version in ("s3", "s3v4"):
        url = boto("s3", signature_version=version).generate_presigned_url("put_object", {"Bucket": "b", "Key": "ä b"})
        head = head_of(AWSRequest(method="PUT", url=url))
        assert b"x" == read(head, [b"x"])[1]
        assert "wrong" == reason(Head("GET", head.path, head.query, head.headers), [])
