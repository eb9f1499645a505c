"""Amazon's Signature Version 2 for S3, which boto3 still uses for presigned addresses unless it is told otherwise.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from cvcore.api.aws.signed.head import Head
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.api.aws.signed.signatures import NOT_WELL_FORMED, SKEW
from cvcore.files import api_keys
from cvcore.files.api_keys import AwsKeys

# The parameters of the query that are signed.
_SIGNED_PARAMETERS = frozenset(
    {
        *("accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "encryption", "inventory"),
        *("lifecycle", "location", "logging", "metrics", "notification", "partNumber", "policy"),
        *("publicAccessBlock", "replication", "requestPayment", "response-cache-control"),
        *("response-content-disposition", "response-content-encoding", "response-content-language"),
        *("response-content-type", "response-expires", "restore", "select", "select-type", "tagging"),
        *("torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website"),
    }
)


@dataclass(frozen=True)
class ClaimV2:
    """What a request says of its signature; `expires` is a time in seconds since 1970, empty in a header."""

    access_key_id: str
    signature: str
    expires: str = ""


def claim(head: Head) -> ClaimV2 | None:
    """What a request says of a signature of version 2, in its header or query; None if it has none.

    Raises:
        SignatureRefused: it cannot be read.
    """
    authorization = head.header("authorization")
    if authorization.startswith("AWS "):
        access_key_id, _, signature = authorization.removeprefix("AWS ").rpartition(":")
        return ClaimV2(access_key_id, signature)
    fields = dict(head.parameters)
    if authorization or not {"AWSAccessKeyId", "Signature"} <= set(fields):
        return None
    expires = fields.get("Expires", "")
    if not re.fullmatch("[0-9]{1,12}", expires):
        raise SignatureRefused("malformed", NOT_WELL_FORMED.format("Expires must be a number of seconds"))
    return ClaimV2(fields["AWSAccessKeyId"], fields["Signature"], expires)


def verify(claim: ClaimV2, head: Head, keys: AwsKeys, *, now: datetime, base: str = "") -> None:
    """Check a claim: its key, its time and its signature; boto3 signs without the path that the app is below.

    Raises:
        SignatureRefused: one of them is not right.
    """
    if not api_keys.is_same(claim.access_key_id, keys.access_key_id):
        raise SignatureRefused("unknown", f"no key has the id {claim.access_key_id[:128]!r}: see the Publish page")
    if not any(_is_right(claim, head, path, keys) for path in (head.path, head.path.removeprefix(base))):
        raise SignatureRefused(
            "wrong", "the signature is wrong: check the secret access key, the Publish page shows it"
        )
    if not claim.expires:
        _check_date(head, now)
    elif now.timestamp() > int(claim.expires):
        raise SignatureRefused("expired", "the address is not valid any more: sign a new one")


def _is_right(claim: ClaimV2, head: Head, path: str, keys: AwsKeys) -> bool:
    text = string_to_sign(head, path, claim.expires).encode("latin-1", "replace")
    right = base64.b64encode(hmac.digest(keys.secret_access_key.encode(), text, "sha1"))
    return api_keys.is_same(claim.signature, right.decode())


def string_to_sign(head: Head, path: str, expires: str) -> str:
    """The text that the signature is made of."""
    date = expires or ("" if head.header("x-amz-date") else head.header("date"))
    names = sorted({name for name, _ in head.headers if name.startswith("x-amz-")})
    amz = [f"{name}:{head.header(name)}" for name in names]
    parts = [head.method, head.header("content-md5"), head.header("content-type"), date, *amz]
    return "\n".join([*parts, path + _subresources(head)])


def _subresources(head: Head) -> str:
    parts = [
        f"{name}={unquote(value, 'latin-1')}" if value else name
        for name, value in sorted(head.pairs)
        if name in _SIGNED_PARAMETERS
    ]
    return "?" + "&".join(parts) if parts else ""


def _check_date(head: Head, now: datetime) -> None:
    try:
        signed_at = parsedate_to_datetime(head.header("x-amz-date") or head.header("date")).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SignatureRefused("malformed", NOT_WELL_FORMED.format("the header Date must be a time")) from error
    if abs(now - signed_at) > SKEW:
        raise SignatureRefused("skewed", "a request must be signed at most 15 minutes ago: set the clock")
