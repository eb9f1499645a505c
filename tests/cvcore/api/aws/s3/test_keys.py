"""Lists of keys through boto3's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cvcore.api.aws.s3.conftest import Ask, code_of

KEYS = ["a.jpg", "cats/1.jpg", "cats/2.jpg", "cats/old/3.jpg", "dogs/ä & <b>+%20.jpg", "line\nbreak", "z//z"]


@pytest.fixture
def full(s3: Any, bucket: str) -> str:
    """A bucket with some keys."""
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects", "list_object_versions"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_pages_have_every_key_once(s3: Any, full: str, operation: str, size: int) -> None:
    """boto3's paginators find every key in order, however small the pages are."""
    pages = s3.get_paginator(operation).paginate(Bucket=full, PaginationConfig={"PageSize": size})
    field = "Versions" if operation == "list_object_versions" else "Contents"
    assert sorted(KEYS) == [each["Key"] for page in pages for each in page.get(field, [])]


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects", "list_object_versions"])
@pytest.mark.parametrize("size", [1, 1000])
def test_folders_by_a_delimiter(s3: Any, full: str, operation: str, size: int) -> None:
    """Keys below a folder are told as that folder, once."""
    pages = list(s3.get_paginator(operation).paginate(Bucket=full, Delimiter="/", PaginationConfig={"PageSize": size}))
    field = "Versions" if operation == "list_object_versions" else "Contents"
    assert ["a.jpg", "line\nbreak"] == [each["Key"] for page in pages for each in page.get(field, [])]
    prefixes = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    assert ["cats/", "dogs/", "z/"] == prefixes


def test_a_prefix_and_a_start(s3: Any, full: str) -> None:
    """A list begins after a key, with what has the prefix, and tells what it was asked for."""
    found = s3.list_objects_v2(Bucket=full, Prefix="cats/", StartAfter="cats/1.jpg", FetchOwner=True)
    assert ["cats/2.jpg", "cats/old/3.jpg"] == [each["Key"] for each in found["Contents"]]
    assert (found["KeyCount"], found["Prefix"], found["StartAfter"]) == (2, "cats/", "cats/1.jpg")
    assert found["Contents"][0]["Owner"]["ID"] == "tagwise"
    below = s3.list_objects_v2(Bucket=full, Prefix="cats/", Delimiter="/")
    assert [{"Prefix": "cats/old/"}] == below["CommonPrefixes"]


def test_what_is_told_of_an_object(s3: Any, full: str) -> None:
    """Size, ETag, time and class are those of the object itself."""
    listed = s3.list_objects_v2(Bucket=full, MaxKeys=1)["Contents"][0]
    head = s3.head_object(Bucket=full, Key=listed["Key"])
    assert (listed["ETag"], listed["Size"], listed["StorageClass"]) == (head["ETag"], 1, "STANDARD")
    assert listed["LastModified"].replace(microsecond=0) == head["LastModified"]
    assert listed["ChecksumAlgorithm"] == ["CRC32"]


def test_lists_are_of_at_most_1000_keys(s3: Any, full: str) -> None:
    """More may be asked for; none may be asked for as well."""
    assert s3.list_objects_v2(Bucket=full, MaxKeys=5000)["MaxKeys"] == 1000
    assert not s3.list_objects_v2(Bucket=full, MaxKeys=0)["IsTruncated"]


def test_errors_of_lists(s3: Any, ask: Ask, bucket: str) -> None:
    """What cannot be a number, a token or an encoding is refused."""
    assert code_of(lambda: s3.list_objects_v2(Bucket=bucket, MaxKeys=-1)) == "InvalidArgument"
    for hostile in ("AAA", "\u2603", "/w=="):
        assert ask("GET", "/photos", {"list-type": "2", "continuation-token": hostile}).code == "InvalidArgument"
    assert ask("GET", "/photos", {"encoding-type": "gzip"}).code == "InvalidArgument"


def test_keys_that_xml_cannot_write(ask: Ask) -> None:
    """A client that does not ask for an encoding gets XML that it can read."""
    ask("PUT", "/photos/\x01\x00\r", body=b"")
    assert b"<Key>\xef\xbf\xbd\xef\xbf\xbd&#13;</Key>" in ask("GET", "/photos").body
    assert b"<Key>%01%00%0D</Key>" in ask("GET", "/photos", {"encoding-type": "url"}).body
