"""Signatures are those of Amazon's documentation and of botocore's own signers, and no others."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from cvcore.api.aws.signed import signature_v2, signatures
from cvcore.api.aws.signed.head import Head
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.api.aws.signed.signatures import UNSIGNED_PAYLOAD
from tests.cvcore.api.aws.conftest import KEYS

# https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html
DAY = datetime(2013, 5, 24, tzinfo=UTC)
HOST = ("host", "examplebucket.s3.amazonaws.com")
DATE = ("x-amz-date", "20130524T000000Z")
EMPTY = signatures.sha256(b"")
WELCOME = signatures.sha256(b"Welcome to Amazon S3.")
SCOPE = "20130524/us-east-1/s3/aws4_request"
CREDENTIALS = Credentials(KEYS.access_key_id, KEYS.secret_access_key)


def authorization(signed_headers: str, signature: str, scope: str = SCOPE) -> tuple[str, str]:
    """The header with a signature."""
    credential = f"Credential={KEYS.access_key_id}/{scope}"
    return "authorization", f"AWS4-HMAC-SHA256 {credential},SignedHeaders={signed_headers},Signature={signature}"


def is_right(head: Head, payload: str = EMPTY, now: datetime = DAY) -> bool:
    """Whether a request's signature is accepted."""
    claim = signatures.claim(head)
    signatures.check(claim, head, KEYS.access_key_id, now)
    key = signatures.signing_key(KEYS.secret_access_key, claim.date, claim.region, claim.service)
    return signatures.is_right(claim, head, key, payload)


def reason(head: Head, now: datetime = DAY) -> str:
    """Why a request is refused."""
    with pytest.raises(SignatureRefused) as caught:
        is_right(head, now=now)
    return caught.value.reason


def example(method: str, path: str, query: str, *headers: tuple[str, str], payload: str = EMPTY) -> Head:
    return Head(method, path, query, (HOST, DATE, ("x-amz-content-sha256", payload), *headers))


