"""Objects: stored, read, copied and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import BinaryIO
from urllib.parse import unquote

from starlette.responses import Response

from cvcore.api.aws.s3.protocol import conditions, headers, ranges, xml
from cvcore.api.aws.s3.protocol.answers import FileAnswer, answer, nothing
from cvcore.api.aws.s3.protocol.call import Call, check_version, check_writable, document, number
from cvcore.api.aws.s3.protocol.errors import Refusal, code_of
from cvcore.api.aws.s3.protocol.ranges import Range
from cvcore.buckets import addresses, local, objects
from cvcore.buckets import checksums as digests
from cvcore.buckets.incoming import Incoming
from cvcore.buckets.records import BLOCK_BYTES, Object
from cvcore.errors import TagwiseError

# S3's limits: of one request, of a request to delete, and of parts.
PUT_BYTES = 5 * 2**30
DELETED_MOST = 1000
PARTS_MOST = 10_000

# A client may have these headers of the response changed.
_CHANGED = {f"response-{name}": name for name in (*headers.KEPT, "content-type")}


def new_file(call: Call) -> Incoming:
    """The file for the body of `put_object`."""
    check_writable(call)
    check_size(call)
    return local.new(call.home, call.bucket, headers.algorithms(call.request))


def check_size(call: Call) -> None:
    """Check the size that the client states for its body.

    Raises:
        Refusal: it is too large for one request.
    """
    if (call.request.size_bytes or 0) > PUT_BYTES:
        raise Refusal("EntityTooLarge", f"one request must have at most {PUT_BYTES} bytes: upload it in parts")


def put_object(call: Call) -> Response:
    """Store the body as an object."""
    known = {algorithm: call.file.checksum(algorithm) for algorithm in headers.algorithms(call.request)}
    attributes = replace(headers.attributes(call), checksums=known)
    check = conditions.check_write(call)
    found = local.store(call.home, call.bucket, call.key, call.file, attributes, check=check)
    return nothing(200, {"ETag": headers.quoted(found.record.etag), **headers.of_checksums(known)})


def get_object(call: Call) -> Response:
    """The bytes of an object, or a range or part of them."""
    check_version(call.parameter("versionId"))
    found, file = objects.opened(call.home, call.bucket, call.key)
    try:
        status, told, part = _told(call, found)
        file.seek(part.start)
    except BaseException:
        file.close()
        raise
    return FileAnswer(file, part.size_bytes, status, told)


def head_object(call: Call) -> Response:
    """The headers that `get_object` would have."""
    check_version(call.parameter("versionId"))
    status, told, part = _told(call, objects.get(call.home, call.bucket, call.key))
    return nothing(status, {**told, "Content-Length": str(part.size_bytes)})


def get_object_attributes(call: Call) -> Response:
    """What the client asks for of an object's ETag, checksums, size and parts."""
    check_version(call.parameter("versionId"))
    found = objects.get(call.home, call.bucket, call.key)
    kept = found.record.attributes
    sizes = list(enumerate(kept.part_bytes, 1))[:PARTS_MOST]
    parts: xml.Content = [
        ("PartsCount", len(sizes)),
        *((("Part"), [("PartNumber", place), ("Size", size)]) for place, size in sizes),
    ]
    all_of: dict[str, xml.Content] = {
        "ETag": found.record.etag,
        "Checksum": checksums(kept.checksums),
        "ObjectParts": parts if sizes else [],
        "StorageClass": "STANDARD",
        "ObjectSize": found.record.size_bytes,
    }
    wanted = {name.strip() for name in call.header("x-amz-object-attributes").split(",")}
    if not wanted or not wanted <= set(all_of):
        raise Refusal("InvalidArgument", f"x-amz-object-attributes must name some of {', '.join(all_of)}")
    told = [(name, content) for name, content in all_of.items() if name in wanted and content != []]
    return answer("GetObjectAttributesResponse", told, {"Last-Modified": headers.of_object(found)["Last-Modified"]})


def checksums(known: dict[str, str]) -> list[tuple[str, xml.Content]]:
    """The elements of checksums, and of their kind."""
    told: list[tuple[str, xml.Content]] = [(f"Checksum{name.upper()}", value) for name, value in known.items()]
    return [*told, ("ChecksumType", headers.checksum_type(known))] if told else []


def copy_object(call: Call) -> Response:
    """Store a copy of another object, with its type and metadata or with new ones."""
    check_writable(call)
    headers.check_possible(call)
    found, file = opened_source(call)
    with file:
        attributes = found.record.attributes
        is_new = call.header("x-amz-metadata-directive").upper() == "REPLACE"
        if is_new:
            attributes = headers.attributes(call)
        elif (found.bucket, found.record.key) == (call.bucket, call.key):
            raise Refusal("InvalidRequest", "an object can be copied to itself only with new metadata: REPLACE it")
        asked = call.header("x-amz-checksum-algorithm")
        algorithms = (headers.known_algorithm(asked),) if asked else tuple(found.record.attributes.checksums)
        with local.new(call.home, call.bucket, algorithms) as incoming:
            fill(incoming, file, found.record.size_bytes)
            known = {algorithm: incoming.checksum(algorithm) for algorithm in algorithms}
            attributes = replace(attributes, checksums=known, part_bytes=())
            check = conditions.check_write(call)
            stored = local.store(call.home, call.bucket, call.key, incoming, attributes, check=check)
    return answer("CopyObjectResult", copied(stored.record.etag, headers.iso(headers.modified_at(stored)), known))


