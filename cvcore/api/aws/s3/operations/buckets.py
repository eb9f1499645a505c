"""Buckets themselves."""

from __future__ import annotations

from starlette.responses import Response

from cvcore.api.aws.s3.protocol import headers, xml
from cvcore.api.aws.s3.protocol.answers import answer, nothing
from cvcore.api.aws.s3.protocol.call import Call, check_writable, number
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets import folders
from cvcore.errors import BucketNotFound, InvalidInput

BUCKETS_MOST = 10_000
# Amazon's first region has no name where locations are told.
FIRST_REGION = "us-east-1"
OWNER: xml.Content = [("ID", "tagwise"), ("DisplayName", "tagwise")]


def list_buckets(call: Call) -> Response:
    """All buckets, or those that begin with a prefix, in pages if asked for."""
    most = number(call, "max-buckets", BUCKETS_MOST, least=1, most=BUCKETS_MOST)
    prefix, token = call.parameter("prefix"), call.parameter("continuation-token")
    found = [each for each in folders.all_of(call.home) if each.name.startswith(prefix) and each.name > token]
    listed: xml.Content = [
        ("Bucket", [("Name", each.name), ("CreationDate", headers.iso(each.created_at))]) for each in found[:most]
    ]
    more = [("ContinuationToken", found[most - 1].name)] if len(found) > most else []
    told = [("Prefix", prefix)] if prefix else []
    return answer("ListAllMyBucketsResult", [("Owner", OWNER), ("Buckets", listed), *more, *told])


def create_bucket(call: Call) -> Response:
    """Make a bucket, in whatever region."""
    headers.check_possible(call)
    if call.header("x-amz-bucket-object-lock-enabled").lower() == "true":
        raise Refusal("NotImplemented", "locks of objects are not served here: create the bucket without them")
    try:
        is_new = folders.create(call.home, call.bucket)
    except InvalidInput as error:
        raise Refusal("InvalidBucketName", str(error)) from error
    # As at Amazon, whose first region lets the owner create a bucket again.
    if not is_new and call.request.region != FIRST_REGION:
        raise Refusal("BucketAlreadyOwnedByYou", f"there is a bucket {call.bucket!r} already, and it is yours: use it")
    return nothing(200, {"Location": f"/{call.bucket}"})


def head_bucket(call: Call) -> Response:
    """Whether there is such a bucket."""
    if not folders.exists(call.home, call.bucket):
        raise BucketNotFound(f"there is no bucket {call.bucket[:80]!r}: create it first")
    return nothing(200, {"x-amz-bucket-region": call.request.region})


def delete_bucket(call: Call) -> Response:
    """Delete an empty bucket."""
    check_writable(call)
    if not folders.delete(call.home, call.bucket):
        raise Refusal(
            "BucketNotEmpty", f"a bucket must be empty to be deleted, {call.bucket!r} is not: delete its objects"
        )
    return nothing(204)


def get_bucket_location(call: Call) -> Response:
    """The region that the client takes the bucket to be in."""
    head_bucket(call)
    region = call.request.region
    return answer("LocationConstraint", "" if region == FIRST_REGION else region)
