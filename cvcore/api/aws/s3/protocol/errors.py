"""S3's error code and HTTP status for each of our errors; the tables are `CODES`, `REASONS` and `STATUSES`.

No code here is a 5xx: after those the clients repeat a request, also a large upload, several times. `NotImplemented` is
501 at Amazon.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from cvcore import errors
from cvcore.api.aws.s3.protocol import xml
from cvcore.api.aws.signed.refusals import Reason, SignatureRefused
from cvcore.errors import TagwiseError

# The first matching row is used.
CODES: tuple[tuple[type[TagwiseError], str], ...] = (
    (errors.BucketNotFound, "NoSuchBucket"),
    (errors.ObjectNotFound, "NoSuchKey"),
    (errors.UploadNotFound, "NoSuchUpload"),
    (errors.InvalidInput, "InvalidArgument"),
    (errors.StorageFull, "StorageFull"),
    (errors.HomeUnusable, "AccessDenied"),
    (errors.TagwiseError, "InvalidRequest"),
)

REASONS: dict[Reason, str] = {
    "missing": "AccessDenied",
    "malformed": "AuthorizationHeaderMalformed",
    "algorithm": "InvalidRequest",
    "service": "AuthorizationHeaderMalformed",
    "path": "InvalidURI",
    "payload": "InvalidArgument",
    "unknown": "InvalidAccessKeyId",
    "wrong": "SignatureDoesNotMatch",
    "skewed": "RequestTimeTooSkewed",
    "expired": "AccessDenied",
    "unsigned": "AccessDenied",
    "body": "XAmzContentSHA256Mismatch",
    "large": "MaxMessageLengthExceeded",
    "length": "IncompleteBody",
    "chunks": "InvalidRequest",
}

# Those that are not 400.
STATUSES = {
    "NotModified": 304,
    "AccessDenied": 403,
    "InvalidAccessKeyId": 403,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
    "NoSuchBucket": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchKey": 404,
    "NoSuchLifecycleConfiguration": 404,
    "NoSuchPublicAccessBlockConfiguration": 404,
    "NoSuchTagSet": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NoSuchWebsiteConfiguration": 404,
    "ObjectLockConfigurationNotFoundError": 404,
    "ReplicationConfigurationNotFoundError": 404,
    "ServerSideEncryptionConfigurationNotFoundError": 404,
    "MethodNotAllowed": 405,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "PreconditionFailed": 412,
    "InvalidRange": 416,
    "InternalError": 500,
}


class Refusal(TagwiseError):
    """A request breaks a rule of S3; `code` is S3's, `headers` belong to its response."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.headers = dict(headers or {})


def code_of(error: TagwiseError) -> str:
    """S3's code for an error of ours.

    >>> code_of(errors.ObjectNotFound("there is none")), code_of(SignatureRefused("wrong", "it differs"))
    ('NoSuchKey', 'SignatureDoesNotMatch')
    """
    if isinstance(error, Refusal):
        return error.code
    if isinstance(error, SignatureRefused):
        return REASONS[error.reason]
    return next(code for kind, code in CODES if isinstance(error, kind))


def response(error: TagwiseError, path: str) -> Response:
    """The response to a request that is refused; one to HEAD has no body, which the server sees to."""
    code = code_of(error)
    status = STATUSES.get(code, 400)
    headers = error.headers if isinstance(error, Refusal) else {}
    if status == 304:
        return Response(status_code=status, headers=headers)
    content = [("Code", code), ("Message", str(error)), ("Resource", path)]
    return Response(xml.document("Error", content, namespace=""), status, headers, media_type=xml.MEDIA_TYPE)