def copied(etag: str, modified_at: str, known: dict[str, str]) -> list[tuple[str, xml.Content]]:
    """The elements of the response to a copy."""
    return [("LastModified", modified_at), ("ETag", headers.quoted(etag)), *checksums(known)]


def opened_source(call: Call) -> tuple[Object, BinaryIO]:
    """The object that the request copies from, and its file.

    Raises:
        Refusal: the header is no BUCKET/KEY, or a condition on the source does not hold.
        BucketNotFound, ObjectNotFound: there is no such bucket or object.
    """
    text, _, version = call.header("x-amz-copy-source").partition("?versionId=")
    bucket, slash, key = unquote(text).removeprefix("/").partition("/")
    if not slash or not key:
        raise Refusal("InvalidArgument", f"x-amz-copy-source must be BUCKET/KEY, got {text[:200]!r}")
    check_version(version)
    found, file = objects.opened(call.home, bucket, key)
    try:
        conditions.check_read(call, found, conditions.COPY)
    except BaseException:
        file.close()
        raise
    return found, file


def fill(incoming: Incoming, file: BinaryIO, size_bytes: int) -> None:
    """Copy so many bytes from where the file stands, and finish."""
    while size_bytes and (block := file.read(min(BLOCK_BYTES, size_bytes))):
        incoming.write(block)
        size_bytes -= len(block)
    incoming.finish()


def delete_object(call: Call) -> Response:
    """Delete an object; it is no error if there is none."""
    check_writable(call)
    check_version(call.parameter("versionId"))
    local.delete(call.home, call.bucket, call.key, check=conditions.check_write(call))
    return nothing(204)


def delete_objects(call: Call) -> Response:
    """Delete up to 1,000 objects, and tell of each whether it could be."""
    check_writable(call)
    headers.check_digests(call.request, partial(digests.of, call.body))
    request = document(call, "Delete")
    wanted = [(each.findtext("Key") or "", each.findtext("VersionId") or "") for each in request.findall("Object")]
    if not 1 <= len(wanted) <= DELETED_MOST:
        raise Refusal("MalformedXML", f"a request must name 1 to {DELETED_MOST} objects, got {len(wanted)}")
    is_quiet = (request.findtext("Quiet") or "").strip().lower() == "true"
    return answer("DeleteResult", [each for each in _deleted(call, wanted) if each[0] == "Error" or not is_quiet])


def _deleted(call: Call, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, xml.Content]]:
    told: list[tuple[str, xml.Content]] = []
    for key, version in wanted:
        named = [("Key", key), *([("VersionId", version)] if version else [])]
        try:
            check_version(version)
            addresses.check_key(key)
            local.delete(call.home, call.bucket, key)
            told.append(("Deleted", named))
        except TagwiseError as error:
            if code_of(error) == "NoSuchBucket":
                raise
            told.append(("Error", [*named, ("Code", code_of(error)), ("Message", str(error))]))
    return told


def _told(call: Call, found: Object) -> tuple[int, dict[str, str], Range]:
    """The status and headers of a response with an object's bytes, and which of them it has.

    Raises:
        Refusal: a condition does not hold, or the range is none.
    """
    conditions.check_read(call, found)
    size_bytes, kept = found.record.size_bytes, found.record.attributes
    told = {**headers.of_object(found), **_changed(call)}
    if call.parameter("partNumber"):
        place = number(call, "partNumber", 1, least=1, most=PARTS_MOST)
        part: Range | None = ranges.of_part(place, kept.part_bytes, size_bytes)
        if kept.part_bytes:
            told["x-amz-mp-parts-count"] = str(len(kept.part_bytes))
    else:
        part = ranges.of_header(call.header("range"), size_bytes)
    if part and part.size_bytes:
        return 206, {**told, "Content-Range": part.header}, part
    if call.header("x-amz-checksum-mode").upper() == "ENABLED":
        told |= headers.of_checksums(kept.checksums)
    return 200, told, Range(0, size_bytes, size_bytes)


def _changed(call: Call) -> dict[str, str]:
    """The headers of the response that the request states.

    Raises:
        Refusal: one of them cannot be a header.
    """
    found = {name: call.parameter(parameter) for parameter, name in _CHANGED.items() if call.parameter(parameter)}
    for name, value in found.items():
        if not re.fullmatch("[\x20-\x7e\xa0-\xff]*", value):
            raise Refusal("InvalidArgument", f"response-{name} must be a header's value, got {value[:80]!r}")
    return {name.title(): value for name, value in found.items()}
