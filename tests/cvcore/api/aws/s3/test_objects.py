"""Objects through boto3's client."""

from __future__ import annotations

import base64
import hashlib
import io
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cvcore.buckets import checksums
from cvcore.files import blobs
from tests.cvcore.api.aws.conftest import Server
from tests.cvcore.api.aws.s3.conftest import Ask, code_of

KEY = "cats & dogs/ä+%20 1.jpg"
DATA = b"0123456789"
MD5 = hashlib.md5(DATA).hexdigest()
PAST, FUTURE = (datetime.now(UTC) + timedelta(days=days) for days in (-2, 2))


@pytest.fixture
def key(s3: Any, bucket: str) -> str:
    """The key of an object of ten digits."""
    s3.put_object(Bucket=bucket, Key=KEY, Body=DATA, ContentType="image/jpeg", Metadata={"By": "me"})
    return KEY


def body(reply: dict[str, Any]) -> bytes:
    """The bytes of an object, and its connection closed."""
    with reply["Body"] as stream:
        return bytes(stream.read())


def test_an_object_is_read_as_it_was_stored(s3: Any, bucket: str) -> None:
    """Bytes, ETag, type, headers, metadata and checksum are as they were sent."""
    kept = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.jpg"',
        "ContentEncoding": "identity",
        "ContentLanguage": "de",
        "ContentType": "image/x-own",
        "Metadata": {"by": "me", "number": "7"},
    }
    put = s3.put_object(Bucket=bucket, Key=KEY, Body=DATA, **kept)
    got = s3.get_object(Bucket=bucket, Key=KEY, ChecksumMode="ENABLED")
    assert body(got) == DATA
    assert got["ETag"] == put["ETag"] == f'"{MD5}"'
    assert got["ChecksumCRC32"] == put["ChecksumCRC32"] == checksums.of(DATA, "crc32")
    assert {name: got[name] for name in kept} == kept
    head = s3.head_object(Bucket=bucket, Key=KEY)
    assert (head["ContentLength"], head["ETag"]) == (10, got["ETag"])
    assert abs(head["LastModified"] - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_file_copied_by_hand_is_an_object(s3: Any, amazon: Server) -> None:
    """What lies in the folder has an ETag, a size and a type, without anything having been stored by a client."""
    path = amazon.store.home / "buckets" / "copied" / "a" / "b.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    head = s3.head_object(Bucket="copied", Key="a/b.png")
    assert (head["ETag"], head["ContentLength"], head["ContentType"]) == (f'"{MD5}"', 10, "image/png")


@pytest.mark.parametrize(
    ("asked", "expected", "told"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", DATA, "bytes 0-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
    ],
)
def test_a_range(s3: Any, bucket: str, key: str, asked: str, expected: bytes, told: str) -> None:
    """A range has those of its bytes that the object has, and says which."""
    got = s3.get_object(Bucket=bucket, Key=key, Range=asked)
    assert (body(got), got["ContentRange"]) == (expected, told)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("asked", ["bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_what_is_no_range_is_left_out(s3: Any, bucket: str, key: str, asked: str) -> None:
    """The whole object comes, as HTTP has it."""
    assert body(s3.get_object(Bucket=bucket, Key=key, Range=asked)) == DATA


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_a_range_without_bytes(s3: Any, bucket: str, key: str, asked: str) -> None:
    """A range beyond the end is refused."""
    assert code_of(lambda: s3.get_object(Bucket=bucket, Key=key, Range=asked)) == "InvalidRange"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"IfMatch": f'"{MD5}"'}, ""),
        ({"IfMatch": "*"}, ""),
        ({"IfMatch": '"other"'}, "PreconditionFailed"),
        ({"IfNoneMatch": '"other"'}, ""),
        ({"IfNoneMatch": MD5}, "304"),
        ({"IfModifiedSince": PAST}, ""),
        ({"IfModifiedSince": FUTURE}, "304"),
        ({"IfUnmodifiedSince": FUTURE}, ""),
        ({"IfUnmodifiedSince": PAST}, "PreconditionFailed"),
        ({"IfMatch": MD5, "IfUnmodifiedSince": PAST}, ""),
        ({"IfNoneMatch": '"other"', "IfModifiedSince": FUTURE}, ""),
    ],
)
def test_conditions_of_reading(s3: Any, bucket: str, key: str, condition: dict[str, Any], expected: str) -> None:
    """An object is read if it is as the client thinks; an ETag counts more than a date."""
    if expected:
        assert expected == code_of(lambda: s3.get_object(Bucket=bucket, Key=key, **condition))
    else:
        assert body(s3.get_object(Bucket=bucket, Key=key, **condition)) == DATA


