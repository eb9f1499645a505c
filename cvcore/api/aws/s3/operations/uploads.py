"""Uploads in parts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.responses import Response

from cvcore.api.aws.s3.operations.buckets import OWNER
from cvcore.api.aws.s3.operations.keys import KEYS_MOST, Pairs
from cvcore.api.aws.s3.operations.objects import check_size, checksums, copied, fill, opened_source
from cvcore.api.aws.s3.protocol import conditions, headers, ranges
from cvcore.api.aws.s3.protocol.answers import answer, nothing
from cvcore.api.aws.s3.protocol.call import Call, check_writable, document, number
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets import multipart
from cvcore.buckets.incoming import Incoming
from cvcore.buckets.multipart import NUMBER_MOST, Part, Upload

PART_BYTES = 5 * 2**20


def create_multipart_upload(call: Call) -> Response:
    """Begin an upload in parts."""
    check_writable(call)
    asked = call.header("x-amz-checksum-algorithm")
    algorithm = headers.known_algorithm(asked) if asked else ""
    kind = call.header("x-amz-checksum-type").upper() or ("FULL_OBJECT" if algorithm == "crc64nvme" else "COMPOSITE")
    if kind not in ("FULL_OBJECT", "COMPOSITE"):
        raise Refusal("InvalidArgument", f"x-amz-checksum-type must be FULL_OBJECT or COMPOSITE, got {kind[:40]!r}")
    upload = multipart.create(
        call.home,
        Upload("", call.bucket, call.key, 0, headers.attributes(call), algorithm, is_composite=kind == "COMPOSITE"),
    )
    told = {"x-amz-checksum-algorithm": algorithm.upper(), "x-amz-checksum-type": kind} if algorithm else {}
    named: Pairs = [("Bucket", call.bucket), ("Key", call.key), ("UploadId", upload.id)]
    return answer("InitiateMultipartUploadResult", named, told)


def new_part(call: Call) -> Incoming:
    """The file for the body of `upload_part`."""
    upload = _upload(call)
    _number(call)
    check_size(call)
    return multipart.new_part(call.home, upload, _algorithms(call, upload))


def upload_part(call: Call) -> Response:
    """Store the body as a part."""
    upload = _upload(call)
    part = multipart.store_part(call.home, upload, _number(call), call.file, _algorithms(call, upload))
    return nothing(200, {"ETag": headers.quoted(part.etag), **_without_type(headers.of_checksums(part.checksums))})


def upload_part_copy(call: Call) -> Response:
    """Store bytes of an object as a part."""
    upload, place = _upload(call), _number(call)
    algorithms = (upload.algorithm,) if upload.algorithm else ()
    found, file = opened_source(call)
    with file:
        start, size_bytes = _copied_range(call, found.record.size_bytes)
        file.seek(start)
        with multipart.new_part(call.home, upload, algorithms) as incoming:
            fill(incoming, file, size_bytes)
            part = multipart.store_part(call.home, upload, place, incoming, algorithms)
    return answer("CopyPartResult", copied(part.etag, _iso(part.modified_at), part.checksums))


def complete_multipart_upload(call: Call) -> Response:
    """Make an object of the parts that the request names."""
    upload = _upload(call)
    chosen = _chosen(call, upload)

    def verify(known: dict[str, str]) -> None:
        for algorithm, value in known.items():
            if call.header(f"{headers.CHECKSUM}{algorithm}") not in ("", value, value.partition("-")[0]):
                raise Refusal(
                    "BadDigest", f"the {algorithm} of the object is {value}, another was stated: upload it again"
                )

    check = conditions.check_write(call)
    found = multipart.complete(call.home, upload, chosen, check=check, verify=verify)
    known = found.record.attributes.checksums
    address = f"{call.request.server}/{call.bucket}/{call.key}"
    named: Pairs = [("Location", address), ("Bucket", call.bucket), ("Key", call.key)]
    told: Pairs = [*named, ("ETag", headers.quoted(found.record.etag)), *checksums(known)]
    return answer("CompleteMultipartUploadResult", told)


def abort_multipart_upload(call: Call) -> Response:
    """Give an upload up, with its parts."""
    multipart.delete(call.home, _upload(call))
    return nothing(204)


def list_parts(call: Call) -> Response:
    """A page of the parts of an upload."""
    upload = _upload(call)
    most = min(number(call, "max-parts", KEYS_MOST), KEYS_MOST)
    marker = number(call, "part-number-marker", 0)
    found = [part for part in multipart.parts(call.home, upload) if part.number > marker]
    is_more = len(found) > most > 0
    following: Pairs = [("NextPartNumberMarker", found[most - 1].number)] if is_more else []
    algorithm: Pairs = [("ChecksumAlgorithm", upload.algorithm.upper())] if upload.algorithm else []
    parts: Pairs = [("Part", _part(part)) for part in found[:most]]
    return answer(
        "ListPartsResult",
        [
            ("Bucket", call.bucket),
            ("Key", call.key),
            ("UploadId", upload.id),
            ("Initiator", OWNER),
            ("Owner", OWNER),
            ("StorageClass", "STANDARD"),
            ("PartNumberMarker", marker),
            *following,
            ("MaxParts", most),
            ("IsTruncated", "true" if is_more else "false"),
            *algorithm,
            *parts,
        ],
    )


def list_multipart_uploads(call: Call) -> Response:
    """A page of the uploads to a bucket that are not complete."""
    most = min(number(call, "max-uploads", KEYS_MOST), KEYS_MOST)
    prefix, key, upload_id = (call.parameter(name) for name in ("prefix", "key-marker", "upload-id-marker"))
    known = sorted(multipart.all_of(call.home, call.bucket), key=lambda upload: (upload.key, upload.id))
    # Without an upload's id, all uploads to the marker's key are over.
    begin = (key, upload_id or "~")
    found = [each for each in known if each.key.startswith(prefix) and (not key or (each.key, each.id) > begin)]
    is_more = len(found) > most > 0
    last = found[most - 1] if is_more else None
    following: Pairs = [("NextKeyMarker", last.key), ("NextUploadIdMarker", last.id)] if last else []
    return answer(
        "ListMultipartUploadsResult",
        [
            ("Bucket", call.bucket),
            ("KeyMarker", key),
            ("UploadIdMarker", upload_id),
            *following,
            ("Prefix", prefix),
            ("MaxUploads", most),
            ("IsTruncated", "true" if is_more else "false"),
            *((("Upload"), _listed(each)) for each in found[:most]),
        ],
    )


def _upload(call: Call) -> Upload:
    check_writable(call)
    return multipart.get(call.home, call.bucket, call.key, call.parameter("uploadId"))


def _number(call: Call) -> int:
    return number(call, "partNumber", 0, least=1, most=NUMBER_MOST)


def _algorithms(call: Call, upload: Upload) -> Sequence[str]:
    """The checksums of a part: what the request states, and the upload's."""
    return sorted({*headers.algorithms(call.request), upload.algorithm} - {""})


