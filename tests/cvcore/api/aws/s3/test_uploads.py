"""Uploads in parts, step by step, through boto3's client."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from cvcore.buckets import checksums
from tests.cvcore.api.aws.s3.conftest import Ask, code_of

LARGE = b"l" * 5 * 2**20


@pytest.fixture
def upload(s3: Any, bucket: str) -> dict[str, str]:
    """An upload that has begun, as arguments of its further steps."""
    begun = s3.create_multipart_upload(Bucket=bucket, Key="a/b", Metadata={"by": "me"})
    return {"Bucket": bucket, "Key": "a/b", "UploadId": begun["UploadId"]}


def parts(*etags: str) -> dict[str, Any]:
    return {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]}


def test_from_the_beginning_to_the_end(s3: Any, upload: dict[str, str]) -> None:
    """The object is the parts in order, with the metadata of the beginning, and the upload is over."""
    first = s3.upload_part(**upload, PartNumber=1, Body=LARGE)["ETag"]
    second = s3.upload_part(**upload, PartNumber=2, Body=b"end")["ETag"]
    listed = s3.list_parts(**upload)["Parts"]
    assert [(1, first, len(LARGE)), (2, second, 3)] == [
        (part["PartNumber"], part["ETag"], part["Size"]) for part in listed
    ]
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts(first, second))
    digests = hashlib.md5(LARGE).digest() + hashlib.md5(b"end").digest()
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert done["Location"].endswith("/photos/a/b")
    got = s3.get_object(Bucket="photos", Key="a/b")
    with got["Body"] as stream:
        assert stream.read() == LARGE + b"end"
    assert got["Metadata"] == {"by": "me"}
    assert code_of(lambda: s3.list_parts(**upload)) == "NoSuchUpload"


def test_a_part_of_another_object(s3: Any, upload: dict[str, str]) -> None:
    """A part can be a range of an object that is there."""
    s3.put_object(Bucket="photos", Key="source", Body=b"0123456789")
    source = {"Bucket": "photos", "Key": "source"}
    copied = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source, CopySourceRange="bytes=2-4")
    etag = copied["CopyPartResult"]["ETag"]
    assert etag == f'"{hashlib.md5(b"234").hexdigest()}"'
    for hostile in ("bytes=8-12", "bytes=-2", "bytes=2-", "2-4"):
        arguments = {**upload, "PartNumber": 1, "CopySource": source, "CopySourceRange": hostile}
        assert code_of(lambda asked=arguments: s3.upload_part_copy(**asked)) == "InvalidArgument"
    s3.complete_multipart_upload(**upload, MultipartUpload=parts(etag))
    assert s3.head_object(Bucket="photos", Key="a/b")["ContentLength"] == 3


def test_an_upload_is_given_up(s3: Any, upload: dict[str, str]) -> None:
    """It is listed until then."""
    listed = s3.list_multipart_uploads(Bucket="photos")["Uploads"]
    assert [("a/b", upload["UploadId"])] == [(each["Key"], each["UploadId"]) for each in listed]
    s3.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="photos")
    assert code_of(lambda: s3.abort_multipart_upload(**upload)) == "NoSuchUpload"
    assert code_of(lambda: s3.upload_part(**upload, PartNumber=1, Body=b"")) == "NoSuchUpload"


def test_lists_in_pages(s3: Any, upload: dict[str, str]) -> None:
    """boto3's paginators find every part and every upload."""
    for number in (3, 1, 2):
        s3.upload_part(**upload, PartNumber=number, Body=b"x")
    pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 2})
    assert [[1, 2], [3]] == [[part["PartNumber"] for part in page["Parts"]] for page in pages]
    for key in ("a/b", "c", "b"):
        s3.create_multipart_upload(Bucket="photos", Key=key)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket="photos", PaginationConfig={"PageSize": 1})
    assert ["a/b", "a/b", "b", "c"] == [each["Key"] for page in pages for each in page["Uploads"]]


