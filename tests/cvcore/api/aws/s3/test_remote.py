"""Buckets in an S3 service elsewhere, which here is another home's."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from cvcore import buckets
from cvcore.buckets import remote
from cvcore.errors import BucketNotFound, FetchFailed, InvalidInput, ObjectNotFound, ObjectTooLarge
from cvcore.settings import Settings
from tests.cvcore.api.aws.conftest import KEYS, Server


@pytest.fixture
def settings(amazon: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home without buckets, beside the server's; boto3 finds its credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS.secret_access_key)
    remote.client.cache_clear()
    return Settings(home=tmp_path / "without", s3_endpoint=amazon.url)


def test_what_is_not_here_is_read_and_written_there(settings: Settings, amazon: Server, bucket: str) -> None:
    """An object goes to the service and comes back, with its type."""
    buckets.write(settings, bucket, "a/ä b.jpg", b"bytes", "image/jpeg")
    assert (amazon.store.home / "buckets" / bucket / "a" / "ä b.jpg").read_bytes() == b"bytes"
    assert buckets.read(settings, bucket, "a/ä b.jpg", limit_bytes=5) == b"bytes"
    with pytest.raises(ObjectTooLarge):
        buckets.read(settings, bucket, "a/ä b.jpg", limit_bytes=4)


def test_what_is_here_is_not_looked_for_there(settings: Settings, amazon: Server, bucket: str) -> None:
    """A bucket in the home is that bucket, whatever the service has of its name."""
    (settings.home / "buckets" / bucket).mkdir(parents=True)
    buckets.write(settings, bucket, "a", b"here", "")
    assert not (amazon.store.home / "buckets" / bucket / "a").exists()
    assert buckets.read(settings, bucket, "a") == b"here"


def test_errors_of_the_service(settings: Settings, bucket: str) -> None:
    """What is not there either is told with the service's address, and so is a service that is not there."""
    for name, key, kind, message in (
        (bucket, "none", ObjectNotFound, r"the bucket 'photos' at http://127.* has no object 'none'"),
        ("none-such", "a", BucketNotFound, r"there is no bucket 'none-such' at http://127"),
    ):
        with pytest.raises(kind, match=message):
            buckets.read(settings, name, key)
    with pytest.raises(BucketNotFound):
        buckets.write(settings, "none-such", "a", b"", "")
    nowhere = dataclasses.replace(settings, s3_endpoint="http://127.0.0.1:9")
    with pytest.raises(FetchFailed, match=r"http://127\.0\.0\.1:9 must serve s3://photos/a, but: "):
        buckets.read(nowhere, bucket, "a")


def test_a_service_that_refuses_our_keys(settings: Settings, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reason is told."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(FetchFailed, match="SignatureDoesNotMatch"):
        buckets.read(settings, bucket, "a")


def test_without_boto3_the_extra_is_named(settings: Settings, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 is not installed with Tagwise: the message says how to."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(InvalidInput, match="boto3 is needed to read from TAGWISE_S3_ENDPOINT: install it with pip"):
        buckets.read(settings, bucket, "a")