GET_OBJECT = example(
    "GET",
    "/test.txt",
    "",
    ("range", "bytes=0-9"),
    authorization(
        "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ),
)
PUT_OBJECT = example(
    "PUT",
    "/test%24file.text",
    "",
    ("date", "Fri, 24 May 2013 00:00:00 GMT"),
    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    payload=WELCOME,
)
LIFECYCLE = example(
    "GET",
    "/",
    "lifecycle",
    authorization(
        "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    ),
)
LIST = example(
    "GET",
    "/",
    "prefix=J&max-keys=2",
    authorization(
        "host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    ),
)
PRESIGNED = Head(
    "GET",
    "/test.txt",
    f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEYS.access_key_id}%2F{SCOPE.replace('/', '%2F')}"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    (HOST,),
)


@pytest.mark.parametrize(
    ("head", "payload"),
    [
        (GET_OBJECT, EMPTY),
        (PUT_OBJECT, WELCOME),
        (replace(PUT_OBJECT, path="/test$file.text"), WELCOME),
        (LIFECYCLE, EMPTY),
        (LIST, EMPTY),
        (PRESIGNED, UNSIGNED_PAYLOAD),
    ],
)
def test_examples_of_the_documentation(head: Head, payload: str) -> None:
    """The signatures that Amazon publishes are right, whether a path is sent encoded or not."""
    assert is_right(head, payload)


@pytest.mark.parametrize(
    "changed",
    [
        replace(GET_OBJECT, method="PUT"),
        replace(GET_OBJECT, path="/test.tx"),
        replace(GET_OBJECT, query="acl"),
        replace(GET_OBJECT, headers=tuple((n, v.replace("0-9", "0-8")) for n, v in GET_OBJECT.headers)),
        replace(GET_OBJECT, headers=tuple((n, v.replace("/s3/", "/rekognition/")) for n, v in GET_OBJECT.headers)),
    ],
)
def test_what_is_signed_cannot_change(changed: Head) -> None:
    """Another method, path, query, signed header or service has another signature."""
    assert not is_right(changed)
    assert not is_right(GET_OBJECT, WELCOME)


def with_authorization(value: str, *others: tuple[str, str]) -> Head:
    return Head("GET", "/", "", (HOST, DATE, ("authorization", value), *others))


SIGNATURE = "0" * 64
CREDENTIAL = f"Credential={KEYS.access_key_id}/{SCOPE}"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (Head("GET", "/", "", (HOST, DATE)), "missing"),
        (with_authorization("AWS4-ECDSA-P256-SHA256 Credential=x"), "algorithm"),
        (with_authorization("AWS4-HMAC-SHA256"), "malformed"),
        (with_authorization(f"AWS4-HMAC-SHA256 {CREDENTIAL},SignedHeaders=host,Signature=x"), "malformed"),
        (with_authorization(f"AWS4-HMAC-SHA256 Credential=x/y,SignedHeaders=host,Signature={SIGNATURE}"), "malformed"),
        (
            with_authorization(f"AWS4-HMAC-SHA256 {CREDENTIAL},SignedHeaders=range;host,Signature={SIGNATURE}"),
            "malformed",
        ),
        (with_authorization(f"AWS4-HMAC-SHA256 {CREDENTIAL},SignedHeaders=range,Signature={SIGNATURE}"), "unsigned"),
        (
            with_authorization(
                f"AWS4-HMAC-SHA256 {CREDENTIAL},SignedHeaders=host,Signature={SIGNATURE}", ("x-amz-target", "x")
            ),
            "unsigned",
        ),
        (
            with_authorization(
                f"AWS4-HMAC-SHA256 {CREDENTIAL.replace('AKIA', 'BKIA')},SignedHeaders=host,Signature={SIGNATURE}"
            ),
            "unknown",
        ),
        (
            with_authorization(
                f"AWS4-HMAC-SHA256 {CREDENTIAL.replace('0524', '0523')},SignedHeaders=host,Signature={SIGNATURE}"
            ),
            "malformed",
        ),
        (replace(PRESIGNED, query=PRESIGNED.query.replace("86400", "604801")), "malformed"),
        (replace(PRESIGNED, query=PRESIGNED.query.replace("20130524T", "20130532T")), "malformed"),
        (replace(PRESIGNED, query=PRESIGNED.query.replace("HMAC", "ECDSA")), "algorithm"),
        (replace(PRESIGNED, headers=(HOST, ("x-amz-meta-a", "1"))), "unsigned"),
    ],
)
def test_why_a_request_is_refused(head: Head, expected: str) -> None:
    """What cannot be right is refused with its reason before a signature is computed."""
    assert expected == reason(head)


@pytest.mark.parametrize(
    ("head", "minutes", "expected"),
    [
        (GET_OBJECT, 15, True),
        (GET_OBJECT, -15, True),
        (GET_OBJECT, 15.1, "skewed"),
        (GET_OBJECT, -15.1, "skewed"),
        (PRESIGNED, 24 * 60, True),
        (PRESIGNED, 24 * 60 + 0.1, "expired"),
        (PRESIGNED, -15.1, "skewed"),
    ],
)
def test_times(head: Head, minutes: float, expected: bool | str) -> None:
    """A request is accepted 15 minutes before and after it was signed, a presigned address until it expires."""
    now = DAY + timedelta(minutes=minutes)
    payload = UNSIGNED_PAYLOAD if head is PRESIGNED else EMPTY
    assert expected == (is_right(head, payload, now) if expected is True else reason(head, now))


def head_of(request: AWSRequest) -> Head:
    """A request of botocore's as it arrives."""
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    values = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()
    }
    headers = {"host": parts.netloc, **values}
    return Head(prepared.method, parts.path or "/", parts.query, tuple(headers.items()))


PATHS = st.text(st.sampled_from(string.printable + "äß€😀"), max_size=20)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Amz-Meta-A", "X-Amz-Target", "Content-Type", "Range", "x-amz-acl"]),
    st.text(st.sampled_from(string.ascii_letters + string.digits + " ,;:=/+%~\"'"), max_size=20),
)
QUERIES = st.lists(st.tuples(PATHS, PATHS), max_size=4)
SIGNERS = [
    (botocore.auth.SigV4Auth, "rekognition"),
    (botocore.auth.SigV4QueryAuth, "rekognition"),
    (botocore.auth.S3SigV4Auth, "s3"),
    (botocore.auth.S3SigV4QueryAuth, "s3"),
]


