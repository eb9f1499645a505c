"""Amazon's Signature Version 4, in a header or in the query of a presigned address.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import itertools
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote_to_bytes

from cvcore.api.aws.signed.head import Head
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.files import api_keys

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SKEW = timedelta(minutes=15)
EXPIRES_MOST_S = 7 * 24 * 3600
TIME = "%Y%m%dT%H%M%SZ"
NOT_WELL_FORMED = "the signature cannot be read: {}"

# These are part of what is signed without being among the signed headers, or change nothing.
_FREE = {"x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-user-agent"}


@dataclass(frozen=True)
class Claim:
    """What a request says of its signature.

    `payload` is the SHA-256 of its body in hexadecimal digits, UNSIGNED-PAYLOAD, STREAMING-… for a body in chunks, or
    empty if nothing is said; `expires_s` is None if the signature is in a header.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    signed_at: datetime
    payload: str
    expires_s: int | None = None

    @property
    def scope(self) -> str:
        """The credential scope, for which the signing key is made."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def claim(head: Head) -> Claim:
    """What a request says of its signature.

    Raises:
        SignatureRefused: there is none, or it cannot be read.
    """
    authorization = head.header("authorization")
    if authorization:
        return _in_header(head, authorization)
    if head.parameter("X-Amz-Algorithm"):
        return _in_query(head)
    raise SignatureRefused("missing", "a request must be signed with the key pair on the Publish page")


def check(claim: Claim, head: Head, access_key_id: str, now: datetime) -> None:
    """Check everything about a claim but the signature itself.

    Raises:
        SignatureRefused: the key is another, the time is too far off, or a header had to be signed.
    """
    if not api_keys.is_same(claim.access_key_id, access_key_id):
        raise SignatureRefused(
            "unknown", f"no key has the id {claim.access_key_id[:128]!r}: the Publish page shows the one to use"
        )
    if claim.signed_at.strftime("%Y%m%d") != claim.date:
        raise SignatureRefused("malformed", NOT_WELL_FORMED.format("its date is not the day of its time"))
    _check_time(claim.signed_at, claim.expires_s, now)
    signed = {*claim.signed_headers, *_FREE}
    for name in ["host", *(name for name, _ in head.headers if name.startswith("x-amz-"))]:
        if name not in signed:
            raise SignatureRefused("unsigned", f"the header {name[:100]} must be signed, it is not among SignedHeaders")


def _check_time(signed_at: datetime, expires_s: int | None, now: datetime) -> None:
    if expires_s is None:
        if abs(now - signed_at) > SKEW:
            raise SignatureRefused(
                "skewed",
                f"a request must be signed at most 15 minutes ago, this one was at {signed_at.strftime(TIME)} and it is"
                f" {now.strftime(TIME)} here: set the clock",
            )
        return
    if signed_at - now > SKEW:
        raise SignatureRefused("skewed", f"the address is signed for {signed_at.strftime(TIME)}: set the clock")
    if now > signed_at + timedelta(seconds=expires_s):
        raise SignatureRefused("expired", f"the address was valid for {expires_s} seconds: sign a new one")


def is_right(claim: Claim, head: Head, key: bytes, payload: str) -> bool:
    """Whether the signature is the one that the head and the payload's hash have by our key."""
    for request in canonical_requests(claim, head, payload):
        text = f"{ALGORITHM}\n{claim.signed_at.strftime(TIME)}\n{claim.scope}\n{sha256(request.encode('latin-1'))}"
        if api_keys.is_same(claim.signature, signed(key, text)):
            return True
    return False


def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """The key for one day, region and service."""
    start = f"AWS4{secret_access_key}".encode()
    return functools.reduce(_hmac, (date, region, service, "aws4_request"), start)


def signed(key: bytes, text: str) -> str:
    """A text's signature, in hexadecimal digits."""
    return _hmac(key, text).hex()


