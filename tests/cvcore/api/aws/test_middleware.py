"""Requests of Amazon's clients reach their service when they are signed; all others reach the pages."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError
from starlette.responses import PlainTextResponse

from cvcore import urls
from cvcore.api.aws.middleware import Amazon
from cvcore.files.api_keys import AwsKeys
from cvcore.rekognition import arns
from tests.cvcore.api.aws.conftest import KEYS, REGION, Server

Boto = Callable[..., Any]
OTHER_ID = AwsKeys("AKIAOTHER", KEYS.secret_access_key)
OTHER_SECRET = AwsKeys(KEYS.access_key_id, "another")


def code_of(call: Callable[[], object]) -> str:
    """The code of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("keys", "of_rekognition", "of_s3"),
    [
        (OTHER_ID, "UnrecognizedClientException", "InvalidAccessKeyId"),
        (OTHER_SECRET, "InvalidSignatureException", "SignatureDoesNotMatch"),
    ],
)
def test_our_keys_are_needed(boto: Boto, keys: AwsKeys, of_rekognition: str, of_s3: str) -> None:
    """With another id or another secret nothing is answered, and the error has Amazon's name."""
    assert of_rekognition == code_of(boto("rekognition", keys=keys).describe_projects)
    assert of_s3 == code_of(boto("s3", keys=keys).list_buckets)


def test_clients_that_sign_nothing_are_refused(boto: Boto) -> None:
    """A client without keys must not take a page for what it asked for."""
    assert "AccessDenied" == code_of(boto("s3", signature_version=UNSIGNED).list_buckets)
    unsigned = boto("rekognition", signature_version=UNSIGNED)
    assert "MissingAuthenticationTokenException" == code_of(unsigned.describe_projects)


def test_other_operations_of_rekognition_are_unknown(rekognition: Any) -> None:
    """An operation that is none of Custom Labels' is refused by name."""
    assert "UnknownOperationException" == code_of(rekognition.list_collections)


def test_other_services_are_refused_in_their_form(boto: Boto) -> None:
    """A client of a service that is not here raises an error with a code, whether it speaks JSON or XML."""
    assert "InvalidAction" == code_of(boto("iam").list_users)
    assert "UnknownOperationException" == code_of(boto("dynamodb").list_tables)


def test_whose_keys_they_are(boto: Boto) -> None:
    """Scripts ask STS for the account, which is the one of all ARNs here; STS has nothing else."""
    assert arns.ACCOUNT == boto("sts").get_caller_identity()["Account"]
    assert "InvalidAction" == code_of(boto("sts").get_session_token)


def test_other_requests_reach_the_pages(amazon: Server) -> None:
    """A request without a signature is not Amazon's clients'."""
    with urllib.request.urlopen(f"{amazon.url}/bucket/key?Signature=1") as response:
        assert b"a page" == response.read()


def test_an_object_is_no_page_of_ours(s3: Any) -> None:
    """A web page that somebody stored in a bucket cannot act for who opens its presigned address."""
    s3.create_bucket(Bucket="flowers")
    s3.put_object(Bucket="flowers", Key="x.html", Body=b"<script>alert()</script>", ContentType="text/html")
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", {"Bucket": "flowers", "Key": "x.html"})) as got:
        assert "sandbox" == got.headers["Content-Security-Policy"]


def asked(url: str, method: str, **headers: str) -> tuple[int, Message]:
    """The status and headers of the response to a browser that asks before it sends a request to another site."""
    names = {"Origin": "https://example.com", "Access-Control-Request-Method": method}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method="OPTIONS", headers=names | more)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


def test_pages_of_other_sites_use_presigned_addresses(boto: Boto) -> None:
    """A browser may send what a presigned address allows, and read the answer and its headers."""
    s3 = boto("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="flowers")
    url = s3.generate_presigned_url("put_object", {"Bucket": "flowers", "Key": "1.png"})
    _, told = asked(url, "PUT", Access_Control_Request_Private_Network="true")
    assert "PUT" in told["Access-Control-Allow-Methods"]
    assert ("*", "true") == (told["Access-Control-Allow-Origin"], told["Access-Control-Allow-Private-Network"])
    with urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT")) as response:
        assert ("*", "*") == tuple(
            response.headers[name] for name in ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers")
        )


@pytest.mark.parametrize(("apis", "allowed"), [((), None), (("prediction",), None), (("training",), "*")])
def test_which_services_other_sites_may_call(
    amazon: Server, listening: Any, apis: tuple[str, ...], allowed: str | None
) -> None:
    """With the setting for training, pages of other sites may sign requests themselves; else they may not."""
    told = replace(amazon.settings, cors=apis)
    listening.app = Amazon(PlainTextResponse("a page"), amazon.store, told, KEYS)
    status, headers = asked(amazon.url, "POST", Access_Control_Request_Headers="authorization,x-amz-date,x-amz-target")
    assert allowed == headers["Access-Control-Allow-Origin"]
    assert (204 if allowed else 403) == status


@pytest.fixture
def below() -> Iterator[str]:
    """The app is served below a path."""
    urls.serve_below("tools/tagwise")
    yield "/tools/tagwise"
    urls.serve_below("")


def test_below_a_path(amazon: Server, below: str) -> None:
    """The path is part of the endpoint and of what is signed, and no part of a bucket."""
    keys = {"aws_access_key_id": KEYS.access_key_id, "aws_secret_access_key": KEYS.secret_access_key}
    session = boto3.Session(region_name=REGION, **keys)
    for endpoint in (amazon.url + below, f"{amazon.url}{below}/", amazon.url):
        assert [] == session.client("rekognition", endpoint_url=endpoint).describe_projects()["ProjectDescriptions"]
    s3 = session.client("s3", endpoint_url=amazon.url + below)
    s3.create_bucket(Bucket="flowers", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="flowers", Key="ä b/1", Body=b"x")
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", {"Bucket": "flowers", "Key": "ä b/1"})) as got:
        assert b"x" == got.read()


def sent(amazon: Server, *headers: str, body: bytes = b"") -> bytes:
    """What the server answers to bytes as they go over the wire, read until it closes."""
    host = urlsplit(amazon.url)
    with socket.create_connection((str(host.hostname), int(host.port or 0)), timeout=10) as connection:
        lines = ["PUT /flowers/1.png HTTP/1.1", f"Host: {host.netloc}", "Authorization: AWS4-HMAC-SHA256 x", *headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_a_refusal_comes_after_the_body(amazon: Server) -> None:
    """A client that sends a long body at once sees why it is refused: it is not cut off before."""
    size = 3 * 2**20
    answer = sent(amazon, f"Content-Length: {size}", body=bytes(size))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"<Code>AuthorizationHeaderMalformed</Code>" in answer


def test_a_client_that_asks_first_sends_no_body(amazon: Server) -> None:
    """With `Expect: 100-continue` the refusal comes in the place of the word to go on."""
    answer = sent(amazon, "Content-Length: 1000000000", "Expect: 100-continue")
    assert answer.startswith(b"HTTP/1.1 400")
