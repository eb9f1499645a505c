"""What clients ask in passing: of what buckets and objects do not have here, the answer of one that never got it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.responses import Response

from cvcore.api.aws.s3.operations.buckets import OWNER
from cvcore.api.aws.s3.protocol import xml
from cvcore.api.aws.s3.protocol.answers import answer
from cvcore.api.aws.s3.protocol.call import Call, check_version
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets import folders, objects
from cvcore.errors import BucketNotFound

_OWNED = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"'
_GRANT: xml.Content = [
    (f"Grantee {_OWNED}", [("ID", "tagwise"), ("DisplayName", "tagwise")]),
    ("Permission", "FULL_CONTROL"),
]
_ACL: xml.Content = [("Owner", OWNER), ("AccessControlList", [("Grant", _GRANT)])]

# The root of a response and what is in it, or the error that says there is none.
EMPTY: dict[str, tuple[str, xml.Content]] = {
    "accelerate": ("AccelerateConfiguration", []),
    "acl": ("AccessControlPolicy", _ACL),
    "logging": ("BucketLoggingStatus", []),
    "notification": ("NotificationConfiguration", []),
    "ownershipControls": ("OwnershipControls", [("Rule", [("ObjectOwnership", "BucketOwnerEnforced")])]),
    "requestPayment": ("RequestPaymentConfiguration", [("Payer", "BucketOwner")]),
    "versioning": ("VersioningConfiguration", []),
}
MISSING = {
    "lifecycle": "NoSuchLifecycleConfiguration",
    "object-lock": "ObjectLockConfigurationNotFoundError",
    "replication": "ReplicationConfigurationNotFoundError",
    "website": "NoSuchWebsiteConfiguration",
}


def of_bucket(name: str) -> Callable[[Call], Response]:
    """The handler of a request for what a bucket has of that name."""
    return partial(_of_bucket, name)


def _of_bucket(name: str, call: Call) -> Response:
    if not folders.exists(call.home, call.bucket):
        raise BucketNotFound(f"there is no bucket {call.bucket[:80]!r}: create it first")
    if name in MISSING:
        raise Refusal(MISSING[name], f"the bucket {call.bucket!r} has none: buckets have no {name} here")
    return answer(*EMPTY[name])


def get_object_acl(call: Call) -> Response:
    """Who may read an object: its owner."""
    check_version(call.parameter("versionId"))
    objects.get(call.home, call.bucket, call.key)
    return answer(*EMPTY["acl"])


def get_object_tagging(call: Call) -> Response:
    """An object's tags: none."""
    check_version(call.parameter("versionId"))
    objects.get(call.home, call.bucket, call.key)
    return answer("Tagging", [("TagSet", [])])


def not_supported(call: Call) -> Response:
    """Refuse what is not possible here."""
    raise Refusal("NotImplemented", f"{call.request.method} of {', '.join(call.parameters)[:200]!r} is not served here")