def sha256(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_requests(claim: Claim, head: Head, payload: str) -> Iterator[str]:
    """What may have been signed: clients differ in what they encode before they sign a path and a query."""
    headers = "".join(f"{name}:{head.header(name)}\n" for name in claim.signed_headers)
    end = f"{headers}\n{';'.join(claim.signed_headers)}\n{payload}"
    pairs = [pair for pair in head.pairs if pair[0] != "X-Amz-Signature"]
    encoded = [(_encoded(name), _encoded(value)) for name, value in pairs]
    queries = {"&".join(f"{name}={value}" for name, value in sorted(each)) for each in (pairs, encoded)}
    for path, query in itertools.product(_paths(head.path, claim.service), queries):
        yield f"{head.method}\n{path}\n{query}\n{end}"


def _paths(path: str, service: str) -> set[str]:
    if service == "s3":
        return {path, quote(unquote_to_bytes(path), safe="/-_.~")}
    # Every service but S3 removes dots and double slashes, and encodes the encoded path once more.
    # normpath keeps two slashes at the beginning.
    plain = re.sub("^//", "/", posixpath.normpath(path)) + ("/" if path.endswith("/") and path != "/" else "")
    return {quote(each, safe="/-_.~") for each in (path, re.sub("/+$", "/", plain))}


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("latin-1", "replace"), "sha256")


def _in_header(head: Head, authorization: str) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise SignatureRefused("algorithm", f"a signature must be of {ALGORITHM}, got {algorithm[:40]!r}")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        raise SignatureRefused("malformed", NOT_WELL_FORMED.format("Credential, SignedHeaders or Signature is missing"))
    return Claim(
        *_credential(fields["Credential"]),
        signed_headers=_names(fields["SignedHeaders"]),
        signature=_text(fields["Signature"]),
        signed_at=_time(head.header("x-amz-date"), head.header("date")),
        payload=head.header("x-amz-content-sha256"),
    )


def _in_query(head: Head) -> Claim:
    fields = dict(head.parameters)
    if fields["X-Amz-Algorithm"] != ALGORITHM:
        algorithm = fields["X-Amz-Algorithm"][:40]
        raise SignatureRefused("algorithm", f"X-Amz-Algorithm must be {ALGORITHM}, got {algorithm!r}")
    expires = fields.get("X-Amz-Expires", "")
    if not re.fullmatch("[0-9]{1,6}", expires) or not 1 <= int(expires) <= EXPIRES_MOST_S:
        raise SignatureRefused(
            "malformed", f"X-Amz-Expires must be a number of seconds from 1 to {EXPIRES_MOST_S}, got {expires[:40]!r}"
        )
    return Claim(
        *_credential(fields.get("X-Amz-Credential", "")),
        signed_headers=_names(fields.get("X-Amz-SignedHeaders", "")),
        signature=_text(fields.get("X-Amz-Signature", "")),
        signed_at=_time(fields.get("X-Amz-Date", ""), ""),
        payload=fields.get("X-Amz-Content-Sha256") or head.header("x-amz-content-sha256"),
        expires_s=int(expires),
    )


def _credential(text: str) -> tuple[str, str, str, str]:
    """Id, date, region and service of `ID/DATE/REGION/SERVICE/aws4_request`."""
    match = re.fullmatch(r"(.+)/([0-9]{8})/([A-Za-z0-9-]{1,32})/([a-z0-9-]{1,32})/aws4_request", text)
    if not match:
        raise SignatureRefused(
            "malformed", f"a credential must be ID/DATE/REGION/SERVICE/aws4_request, got {text[:200]!r}"
        )
    access_key_id, date, region, service = match.groups()
    return access_key_id, date, region, service


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.lower() for name in text.split(";"))
    if list(names) != sorted(set(names)):
        raise SignatureRefused("malformed", NOT_WELL_FORMED.format("SignedHeaders must be in order, each name once"))
    return names


def _text(signature: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", signature):
        raise SignatureRefused("malformed", NOT_WELL_FORMED.format("it must be 64 hexadecimal digits"))
    return signature


def _time(amz_date: str, date: str) -> datetime:
    try:
        if amz_date:
            return datetime.strptime(amz_date, TIME).replace(tzinfo=UTC)
        return parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SignatureRefused(
            "malformed", f"X-Amz-Date must be a time like 20260131T235959Z, got {(amz_date or date)[:40]!r}"
        ) from error