@settings(max_examples=150, deadline=None)
@given(
    signer=st.sampled_from(SIGNERS),
    path=PATHS,
    query=QUERIES,
    headers=HEADERS,
    body=st.binary(max_size=20),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
)
def test_botocore_s_signers(
    signer: tuple[type, str],
    path: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    *,
    body: bytes,
    method: str,
) -> None:
    """Whatever botocore signs, by any of its signers, is right, and wrong with another key."""
    kind, service = signer
    pairs = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)
    url = f"http://127.0.0.1:8501/{quote(path, safe='/-_.~')}?{pairs}"
    # botocore makes parameters of the query of the body that it presigns.
    body = b"" if "Query" in kind.__name__ else body
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    kind(CREDENTIALS, service, "eu-west-1").add_auth(request)
    head = head_of(request)
    payload = UNSIGNED_PAYLOAD if kind is botocore.auth.S3SigV4QueryAuth else signatures.sha256(body)
    now = datetime.now(UTC)
    assert is_right(head, payload, now)
    claim = signatures.claim(head)
    other = signatures.signing_key("another", claim.date, claim.region, claim.service)
    assert not signatures.is_right(claim, head, other, payload)


def test_a_header_of_letters_in_utf_8() -> None:
    """The bytes of a letter are signed as they are, though one of them is a space in other encodings."""
    value = "  à  la  carte\t"
    meta = ("x-amz-meta-dish", value.encode().decode("latin-1"))
    assert "à la carte" == Head("GET", "/", "", (meta,)).header("x-amz-meta-dish").encode("latin-1").decode()


@settings(max_examples=50, deadline=None)
@given(
    path=PATHS,
    headers=HEADERS,
    kind=st.sampled_from(["HmacV1Auth", "HmacV1QueryAuth"]),
    name=st.sampled_from(["uploadId", "prefix", "response-content-type"]),
)
def test_signatures_of_version_2(path: str, headers: dict[str, str], kind: str, name: str) -> None:
    """boto3's presigned addresses are of version 2 unless it is told otherwise; they are right too."""
    url = f"http://127.0.0.1:8501/{quote(path, safe='/-_.~')}?{name}=a%2Bb%20%C3%BC"
    request = AWSRequest(method="PUT", url=url, headers=headers)
    getattr(botocore.auth, kind)(CREDENTIALS).add_auth(request)
    head = head_of(request)
    claim = signature_v2.claim(head)
    assert claim
    now = datetime.now(UTC)
    signature_v2.verify(claim, head, KEYS, now=now)
    with pytest.raises(SignatureRefused) as caught:
        signature_v2.verify(claim, replace(head, method="GET"), KEYS, now=now)
    assert caught.value.reason == "wrong"


# https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
PUPPY = Head(
    "GET",
    "/johnsmith/photos/puppy.jpg",
    f"AWSAccessKeyId={KEYS.access_key_id}&Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D",
    (),
)


@pytest.mark.parametrize(
    ("head", "seconds", "expected"),
    [
        (PUPPY, 1175139620, ""),
        (PUPPY, 1175139621, "expired"),
        (replace(PUPPY, query=PUPPY.query.replace("AKIA", "BKIA")), 0, "unknown"),
        (replace(PUPPY, query=PUPPY.query.replace("Npg", "npg")), 0, "wrong"),
        (replace(PUPPY, query=PUPPY.query.replace("1175139620", "soon")), 0, "malformed"),
    ],
)
def test_presigned_example_of_version_2(head: Head, seconds: int, expected: str) -> None:
    """Amazon's example of a presigned address of version 2 is right until it expires, and not with a change."""
    found = ""
    try:
        claim = signature_v2.claim(head)
        assert claim
        now = datetime.fromtimestamp(seconds, UTC)
        signature_v2.verify(claim, head, KEYS, now=now)
    except SignatureRefused as refused:
        found = refused.reason
    assert expected == found