def test_errors_of_completing(s3: Any, upload: dict[str, str]) -> None:
    """Parts must be there, in order, and large enough but for the last; the upload stays to be completed rightly."""
    small = s3.upload_part(**upload, PartNumber=1, Body=b"1")["ETag"]
    s3.upload_part(**upload, PartNumber=2, Body=b"1")
    for given, expected in (
        (parts('"other"'), "InvalidPart"),
        (parts(small, small, small), "InvalidPart"),
        (parts(small, small), "EntityTooSmall"),
        ({"Parts": [{"PartNumber": number, "ETag": small} for number in (2, 1)]}, "InvalidPartOrder"),
        ({"Parts": []}, "MalformedXML"),
    ):
        arguments = {**upload, "MultipartUpload": given}
        assert expected == code_of(lambda asked=arguments: s3.complete_multipart_upload(**asked))
    s3.complete_multipart_upload(**upload, MultipartUpload=parts(small))


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_a_part_has_a_number(s3: Any, upload: dict[str, str], number: int) -> None:
    """Parts are numbered from 1 to 10,000."""
    assert code_of(lambda: s3.upload_part(**upload, PartNumber=number, Body=b"")) == "InvalidArgument"


def begin(ask: Ask, **headers: str) -> dict[str, str]:
    """Begin an upload of one part `end`, by the service itself; the query of its further steps."""
    told = ask("POST", "/photos/a", {"uploads": ""}, {name.replace("_", "-"): value for name, value in headers.items()})
    query = {"uploadId": told.body.decode().partition("<UploadId>")[2].partition("<")[0]}
    assert ask("PUT", "/photos/a", {**query, "partNumber": "1"}, body=b"end").status == 200
    return query


DONE = (
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
    f"<ETag>{hashlib.md5(b'end').hexdigest()}</ETag></Part></CompleteMultipartUpload>"
).encode()


@pytest.mark.parametrize(("algorithm", "is_whole"), [("CRC64NVME", True), ("CRC32C", False), ("SHA256", False)])
def test_the_checksum_of_an_object_in_parts(ask: Ask, algorithm: str, is_whole: bool) -> None:
    """CRC-64 is of the whole object and others of the parts', and what the client states must be the same."""
    query = begin(ask, x_amz_checksum_algorithm=algorithm)
    part = checksums.of(b"end", algorithm.lower())
    expected = part if is_whole else checksums.composite([part], algorithm.lower())
    name = f"x-amz-checksum-{algorithm.lower()}"
    wrong = checksums.of(b"other", algorithm.lower())
    assert ask("POST", "/photos/a", query, {name: wrong}, DONE).code == "BadDigest"
    done = ask("POST", "/photos/a", query, {name: expected}, DONE)
    assert f"<Checksum{algorithm}>{expected}</Checksum{algorithm}>" in done.body.decode()
    told = ask("HEAD", "/photos/a", headers={"x-amz-checksum-mode": "ENABLED"}).headers
    assert (told[name], told["x-amz-checksum-type"]) == (expected, "FULL_OBJECT" if is_whole else "COMPOSITE")


def test_completing_under_a_condition(ask: Ask) -> None:
    """An object that came meanwhile is not replaced if the client says so."""
    query = begin(ask)
    ask("PUT", "/photos/a", body=b"came meanwhile")
    assert ask("POST", "/photos/a", query, {"if-none-match": "*"}, DONE).code == "PreconditionFailed"
    assert ask("GET", "/photos/a").body == b"came meanwhile"


def test_a_damaged_part(ask: Ask) -> None:
    """A part whose checksum is another's is not stored."""
    query = {**begin(ask), "partNumber": "2"}
    stated = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert ask("PUT", "/photos/a", query, {"content-md5": stated}, b"data").code == "BadDigest"
    assert b"<PartNumber>2<" not in ask("GET", "/photos/a", {"uploadId": query["uploadId"]}).body
