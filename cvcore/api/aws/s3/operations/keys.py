"""Lists of a bucket's objects, in their three forms."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from cvcore.api.aws.s3.operations.buckets import OWNER
from cvcore.api.aws.s3.protocol import headers, xml
from cvcore.api.aws.s3.protocol.answers import answer
from cvcore.api.aws.s3.protocol.call import VERSION, Call, number
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets import folders, listing, objects
from cvcore.buckets.listing import Keys, Page
from cvcore.buckets.records import Object
from cvcore.errors import BucketNotFound, ObjectNotFound

KEYS_MOST = 1000

Pairs = list[tuple[str, xml.Content]]


@dataclass(frozen=True)
class Wanted:
    """What a request asks for; keys are told in percent encoding if `is_encoded`."""

    prefix: str
    delimiter: str
    most: int
    is_encoded: bool

    def told(self, text: str) -> str:
        """A key, or a part of one, as the response has it."""
        return quote(text, safe="/-_.~") if self.is_encoded else text


def list_objects(call: Call) -> Response:
    """A page of keys, the older form, or the newer with `list-type=2`."""
    if call.parameter("list-type") == "2":
        return _list_objects_v2(call)
    wanted = _wanted(call)
    marker = call.parameter("marker")
    page = _page(call, wanted, listing.after(marker, wanted.prefix, wanted.delimiter))
    following: Pairs = [("NextMarker", wanted.told(page.last.removesuffix(listing.LAST)))] if page.last else []
    return answer(
        "ListBucketResult",
        [
            *_head(call, wanted),
            ("Marker", wanted.told(marker)),
            ("IsTruncated", _flag(page)),
            *following,
            *_contents(call, wanted, page, with_owner=True),
        ],
    )


def _list_objects_v2(call: Call) -> Response:
    wanted = _wanted(call)
    token, start = call.parameter("continuation-token"), call.parameter("start-after")
    after = _read(token) if token else listing.after(start, wanted.prefix, wanted.delimiter)
    page = _page(call, wanted, after)
    following: Pairs = [("NextContinuationToken", _token(page.last))] if page.last else []
    return answer(
        "ListBucketResult",
        [
            *_head(call, wanted),
            *([("ContinuationToken", token)] if token else []),
            *([("StartAfter", wanted.told(start))] if start else []),
            ("KeyCount", len(page.keys) + len(page.prefixes)),
            ("IsTruncated", _flag(page)),
            *following,
            *_contents(call, wanted, page, with_owner=call.parameter("fetch-owner").lower() == "true"),
        ],
    )


def list_object_versions(call: Call) -> Response:
    """A page of keys, each with the one version there is of it."""
    wanted = _wanted(call)
    marker = call.parameter("key-marker")
    page = _page(call, wanted, listing.after(marker, wanted.prefix, wanted.delimiter))
    last = wanted.told(page.last.removesuffix(listing.LAST))
    following: Pairs = [("NextKeyMarker", last), ("NextVersionIdMarker", VERSION)] if page.last else []
    versions: Pairs = [
        ("Version", [*_object(found, wanted, with_owner=True), ("VersionId", VERSION), ("IsLatest", "true")])
        for found in _objects(call, page)
    ]
    return answer(
        "ListVersionsResult",
        [
            *_head(call, wanted),
            ("KeyMarker", wanted.told(marker)),
            ("VersionIdMarker", call.parameter("version-id-marker")),
            ("IsTruncated", _flag(page)),
            *following,
            *versions,
            *_prefixes(wanted, page),
        ],
    )


def _wanted(call: Call) -> Wanted:
    if not folders.exists(call.home, call.bucket):
        raise BucketNotFound(f"there is no bucket {call.bucket[:80]!r}: create it first")
    encoding = call.parameter("encoding-type")
    if encoding not in ("", "url"):
        raise Refusal("InvalidArgument", f"encoding-type must be url, got {encoding[:80]!r}")
    most = min(number(call, "max-keys", KEYS_MOST), KEYS_MOST)
    return Wanted(call.parameter("prefix"), call.parameter("delimiter"), most, is_encoded=bool(encoding))


def _page(call: Call, wanted: Wanted, after: str) -> Page:
    keys = Keys(call.home, call.bucket, wanted.prefix, after)
    return listing.page(keys, prefix=wanted.prefix, delimiter=wanted.delimiter, most=wanted.most)


def _head(call: Call, wanted: Wanted) -> Pairs:
    return [
        ("Name", call.bucket),
        ("Prefix", wanted.told(wanted.prefix)),
        *([("Delimiter", wanted.told(wanted.delimiter))] if wanted.delimiter else []),
        ("MaxKeys", wanted.most),
        *([("EncodingType", "url")] if wanted.is_encoded else []),
    ]


def _contents(call: Call, wanted: Wanted, page: Page, *, with_owner: bool) -> Pairs:
    found: Pairs = [("Contents", _object(each, wanted, with_owner=with_owner)) for each in _objects(call, page)]
    return [*found, *_prefixes(wanted, page)]


def _prefixes(wanted: Wanted, page: Page) -> Pairs:
    return [("CommonPrefixes", [("Prefix", wanted.told(prefix))]) for prefix in page.prefixes]


def _objects(call: Call, page: Page) -> Iterator[Object]:
    """The objects of a page, but those that were deleted meanwhile."""
    for key in page.keys:
        try:
            yield objects.get(call.home, call.bucket, key)
        except ObjectNotFound:
            continue


def _object(found: Object, wanted: Wanted, *, with_owner: bool) -> Pairs:
    known = found.record.attributes.checksums
    kinds: Pairs = [("ChecksumAlgorithm", algorithm.upper()) for algorithm in known]
    return [
        ("Key", wanted.told(found.record.key)),
        ("LastModified", headers.iso(headers.modified_at(found))),
        ("ETag", headers.quoted(found.record.etag)),
        *kinds,
        *([("ChecksumType", headers.checksum_type(known))] if known else []),
        ("Size", found.record.size_bytes),
        ("StorageClass", "STANDARD"),
        *([("Owner", OWNER)] if with_owner else []),
    ]


def _flag(page: Page) -> str:
    return "true" if page.last else "false"


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _read(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refusal("InvalidArgument", "the continuation token must be one that this server gave") from None