def test_conditions_of_writing(s3: Any, bucket: str, key: str) -> None:
    """An object is replaced or deleted only if it is as the client thinks."""
    for condition, expected in (
        ({"IfNoneMatch": "*"}, "PreconditionFailed"),
        ({"IfMatch": '"other"'}, "PreconditionFailed"),
        ({"IfNoneMatch": '"other"'}, "NotImplemented"),
    ):
        assert expected == code_of(lambda asked=condition: s3.put_object(Bucket=bucket, Key=key, Body=b"", **asked))
    assert code_of(lambda: s3.put_object(Bucket=bucket, Key="new", Body=b"", IfMatch=MD5)) == "NoSuchKey"
    assert code_of(lambda: s3.delete_object(Bucket=bucket, Key=key, IfMatch='"other"')) == "PreconditionFailed"
    assert body(s3.get_object(Bucket=bucket, Key=key)) == DATA
    s3.put_object(Bucket=bucket, Key="new", Body=b"", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key=key, Body=b"new", IfMatch=MD5)
    assert body(s3.get_object(Bucket=bucket, Key=key)) == b"new"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256", "SHA512"])
def test_checksums_that_boto3_computes(s3: Any, bucket: str, algorithm: str) -> None:
    """The client's checksum is kept, and it verifies it when it reads."""
    put = s3.put_object(Bucket=bucket, Key="a", Body=DATA, ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"] == checksums.of(DATA, algorithm.lower())
    got = s3.get_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert (body(got), got[f"Checksum{algorithm}"]) == (DATA, put[f"Checksum{algorithm}"])


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
@pytest.mark.parametrize("is_trailing", [False, True])
def test_every_checksum_is_verified(ask: Ask, algorithm: str, is_trailing: bool) -> None:
    """A checksum before or after the body must be the body's."""
    name = f"x-amz-checksum-{algorithm}"
    for stated, expected in ((checksums.of(DATA, algorithm), 200), (checksums.of(b"other", algorithm), 400)):
        sent = {"headers": {"x-amz-trailer": name}, "trailers": {name: stated}} if is_trailing else {}
        reply = ask("PUT", "/photos/a", body=DATA, **(sent or {"headers": {name: stated}}))
        assert expected == reply.status
    assert reply.code == "BadDigest"
    assert ask("GET", "/photos/a", headers={"x-amz-checksum-mode": "ENABLED"}).headers[name]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-md5": base64.b64encode(hashlib.md5(b"other").digest()).decode()}, "BadDigest"),
        ({"content-md5": "no base 64"}, "InvalidDigest"),
        ({"x-amz-checksum-xxhash3": "AAAA"}, "InvalidRequest"),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "NotImplemented"),
        ({"x-amz-tagging": "a=b"}, "NotImplemented"),
        ({"x-amz-acl": "public-read"}, "AccessControlListNotSupported"),
        ({"x-amz-grant-read": "id=1"}, "AccessControlListNotSupported"),
        ({"x-amz-meta-a": "x" * 2048}, "MetadataTooLarge"),
    ],
)
def test_what_cannot_be_stored(ask: Ask, headers: dict[str, str], expected: str) -> None:
    """What is damaged or asks for what is not possible is refused, and nothing is stored."""
    assert expected == ask("PUT", "/photos/a", headers=headers, body=DATA).code
    assert ask("GET", "/photos/a").code == "NoSuchKey"


def test_errors_of_reading(s3: Any, bucket: str) -> None:
    """A missing object or bucket has Amazon's error, and buckets have no versions."""
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="none")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="none-such", Key="none")
    s3.put_object(Bucket=bucket, Key="a")
    assert code_of(lambda: s3.get_object(Bucket=bucket, Key="a", VersionId="abc")) == "NoSuchVersion"
    assert body(s3.get_object(Bucket=bucket, Key="a", VersionId="null")) == b""
    assert code_of(lambda: s3.head_object(Bucket=bucket, Key="none")) == "404"


