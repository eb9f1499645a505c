"""No request, however odd, brings the server to fail: an SDK would repeat it several times."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect
from starlette.responses import PlainTextResponse
from starlette.types import Message

from cvcore.api.aws.middleware import Amazon
from cvcore.api.aws.rekognition import routes, service
from cvcore.api.aws.rekognition.protocol import input
from cvcore.api.aws.rekognition.protocol.call import Call
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.signed import chunks, signatures
from cvcore.api.aws.signed.head import Head
from cvcore.files.api_keys import AwsKeys
from cvcore.rekognition import arns
from cvcore.settings import Settings
from cvcore.store import Purpose, Store
from tests.conftest import Fill, Trained, awaited
from tests.cvcore.api.aws.conftest import KEYS, Server

# Hypothesis times how long examples take to draw, which on a busy machine says nothing of the test.
UNTIMED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
SLOW_OK = settings(max_examples=150, deadline=None, suppress_health_check=UNTIMED)
MANIFEST = json.dumps({"source-ref": "s3://flowers/1.png", "class": 0, "class-metadata": {"class-name": "rose"}})


@pytest.fixture
def known(store: Store, fill: Fill, trained: Trained) -> list[str]:
    """ARNs of things that are really there, and of some that are not."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    purposes: tuple[Purpose, ...] = ("TRAIN", "TEST")
    datasets = [arns.of_dataset(store, project, purpose) for purpose in purposes]
    for arn, purpose in zip(datasets, purposes, strict=True):
        store.rekognition_datasets.add(project.id, purpose, arn, status="CREATE_COMPLETE", message="")
    arns_known = [arns.of_project(store, project), arns.of_iteration(store, project, iteration), *datasets]
    return [*arns_known, *(f"{arn}0" for arn in arns_known)]


NAMES = ["TRAIN", "TEST", "flowers", "1.png", "Iteration_1", "0", "SUCCESS", "CREATE_COMPLETE", "a" * 255]
LONG = ["", "a" * 3000, "\ud800", "\x00", MANIFEST, f"{MANIFEST}\n{MANIFEST}", '{"Statement": {"Effect": "Allow"}}']


