"""Buckets through boto3's client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cvcore.store import Store
from tests.cvcore.api.aws.s3.conftest import Ask, asking, code_of


def test_a_bucket_is_made_found_and_deleted(s3: Any) -> None:
    """It is listed and told to be in the client's region, until it is deleted."""
    bucket = "new-one"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert [bucket] == [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"
    s3.delete_bucket(Bucket=bucket)
    assert s3.list_buckets()["Buckets"] == []
    assert code_of(lambda: s3.head_bucket(Bucket=bucket)) == "404"


def test_a_bucket_in_the_first_region(boto: Callable[..., Any]) -> None:
    """There a bucket may be created again, and has no location, as at Amazon."""
    first = boto("s3", region="us-east-1")
    first.create_bucket(Bucket="twice")
    first.create_bucket(Bucket="twice")
    assert first.get_bucket_location(Bucket="twice")["LocationConstraint"] is None


def test_errors_of_buckets(s3: Any, bucket: str) -> None:
    """Each error has the name that Amazon gives it."""
    with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="another")
    s3.put_object(Bucket=bucket, Key="a")
    assert code_of(lambda: s3.delete_bucket(Bucket=bucket)) == "BucketNotEmpty"
    assert code_of(lambda: s3.delete_bucket(Bucket="another")) == "NoSuchBucket"
    assert code_of(lambda: s3.create_bucket(Bucket="Upper")) == "InvalidBucketName"
    assert code_of(lambda: s3.create_bucket(Bucket="open", ACL="public-read")) == "AccessControlListNotSupported"
    assert code_of(lambda: s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)) == "NotImplemented"


def test_buckets_are_listed_in_pages(s3: Any) -> None:
    """A page has as many as asked for, and those with a prefix if there is one."""
    for name in ("cats", "dogs", "cars"):
        s3.create_bucket(Bucket=name)
    pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2})
    assert [["cars", "cats"], ["dogs"]] == [[each["Name"] for each in page["Buckets"]] for page in pages]
    assert ["cars", "cats"] == [each["Name"] for each in s3.list_buckets(Prefix="ca")["Buckets"]]


@pytest.mark.parametrize("host", ["photos.localhost:8501", "Photos.Class.Example", "localhost", "127.0.0.1:8501"])
def test_a_bucket_can_stand_before_the_servers_name(store: Store, ask: Ask, host: str) -> None:
    """Clients put it there when the server's address is a name; it is the same bucket as in the path."""
    assert ask("PUT", "/photos/a/b.txt", body=b"text").status == 200
    path = "/a/b.txt" if host.lower().startswith("photos") else "/photos/a/b.txt"
    assert asking(store, ("class.example",))("GET", path, headers={"host": host}).body == b"text"


def test_what_buckets_do_not_have(s3: Any, bucket: str) -> None:
    """Asked in passing, a bucket answers as one that never got a policy, versions or tags."""
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert [grant["Permission"] for grant in s3.get_bucket_acl(Bucket=bucket)["Grants"]] == ["FULL_CONTROL"]
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    for ask in (
        s3.get_bucket_logging,
        s3.get_bucket_notification_configuration,
        s3.get_bucket_accelerate_configuration,
    ):
        assert set(ask(Bucket=bucket)) == {"ResponseMetadata"}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
        ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_policy_status", "NoSuchBucketPolicy"),
        ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_bucket_tagging", "NoSuchTagSet"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        ("get_bucket_analytics_configuration", "NotImplemented"),
    ],
)
def test_what_buckets_do_not_have_by_error(s3: Any, bucket: str, method: str, expected: str) -> None:
    """Where Amazon has an error for what is not there, it is raised; what is not served at all says so."""
    more = {"Id": "1"} if "analytics" in method else {}
    assert expected == code_of(lambda: getattr(s3, method)(Bucket=bucket, **more))


def test_a_policy_is_kept(s3: Any, bucket: str) -> None:
    """It is told as it was put, lets nobody in, and goes with the bucket."""
    for policy in ('{"Version": "2012-10-17", "Statement": []}', '{ "Statement": ["ü"] }'):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
        assert policy == s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    assert code_of(lambda: s3.get_bucket_policy(Bucket=bucket)) == "NoSuchBucketPolicy"
    s3.put_bucket_policy(Bucket=bucket, Policy="{}")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert code_of(lambda: s3.get_bucket_policy(Bucket=bucket)) == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    ("bucket_name", "policy", "expected"),
    [
        ("photos", "no JSON", "MalformedPolicy"),
        ("photos", "[" * 10_000, "MalformedPolicy"),
        ("photos", '{"Id": "' + "x" * 20_480 + '"}', "MalformedPolicy"),
        ("nowhere", "{}", "NoSuchBucket"),
        ("tagwise-images", "{}", "AccessDenied"),
    ],
)
def test_a_policy_is_refused(s3: Any, bucket: str, bucket_name: str, policy: str, expected: str) -> None:
    """What is no JSON object, or too long, is not kept, nor is one of a bucket that is not there or read only."""
    assert expected == code_of(lambda: s3.put_bucket_policy(Bucket=bucket_name, Policy=policy))


def test_settings_are_kept(s3: Any, bucket: str) -> None:
    """What scripts set for a bucket is told as it was put, until it is deleted, and has no effect."""
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]
    tags = [{"Key": "purpose", "Value": "<tests> & ü"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    blocked = {"BlockPublicAcls": True, "BlockPublicPolicy": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == blocked
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == encryption
    s3.delete_bucket_cors(Bucket=bucket)
    assert code_of(lambda: s3.get_bucket_cors(Bucket=bucket)) == "NoSuchCORSConfiguration"
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert code_of(lambda: s3.get_bucket_tagging(Bucket=bucket)) == "NoSuchTagSet"


def test_settings_are_refused(ask: Ask) -> None:
    """A setting is XML of its own root and not too long, and versions cannot be switched on."""
    long = b"<Tagging>" + b" " * 65_536 + b"</Tagging>"
    for body in (b"", b"<Other/>", long):
        assert ask("PUT", "/photos", {"tagging": ""}, body=body).code == "MalformedXML"
    assert ask("PUT", "/photos", {"versioning": ""}, body=b"<VersioningConfiguration/>").code == "NotImplemented"
    assert ask("PUT", "/none-such", {"tagging": ""}, body=b"<Tagging/>").code == "NoSuchBucket"