def test_a_client_may_change_headers_of_the_response(s3: Any, ask: Ask, bucket: str, key: str) -> None:
    """They come as asked for, but never as two lines."""
    got = s3.get_object(Bucket=bucket, Key=key, ResponseContentType="text/x", ResponseContentDisposition="inline")
    assert (got["ContentType"], got["ContentDisposition"], body(got)) == ("text/x", "inline", DATA)
    for hostile in ("a\r\nSet-Cookie: b", "\u2603"):
        reply = ask("GET", f"/photos/{KEY}", {"response-content-type": hostile})
        assert reply.code == "InvalidArgument"


def test_an_object_cannot_act_as_a_page(ask: Ask) -> None:
    """A document among the objects runs no scripts at the pages' address."""
    ask("PUT", "/photos/a.html", body=b"<script>alert(1)</script>")
    headers = ask("GET", "/photos/a.html").headers
    assert (headers["content-security-policy"], headers["x-content-type-options"]) == ("sandbox", "nosniff")


def test_a_copy(s3: Any, bucket: str, key: str) -> None:
    """It has the bytes, type, metadata and checksum of its source, or the metadata that is given."""
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert copied["CopyObjectResult"]["ETag"] == f'"{MD5}"'
    assert copied["CopyObjectResult"]["ChecksumCRC32"] == checksums.of(DATA, "crc32")
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert (body(got), got["ContentType"], got["Metadata"]) == (DATA, "image/jpeg", {"by": "me"})
    s3.copy_object(
        Bucket=bucket, Key=key, CopySource=f"{bucket}/copy", MetadataDirective="REPLACE", Metadata={"by": "you"}
    )
    got = s3.head_object(Bucket=bucket, Key=key)
    assert (got["ContentType"], got["Metadata"]) == ("binary/octet-stream", {"by": "you"})


def test_errors_of_copies(s3: Any, ask: Ask, bucket: str, key: str) -> None:
    """A copy needs a source that is as expected, and to itself, new metadata."""
    source = {"Bucket": bucket, "Key": key}
    for arguments, expected in (
        ({"CopySource": source, "Key": key}, "InvalidRequest"),
        ({"CopySource": {"Bucket": bucket, "Key": "none"}, "Key": "copy"}, "NoSuchKey"),
        ({"CopySource": {"Bucket": "none-such", "Key": "a"}, "Key": "copy"}, "NoSuchBucket"),
        ({"CopySource": "no-slash", "Key": "copy"}, "InvalidArgument"),
        ({"CopySource": source, "Key": "copy", "CopySourceIfMatch": '"other"'}, "PreconditionFailed"),
        ({"CopySource": source, "Key": "copy", "CopySourceIfNoneMatch": MD5}, "PreconditionFailed"),
        ({"CopySource": source, "Key": "copy", "CopySourceIfModifiedSince": FUTURE}, "PreconditionFailed"),
    ):
        if arguments["CopySource"] == "no-slash":
            assert expected == ask("PUT", "/photos/copy", headers={"x-amz-copy-source": "no-slash"}).code
        else:
            assert expected == code_of(lambda asked=arguments: s3.copy_object(Bucket=bucket, **asked))


def test_objects_are_deleted(s3: Any, bucket: str, key: str) -> None:
    """One or many, and it is no error if there is none; one that cannot be deleted is told by itself."""
    for name in "abc":
        s3.put_object(Bucket=bucket, Key=name)
    s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_object(Bucket=bucket, Key="none")
    wanted = [{"Key": "a"}, {"Key": "none"}, {"Key": "b", "VersionId": "null"}, {"Key": "c", "VersionId": "1"}]
    told = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert ["a", "none", "b"] == [each["Key"] for each in told["Deleted"]]
    assert [("c", "NoSuchVersion")] == [(each["Key"], each["Code"]) for each in told["Errors"]]
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<Delete>",
        b"<Other/>",
        b"<Delete/>",
        b"\xff",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><Delete><Object><Key>&b;</Key></Object></Delete>",
        b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>",
    ],
)
def test_a_document_that_cannot_be_read(ask: Ask, document: bytes) -> None:
    """What is not the XML that is expected is refused, and so is a document type."""
    assert ask("POST", "/photos", {"delete": ""}, body=document).code == "MalformedXML"


def test_a_request_to_delete_must_arrive_whole(ask: Ask) -> None:
    """Its checksum is compared, since a damaged one deletes something else."""
    stated = {"x-amz-checksum-crc32": checksums.of(b"other", "crc32")}
    document = b"<Delete><Object><Key>a</Key></Object></Delete>"
    assert ask("POST", "/photos", {"delete": ""}, stated, document).code == "BadDigest"


