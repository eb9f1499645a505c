"""Objects in an S3 service elsewhere, read and written with boto3, which finds its own credentials."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cvcore.errors import BucketNotFound, FetchFailed, InvalidInput, ObjectNotFound, TagwiseError

EXTRA = "boto3 is needed to read from TAGWISE_S3_ENDPOINT: install it with pip install 'tagwise[aws]'"


def read(endpoint: str, bucket: str, key: str, limit_bytes: int | None = None) -> bytes:
    """The bytes of an object; of a longer one only the first `limit_bytes` and one more.

    Raises:
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
        InvalidInput: boto3 is not installed.
        FetchFailed: the service cannot be reached, or refuses.
    """
    try:
        with client(endpoint).get_object(Bucket=bucket, Key=key)["Body"] as body:
            return bytes(body.read() if limit_bytes is None else body.read(limit_bytes + 1))
    except TagwiseError:
        raise
    except Exception as error:  # botocore and urllib3 raise many types for one that does not answer
        raise _translated(error, endpoint, bucket, key) from error


def write(endpoint: str, bucket: str, key: str, data: bytes, content_type: str) -> None:
    """Store an object.

    Raises:
        BucketNotFound: there is no such bucket.
        InvalidInput: boto3 is not installed.
        FetchFailed: the service cannot be reached, or refuses.
    """
    try:
        client(endpoint).put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)
    except TagwiseError:
        raise
    except Exception as error:
        raise _translated(error, endpoint, bucket, key) from error


@lru_cache(maxsize=4)
def client(endpoint: str) -> Any:
    """A client of a service; threads may share it, and making one takes longer than reading an image.

    Raises:
        InvalidInput: boto3 is not installed.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise InvalidInput(EXTRA) from None
    config = Config(s3={"addressing_style": "path"}, connect_timeout=10, retries={"total_max_attempts": 2})
    # A service of one's own has no regions, but a signature needs one.
    session = boto3.session.Session()
    return session.client("s3", endpoint_url=endpoint, region_name=session.region_name or "us-east-1", config=config)


def _translated(error: Exception, endpoint: str, bucket: str, key: str) -> TagwiseError:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if code == "NoSuchBucket":
        return BucketNotFound(f"there is no bucket {bucket[:80]!r} at {endpoint}")
    if code in ("NoSuchKey", "404"):
        return ObjectNotFound(f"the bucket {bucket!r} at {endpoint} has no object {key[:200]!r}")
    return FetchFailed(f"{endpoint} must serve s3://{bucket}/{key[:200]}, but: {str(error)[:300]}")
