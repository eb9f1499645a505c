"""Headers that are kept with an object, and the checksums that headers state."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from cvcore.api.aws.s3.protocol.call import Call
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.api.aws.signed.request import SignedRequest
from cvcore.buckets import checksums
from cvcore.buckets.records import ANY_TYPE, Attributes, Object

KEPT = ("cache-control", "content-disposition", "content-encoding", "content-language", "expires")
METADATA = "x-amz-meta-"
METADATA_BYTES = 2048
CHECKSUM = "x-amz-checksum-"
# Headers that begin like a checksum's and are none.
_NO_CHECKSUM = {"algorithm", "mode", "type"}

# What a client asks for and this server cannot do, where doing something else would be wrong.
_REFUSED = {
    "x-amz-server-side-encryption-customer-algorithm": "encryption with a customer's key",
    "x-amz-tagging": "tags of objects",
    "x-amz-object-lock-mode": "locks of objects",
    "x-amz-object-lock-legal-hold": "locks of objects",
    "x-amz-write-offset-bytes": "writing at an offset",
}
_GRANT = re.compile("x-amz-grant-.*")
_PRIVATE = ("", "private", "bucket-owner-full-control", "bucket-owner-read")


def attributes(call: Call) -> Attributes:
    """What the request's headers say of the object that it stores; checksums are left out.

    Raises:
        Refusal: they ask for what is not possible here.
    """
    check_possible(call)
    known = call.request.headers
    metadata = {name.removeprefix(METADATA): value for name, value in known.items() if name.startswith(METADATA)}
    if sum(len(name) + len(value) for name, value in metadata.items()) > METADATA_BYTES:
        raise Refusal("MetadataTooLarge", f"metadata must have at most {METADATA_BYTES} bytes: store less")
    kept = {name: known[name] for name in KEPT if known.get(name)}
    # The body of the request was encoded so, not the object.
    encodings = [each.strip() for each in kept.pop("content-encoding", "").split(",")]
    if encoding := ", ".join(each for each in encodings if each not in ("", "aws-chunked")):
        kept["content-encoding"] = encoding
    return Attributes(known.get("content-type") or ANY_TYPE, kept, metadata)


def check_possible(call: Call) -> None:
    """Check that the headers ask for nothing that is not possible here.

    Raises:
        Refusal: they do.
    """
    for name, what in _REFUSED.items():
        if call.header(name):
            raise Refusal("NotImplemented", f"{what} is not served here: leave the header {name} out")
    if call.header("x-amz-acl") not in _PRIVATE or any(map(_GRANT.fullmatch, call.request.headers)):
        raise Refusal(
            "AccessControlListNotSupported", "every bucket is private here: leave the access control list out"
        )


def of_object(found: Object) -> dict[str, str]:
    """The headers of a response with an object, or about one; without its size and checksums."""
    kept = found.record.attributes
    return {
        "ETag": quoted(found.record.etag),
        "Last-Modified": format_datetime(modified_at(found).replace(microsecond=0), usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Type": found.content_type,
        **kept.headers,
        **{f"{METADATA}{name}": value for name, value in kept.metadata.items()},
        # Objects are at the address of the pages: a document among them must not act as one of them.
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def of_checksums(known: dict[str, str]) -> dict[str, str]:
    """The headers of checksums, and of their kind."""
    told = {f"{CHECKSUM}{algorithm}": value for algorithm, value in known.items()}
    return {**told, f"{CHECKSUM}type": checksum_type(known)} if told else {}


def checksum_type(known: dict[str, str]) -> str:
    """Whether checksums are of the object's bytes, or of its parts' checksums."""
    return "COMPOSITE" if any("-" in value for value in known.values()) else "FULL_OBJECT"


def modified_at(found: Object) -> datetime:
    """When an object was stored."""
    return datetime.fromtimestamp(found.record.modified_ns / 1e9, UTC)


def iso(at: datetime) -> str:
    """A time as S3's XML has it.

    >>> iso(datetime(2026, 1, 31, 12, tzinfo=UTC))
    '2026-01-31T12:00:00.000Z'
    """
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def quoted(etag: str) -> str:
    """An ETag as headers have it."""
    return f'"{etag}"'


def algorithms(request: SignedRequest) -> tuple[str, ...]:
    """The checksums that the request states, in its headers or after its body, or asks for.

    Raises:
        Refusal: it is none that is known here.
    """
    trailing = [name.strip().lower() for name in request.headers.get("x-amz-trailer", "").split(",")]
    names = [name for name in [*request.headers, *trailing] if name.startswith(CHECKSUM)]
    found = {name.removeprefix(CHECKSUM) for name in names} - _NO_CHECKSUM
    asked = request.headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    return tuple(sorted(known_algorithm(each) for each in (found or {asked}) - {""}))


def known_algorithm(name: str) -> str:
    """The checksum of a name.

    Raises:
        Refusal: it is none that is known here.

    >>> known_algorithm("CRC32C")
    'crc32c'
    """
    if name.lower() not in checksums.ALGORITHMS:
        known = ", ".join(checksums.ALGORITHMS)
        raise Refusal("InvalidRequest", f"a checksum must be one of {known}, got {name[:40]!r}")
    return name.lower()


def check_digests(request: SignedRequest, computed: Callable[[str], str]) -> None:
    """Compare what the request states of its body with the checksums that `computed` gives by their names.

    Raises:
        Refusal: they differ, or a stated one is none.
    """
    stated = {"md5": request.headers.get("content-md5", "")}
    for algorithm in algorithms(request):
        name = f"{CHECKSUM}{algorithm}"
        stated[algorithm] = request.headers.get(name) or request.trailers.get(name, "") or stated.get(algorithm, "")
    for algorithm, value in stated.items():
        if value and value != computed(algorithm):
            code = "BadDigest" if _is_base64(value) else "InvalidDigest"
            raise Refusal(code, f"the {algorithm} of the body is not {value[:100]!r}, which was stated: send it again")


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