def values(kind: inspect.Type, known: list[str], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON that fits a type of the model, or nearly."""
    if isinstance(kind, inspect.UnionType):
        return st.one_of(*[values(each, known, odd) for each in kind.types])
    if isinstance(kind, inspect.NoneType):
        return st.none()
    if isinstance(kind, inspect.StructType):
        fields = {field.encode_name: values(field.type, known, odd) for field in kind.fields}
        required = {field.encode_name for field in kind.fields if field.required}
        optional = {name: each for name, each in fields.items() if name not in required}
        return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional) | odd
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES), max_size=3) | odd
    if item := getattr(kind, "item_type", None):
        return st.lists(values(item, known, odd), max_size=3) | odd
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return st.integers(1, 5) | odd
    if isinstance(kind, inspect.BoolType):
        return st.booleans() | odd
    if isinstance(kind, inspect.BytesType):
        return st.sampled_from([base64.b64encode(text.encode()).decode() for text in (MANIFEST, "{}", "")]) | odd
    if isinstance(kind, inspect.StrType) and ":rekognition:" in str(kind.pattern):
        return st.sampled_from([arn for arn in known if re.search(str(kind.pattern), arn)]) | odd
    return st.sampled_from(NAMES) | st.sampled_from([*known, *NAMES]) | st.text(max_size=20) | odd


class Undo(Exception):
    """Ends a transaction whose writes are not wanted."""


@SLOW_OK
@given(data=st.data())
def test_no_request_fails_rekognition(store: Store, known: list[str], data: st.DataObject) -> None:
    """Whatever an operation is asked, its answer is below 500 and, if it refuses, has one of its names."""
    operation = data.draw(st.sampled_from(routes.OPERATIONS))
    some = (
        st.sampled_from([*LONG, *NAMES, *known]) | st.none() | st.integers() | st.floats() | st.just([]) | st.just({})
    )
    odd = data.draw(st.sampled_from([st.nothing(), st.nothing(), some]))
    body = json.dumps(data.draw(values(inspect.type_info(operation.input), known, odd))).encode()
    try:
        request = input.read(body, operation.input)
    except Refusal:
        return
    call = Call(store, Settings(home=store.home), "eu-west-1", "http://here", request)
    with contextlib.suppress(Undo), store.transaction():
        response = service.respond(operation, call)
        raise Undo
    assert response.status_code in (200, 400), response.body


def ask(app: Amazon, method: str, target: str, headers: dict[str, str], body: bytes) -> int:
    """Send a request past any client, straight to the middleware; returns the status."""
    path, _, query = target.partition("?")
    sent: list[Message] = []

    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        # The client stays until it has its answer.
        return parts.pop() if parts else await asyncio.get_running_loop().create_future()

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": raw,
    }
    awaited(app(scope, receive, send))
    return int(sent[0]["status"])


TEXT = st.text(max_size=30) | st.sampled_from(
    ["..", ".", "", "a//b", "\x00", "flowers", "flowers/1.png", "%2e%2e", "a" * 300]
)
PARAMETERS = st.sampled_from(
    [
        *("acl", "delete", "encoding-type", "list-type", "location", "max-keys", "max-uploads", "partNumber", "policy"),
        *("prefix", "delimiter", "marker", "start-after", "continuation-token", "tagging", "uploadId", "uploads"),
        *("versioning", "versionId", "response-content-type", "X-Amz-Algorithm", "AWSAccessKeyId", "Signature"),
    ]
)
HEADERS = st.sampled_from(
    [
        *("range", "if-match", "if-none-match", "if-modified-since", "content-type", "content-md5", "content-length"),
        *("x-amz-copy-source", "x-amz-copy-source-range", "x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-acl"),
        *("x-amz-meta-a", "x-amz-tagging", "x-amz-sdk-checksum-algorithm", "x-amz-decoded-content-length", "expect"),
        *("x-amz-trailer", "content-encoding", "x-amz-storage-class", "x-amz-date", "date", "x-amz-metadata-directive"),
    ]
)
VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20) | st.sampled_from(
    ["bytes=0-1", "bytes=9-1", "*", "/flowers/1.png", "COPY", "REPLACE", "1", "-1", "9" * 30, "\xff"]
)
BODIES = st.binary(max_size=50) | st.sampled_from(
    [
        b"<Delete><Object><Key>../x</Key></Object></Delete>",
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Delete>&a;</Delete>',
        b"5;chunk-signature=00\r\nhello\r\n",
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
    ]
)
PAYLOADS = st.sampled_from(["", "UNSIGNED-PAYLOAD", *chunks.KINDS])


def signed(
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    payload: str = "",
    *,
    service: str = "s3",
    keys: AwsKeys = KEYS,
) -> dict[str, str]:
    """The headers with a signature for a service that is right."""
    now = datetime.now(UTC)
    path, _, query = target.partition("?")
    kept = {
        **headers,
        "host": "127.0.0.1:8501",
        "x-amz-date": now.strftime(signatures.TIME),
        "x-amz-content-sha256": payload or signatures.sha256(body),
    }
    scope = f"{now:%Y%m%d}/eu-west-1/{service}/aws4_request"
    names = ";".join(sorted(kept))
    start = f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/{scope},SignedHeaders={names},Signature="
    head = Head(method, path, query, (*kept.items(), ("authorization", start + "0" * 64)))
    claim = signatures.claim(head)
    text = next(signatures.canonical_requests(claim, head, kept["x-amz-content-sha256"]))
    key = signatures.signing_key(keys.secret_access_key, claim.date, claim.region, service)
    digest = signatures.sha256(text.encode("latin-1"))
    right = signatures.signed(key, f"AWS4-HMAC-SHA256\n{kept['x-amz-date']}\n{scope}\n{digest}")
    return {**kept, "authorization": start + right}


@SLOW_OK
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
    path=st.sampled_from([["flowers"], ["flowers", "1.png"]]) | st.lists(TEXT, max_size=3),
    query=st.dictionaries(PARAMETERS, TEXT, max_size=3),
    headers=st.dictionaries(HEADERS, VALUES, max_size=4),
    body=BODIES,
    payload=PAYLOADS,
)
def test_no_request_fails_s3(store: Store, amazon: Server, **drawn: Any) -> None:
    """Whatever a signed request to S3 holds, the answer is below 500, but for 501, and nothing leaves its folder."""
    image = store.home / "buckets" / "flowers" / "1.png"
    image.parent.mkdir(parents=True, exist_ok=True)
    if not image.exists():
        image.write_bytes(b"an image")
    segments = "/".join(quote(segment, safe="%", errors="replace") for segment in drawn["path"])
    pairs = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in drawn["query"].items())
    target = f"/{segments}?{pairs}"
    headers = signed(drawn["method"], target, drawn["headers"], drawn["body"], drawn["payload"])
    app = Amazon(PlainTextResponse("a page"), store, amazon.settings, KEYS)
    status = ask(app, drawn["method"], target, headers, drawn["body"])
    assert status < 500 or status == 501
    assert {"home"} == {path.name for path in store.home.parent.iterdir()}


@SLOW_OK
@given(
    authorization=st.sampled_from(["", "AWS ", "AWS a:b", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential="]),
    rest=VALUES,
    query=st.dictionaries(PARAMETERS | st.sampled_from(["X-Amz-Credential", "X-Amz-Expires", "X-Amz-Date"]), TEXT),
    target=VALUES,
    body=BODIES,
)
def test_no_signature_fails_the_server(
    store: Store, authorization: str, rest: str, query: dict[str, str], *, target: str, body: bytes
) -> None:
    """Whatever stands where a signature should be, the request is refused, or passed on to the pages."""
    app = Amazon(PlainTextResponse("a page"), store, Settings(home=store.home), KEYS)
    pairs = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in query.items())
    headers = {"host": "127.0.0.1", "x-amz-date": rest, "x-amz-target": target, "authorization": authorization + rest}
    assert ask(app, "POST", f"/?{pairs}", headers, body) in (200, 400, 403)