def test_attributes(s3: Any, bucket: str, key: str) -> None:
    """Those that are asked for are told."""
    found = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=["ETag", "ObjectSize", "Checksum"])
    assert (found["ETag"], found["ObjectSize"]) == (MD5, 10)
    assert found["Checksum"]["ChecksumCRC32"] == checksums.of(DATA, "crc32")
    assert "StorageClass" not in found


def test_presigned_addresses(boto: Callable[..., Any], bucket: str) -> None:
    """A browser stores and reads with addresses that were signed before."""
    s3 = boto("s3", signature_version="s3v4")
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": KEY})
    request = urllib.request.Request(put, data=DATA, method="PUT", headers={"Content-Type": "image/png"})
    with urllib.request.urlopen(request) as reply:
        assert reply.headers["ETag"] == f'"{MD5}"'
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": KEY})
    with urllib.request.urlopen(get) as reply:
        assert (reply.read(), reply.headers["Content-Type"]) == (DATA, "image/png")
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(get.replace("cats", "dogs")):
        pass
    with refused.value as reply:
        assert (reply.status, b"SignatureDoesNotMatch" in reply.read()) == (403, True)


def test_large_files_go_in_parts(s3: Any, bucket: str, tmp_path: Path) -> None:
    """What boto3 divides is one object again, with the ETag of its parts and a checksum that boto3 verifies."""
    data = bytes(range(256)) * 4096 * 9
    (tmp_path / "up").write_bytes(data)
    s3.upload_file(str(tmp_path / "up"), bucket, "large.bin", ExtraArgs={"ContentType": "image/tiff"})
    head = s3.head_object(Bucket=bucket, Key="large.bin")
    assert (head["ContentLength"], head["ContentType"]) == (len(data), "image/tiff")
    assert head["ETag"].endswith('-2"')
    s3.download_file(bucket, "large.bin", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == data
    s3.copy({"Bucket": bucket, "Key": "large.bin"}, bucket, "copy.bin")
    assert s3.head_object(Bucket=bucket, Key="copy.bin")["ETag"] == head["ETag"]
    part = s3.get_object(Bucket=bucket, Key="large.bin", PartNumber=2)
    assert (part["PartsCount"], body(part)) == (2, data[8 * 2**20 :])


def test_uploads_of_streams(s3: Any, bucket: str) -> None:
    """An upload needs no file and no size."""
    s3.upload_fileobj(io.BytesIO(DATA), bucket, "stream")
    assert body(s3.get_object(Bucket=bucket, Key="stream")) == DATA


def test_stored_images_can_be_read_only(s3: Any, amazon: Server) -> None:
    """Every stored image is an object at its SHA-256, and stays as it is."""
    digest = blobs.sha256(DATA)
    blobs.write(blobs.original_path(amazon.store.home, digest), DATA)
    images = {"Bucket": "tagwise-images", "Key": f"{digest}/cat.jpg"}
    got = s3.get_object(**images)
    assert (body(got), got["ContentType"]) == (DATA, "image/jpeg")
    assert [f"{digest}/image"] == [each["Key"] for each in s3.list_objects_v2(Bucket="tagwise-images")["Contents"]]
    attempts: list[Callable[[], object]] = [
        lambda: s3.put_object(**images, Body=b""),
        lambda: s3.delete_object(**images),
        lambda: s3.copy_object(**images, CopySource=images),
        lambda: s3.create_multipart_upload(**images),
        lambda: s3.delete_objects(Bucket="tagwise-images", Delete={"Objects": [{"Key": images["Key"]}]}),
        lambda: s3.delete_bucket(Bucket="tagwise-images"),
    ]
    assert ["AccessDenied"] * len(attempts) == [code_of(attempt) for attempt in attempts]


def test_what_objects_do_not_have(s3: Any, bucket: str, key: str) -> None:
    """An object has no tags and its owner's access; what would change that is not served."""
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == []
    (grant,) = s3.get_object_acl(Bucket=bucket, Key=key)["Grants"]
    assert grant["Grantee"] == {"ID": "tagwise", "DisplayName": "tagwise", "Type": "CanonicalUser"}
    assert code_of(lambda: s3.get_object_tagging(Bucket=bucket, Key="none")) == "NoSuchKey"
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    assert code_of(lambda: s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tags)) == "NotImplemented"
    assert code_of(lambda: s3.restore_object(Bucket=bucket, Key=key)) == "NotImplemented"
    assert body(s3.get_object(Bucket=bucket, Key=key)) == DATA
