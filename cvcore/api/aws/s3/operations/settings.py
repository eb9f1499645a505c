"""Settings of buckets that clients put and get back; who has the key pair may do everything, so none is enforced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
from starlette.responses import Response

from cvcore.api.aws.s3.protocol import xml
from cvcore.api.aws.s3.protocol.answers import answer, nothing
from cvcore.api.aws.s3.protocol.call import Call, check_writable, document
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets import folders

# As at Amazon.
POLICY_BYTES = 20_480
DOCUMENT_BYTES = 65_536

# The root of each document, and the error that says there is none.
DOCUMENTS = {
    "cors": ("CORSConfiguration", "NoSuchCORSConfiguration"),
    "encryption": ("ServerSideEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"),
    "publicAccessBlock": ("PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
    "tagging": ("Tagging", "NoSuchTagSet"),
}
_POLICY = "policy"


def put(name: str) -> Callable[[Call], Response]:
    """The handler that keeps a document."""
    return partial(_put, name)


def get(name: str) -> Callable[[Call], Response]:
    """The handler that tells a document as it was put."""
    return partial(_get, name)


def delete(name: str) -> Callable[[Call], Response]:
    """The handler that deletes a document, if there is one."""
    return partial(_delete, name)


def put_bucket_policy(call: Call) -> Response:
    """Keep a bucket's policy."""
    check_writable(call)
    try:
        is_object = isinstance(msgspec.json.decode(call.body), dict)
    except (msgspec.DecodeError, RecursionError):
        is_object = False
    if not is_object or len(call.body) > POLICY_BYTES:
        raise Refusal(
            "MalformedPolicy", f"a policy must be a JSON object of at most {POLICY_BYTES:,} bytes: correct it"
        )
    folders.keep_setting(call.home, call.bucket, _POLICY, call.body)
    return nothing(204)


def get_bucket_policy(call: Call) -> Response:
    """A bucket's policy, as it was put."""
    return Response(_kept(_POLICY, "NoSuchBucketPolicy", call), media_type="application/json")


def get_bucket_policy_status(call: Call) -> Response:
    """Whether a bucket's policy lets everybody in: never."""
    _kept(_POLICY, "NoSuchBucketPolicy", call)
    return answer("PolicyStatus", [("IsPublic", "FALSE")])


def _put(name: str, call: Call) -> Response:
    check_writable(call)
    document(call, DOCUMENTS[name][0])
    if len(call.body) > DOCUMENT_BYTES:
        raise Refusal("MalformedXML", f"{name} must have at most {DOCUMENT_BYTES:,} bytes: shorten it")
    folders.keep_setting(call.home, call.bucket, name, call.body)
    return nothing(204 if name == "tagging" else 200)


def _get(name: str, call: Call) -> Response:
    return Response(_kept(name, DOCUMENTS[name][1], call), media_type=xml.MEDIA_TYPE)


def _delete(name: str, call: Call) -> Response:
    check_writable(call)
    folders.keep_setting(call.home, call.bucket, name, None)
    return nothing(204)


def _kept(name: str, missing: str, call: Call) -> bytes:
    found = folders.setting(call.home, call.bucket, name)
    if found is None:
        raise Refusal(missing, f"the bucket {call.bucket!r} has no {name}: put one")
    return found
