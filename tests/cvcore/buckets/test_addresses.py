"""Addresses of objects and the names in them."""

from __future__ import annotations

import pytest

from cvcore import buckets
from cvcore.buckets import addresses
from cvcore.errors import InvalidInput


@pytest.mark.parametrize("key", ["cat.jpg", "a/b/c d.jpg", "ä/+%20&?#.jpg", "/", "a//b", "../../x"])
def test_an_address_is_read_as_it_was_written(key: str) -> None:
    """Bucket and key come out of an address as they went in, whatever letters the key has."""
    assert buckets.parse(buckets.address("my-bucket", key)) == ("my-bucket", key)


@pytest.mark.parametrize(
    "text", ["", "s3://", "s3://bucket", "s3://bucket/", "https://b/k", "/s3://bucket/key", "s3:///key", "S3://abc/k"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """An address has the scheme s3, a bucket and a key."""
    with pytest.raises(InvalidInput):
        buckets.parse(text)


def test_an_images_address_ends_in_the_last_part_of_its_name() -> None:
    """A name from a zip brings no folder into the address, and an image without a name gets one."""
    assert buckets.image_address("ab", "zip/cats\\1.jpg") == "s3://tagwise-images/ab/1.jpg"
    assert buckets.image_address("ab", "folder/") == "s3://tagwise-images/ab/image"


@pytest.mark.parametrize(
    "name", ["ab", "a" * 64, "Upper", "under_score", "a..b", "-ab", "ab-", ".ab", "192.168.5.4", "a b", "../x", "a/b"]
)
def test_a_new_buckets_name_keeps_s3s_rule(name: str) -> None:
    """A name that S3 would not take for a new bucket is refused."""
    with pytest.raises(InvalidInput, match="a bucket's name must be"):
        addresses.check_bucket(name, new=True)


@pytest.mark.parametrize("name", ["Photos_2024", "a.b-c", "x" * 80])
def test_a_copied_folder_can_have_an_older_name(name: str) -> None:
    """Names that S3 allowed once can be used, because folders that people copy have them."""
    addresses.check_bucket(name)


@pytest.mark.parametrize("name", ["..", ".objects", "", "a/b", "a\\b", "a\0b", "a..b"])
def test_no_buckets_name_leads_elsewhere(name: str) -> None:
    """A bucket's name is never a path."""
    with pytest.raises(InvalidInput):
        addresses.check_bucket(name)


def test_a_key_has_at_most_1024_bytes() -> None:
    """Bytes are counted in UTF-8."""
    addresses.check_key("ä" * 512)
    with pytest.raises(InvalidInput, match="a key must have 1 to 1024 bytes, this one has 1026"):
        addresses.check_key("ä" * 513)
    with pytest.raises(InvalidInput, match="a key must be text in UTF-8"):
        addresses.check_key("\udc80")
