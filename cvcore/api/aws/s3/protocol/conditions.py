"""Conditions of requests: whether an object is as the client knows it.

Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cvcore.api.aws.s3.protocol import headers
from cvcore.api.aws.s3.protocol.call import Call
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets.local import Check
from cvcore.buckets.records import Object
from cvcore.errors import ObjectNotFound

COPY = "x-amz-copy-source-"


def check_read(call: Call, found: Object, beginning: str = "") -> None:
    """Check the conditions under which an object is read, in headers whose names have that beginning.

    Raises:
        Refusal: NotModified if the client has it already, PreconditionFailed if it is another than expected.
    """
    match, none_match = call.header(f"{beginning}if-match"), call.header(f"{beginning}if-none-match")
    modified_at = headers.modified_at(found).replace(microsecond=0)
    unmodified = _date(call.header(f"{beginning}if-unmodified-since"))
    if match and not _is_one(found.record.etag, match):
        raise _failed("if-match")
    if not match and unmodified and modified_at > unmodified:
        raise _failed("if-unmodified-since")
    modified = _date(call.header(f"{beginning}if-modified-since"))
    is_known = _is_one(found.record.etag, none_match) if none_match else modified and modified_at <= modified
    if is_known and beginning:
        raise _failed("if-none-match" if none_match else "if-modified-since")
    if is_known:
        told = headers.of_object(found)
        raise Refusal("NotModified", "", {name: told[name] for name in ("ETag", "Last-Modified")})


def check_write(call: Call) -> Check:
    """A check of the object that is replaced or deleted, under the conditions of the request.

    Raises:
        Refusal: the condition is not served.
    """
    match, none_match = call.header("if-match"), call.header("if-none-match")
    if none_match not in ("", "*"):
        raise Refusal("NotImplemented", f"If-None-Match must be *, got {none_match[:80]!r}")

    def check(found: Object | None) -> None:
        if none_match and found:
            raise _failed("if-none-match")
        if match and not found:
            raise ObjectNotFound(
                f"the bucket {call.bucket!r} has no object {call.key[:200]!r} that If-Match could hold for"
            )
        if match and found and not _is_one(found.record.etag, match):
            raise _failed("if-match")

    return check


def _is_one(etag: str, listed: str) -> bool:
    known = [each.strip().removeprefix("W/").strip('"') for each in listed.split(",")]
    return "*" in known or etag in known


def _failed(name: str) -> Refusal:
    return Refusal("PreconditionFailed", f"the condition {name} does not hold: the object is another than expected")


def _date(text: str) -> datetime | None:
    """A time in a header; None if it is none, which means that there is no condition."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