def _without_type(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if name != f"{headers.CHECKSUM}type"}


def _copied_range(call: Call, of_bytes: int) -> tuple[int, int]:
    """Where the copied bytes begin, and how many they are.

    Raises:
        Refusal: the header is no range of the source.
    """
    text = call.header("x-amz-copy-source-range")
    if not text:
        return 0, of_bytes
    part = ranges.of_header(text, of_bytes) if re.fullmatch(r"bytes=\d+-\d+", text, re.ASCII) else None
    if not part or part.start + part.size_bytes != int(text.rpartition("-")[2]) + 1:
        raise Refusal("InvalidArgument", f"x-amz-copy-source-range must be bytes=FIRST-LAST of {of_bytes} bytes")
    return part.start, part.size_bytes


def _chosen(call: Call, upload: Upload) -> list[Part]:
    """The parts that the request names.

    Raises:
        Refusal: one is not there or has another ETag, they are not in order, or one but the last is too small.
    """
    named = [
        (each.findtext("PartNumber") or "", (each.findtext("ETag") or "").strip().strip('"'))
        for each in document(call, "CompleteMultipartUpload").findall("Part")
    ]
    if not 1 <= len(named) <= NUMBER_MOST:
        raise Refusal("MalformedXML", f"a request must name 1 to {NUMBER_MOST} parts, got {len(named)}")
    known = {str(part.number): part for part in multipart.parts(call.home, upload)}
    missing = [digits for digits, etag in named if digits.strip() not in known or known[digits.strip()].etag != etag]
    if missing:
        raise Refusal("InvalidPart", f"every part must be there with its ETag, part {missing[0][:20]!r} is not")
    chosen = [known[digits.strip()] for digits, _ in named]
    if any(part.number >= following.number for part, following in itertools.pairwise(chosen)):
        raise Refusal("InvalidPartOrder", "parts must be in the order of their numbers, each once")
    if any(part.size_bytes < PART_BYTES for part in chosen[:-1]):
        raise Refusal("EntityTooSmall", f"every part but the last must have at least {PART_BYTES} bytes")
    return chosen


def _part(part: Part) -> Pairs:
    told: Pairs = [(f"Checksum{name.upper()}", value) for name, value in part.checksums.items()]
    modified_at = _iso(part.modified_at)
    return [
        ("PartNumber", part.number),
        ("LastModified", modified_at),
        ("ETag", headers.quoted(part.etag)),
        ("Size", part.size_bytes),
        *told,
    ]


def _listed(upload: Upload) -> Pairs:
    algorithm: Pairs = [("ChecksumAlgorithm", upload.algorithm.upper())] if upload.algorithm else []
    return [
        ("Key", upload.key),
        ("UploadId", upload.id),
        ("Initiator", OWNER),
        ("Owner", OWNER),
        ("StorageClass", "STANDARD"),
        ("Initiated", _iso(upload.created_at)),
        *algorithm,
    ]


def _iso(at: float) -> str:
    return headers.iso(datetime.fromtimestamp(at, UTC))
