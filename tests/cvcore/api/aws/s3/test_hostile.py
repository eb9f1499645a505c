"""Requests that no client makes: every one gets an answer below 500, and nothing leaves the buckets."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from cvcore.api.aws.s3 import routes
from cvcore.store import Store
from tests.cvcore.api.aws.s3.conftest import BUCKET, Ask, asking

PATHS = [
    *("/", "//", "/photos", "/photos/", "/photos/a", "/photos//", "/photos/../x", "/../a", "/.objects/photos/a"),
    *("/photos/\0", "/photos/" + "k" * 1100, "/tagwise-images/x", "/none/a"),
]
HEADERS = [
    *("range", "if-match", "if-modified-since", "content-md5", "content-encoding", "content-type", "x-amz-meta-a"),
    *("x-amz-copy-source", "x-amz-copy-source-range", "x-amz-metadata-directive", "x-amz-object-attributes"),
    *("x-amz-checksum-crc32", "x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-trailer"),
]
VALUES = [
    *("", "*", "bytes=0-1", "bytes=9-", "photos/a", "/photos/a?versionId=x", "%", "%ff/%00", "CRC32", "ENABLED"),
    *("Sat, 28 Nov 2026 10:00:00 GMT", "Sat, 99 Nov 99999 10:00:00 GMT", "x-amz-checksum-crc32", "REPLACE", "ETag"),
    *("ObjectParts", "1", "-1", "0", "9" * 30, "²", "\xff", "a\r\nb"),
]
PARAMETERS = [
    *sorted(routes.SUBRESOURCES),
    *("list-type", "max-keys", "marker", "continuation-token", "start-after", "prefix", "delimiter", "encoding-type"),
    *("partNumber", "versionId", "response-content-type", "max-parts", "part-number-marker", "max-uploads"),
    *("key-marker", "upload-id-marker", "max-buckets"),
]
TEXTS = st.sampled_from(VALUES) | st.text(max_size=8)
BODIES = st.sampled_from(
    [
        *(b"", b"data", b"<Delete><Object><Key>a</Key></Object></Delete>", b"<Delete><Object/></Delete>"),
        b"<CompleteMultipartUpload><Part/></CompleteMultipartUpload>",
    ]
)


@given_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
    path=st.sampled_from(PATHS) | st.text(max_size=6).map("/photos/{}".format),
    query=st.dictionaries(st.sampled_from(PARAMETERS), TEXTS, max_size=2),
    headers=st.dictionaries(st.sampled_from(HEADERS), TEXTS, max_size=2),
    body=BODIES,
)
def test_no_request_breaks_the_server(
    store: Store, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    """Whatever a request asks for, it is answered, and files appear only where buckets are."""
    ask = hostile(store)
    sent = {name: value.encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}
    reply = ask(method, path, query, sent, body)
    assert reply.status < 500
    assert not [path for path in store.home.rglob("*x") if "buckets" not in path.parts]


def hostile(store: Store) -> Ask:
    """Sends requests to the service, where there are a bucket and an object."""
    path = store.home / "buckets" / BUCKET / "a"
    if not path.exists() and not path.parent.exists():
        path.parent.mkdir(parents=True)
        path.write_bytes(b"0123456789")
    return asking(store)


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("PATCH", "/photos/a", {}, "MethodNotAllowed"),
        ("POST", "/photos/a", {}, "MethodNotAllowed"),
        ("POST", "/", {}, "MethodNotAllowed"),
        ("PUT", "/photos/a", {"tagging": ""}, "NotImplemented"),
        ("PUT", "/photos", {"website": ""}, "NotImplemented"),
        ("GET", "/photos/a", {"torrent": ""}, "NotImplemented"),
        ("GET", "/.objects", {}, "NoSuchBucket"),
        ("GET", "/.objects/photos", {}, "NoSuchBucket"),
        ("PUT", "/.objects/photos", {}, "NoSuchBucket"),
        ("PUT", "/photos/" + "k" * 1025, {}, "KeyTooLongError"),
    ],
)
def test_what_is_not_served_is_told(ask: Ask, method: str, path: str, query: dict[str, str], expected: str) -> None:
    """What is not served is never taken for something that is, and no path leads to what is beside the buckets."""
    assert expected == ask(method, path, query, body=b"x").code


def test_one_request_is_of_at_most_5_gb(ask: Ask) -> None:
    """More is refused before it is read."""
    assert ask("PUT", "/photos/a", body=b"x", size_bytes=5 * 2**30 + 1).code == "EntityTooLarge"


def test_no_key_forges_a_line_of_the_log(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """Where something unforeseen fails, the log names the key on one line, whatever it is called."""
    reply = ask("PUT", "/photos/a\nforged", body="no bytes")  # type: ignore[arg-type]
    assert (500, "InternalError") == (reply.status, reply.code)
    assert ["PUT '/photos/a\\nforged'"] == caplog.messages
