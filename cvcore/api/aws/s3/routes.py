"""Every operation of S3 that Tagwise has: buckets, objects, settings of buckets, and what is asked in passing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response

from cvcore.api.aws.s3.operations import buckets, keys, objects, settings, subresources, uploads
from cvcore.api.aws.s3.protocol.call import Call
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.buckets.incoming import Incoming

Level = Literal["service", "bucket", "object"]


@dataclass(frozen=True)
class Operation:
    """One operation, with its name in the API.

    `subresource` is the parameter of the query that tells it from others at the same address. `file` opens the file
    for its body, where that can be large. An operation that copies has the header `x-amz-copy-source`.
    """

    name: str
    method: str
    level: Level
    subresource: str
    handler: Callable[[Call], Response]
    note: str = ""
    file: Callable[[Call], Incoming] | None = None
    copies: bool = False


_BUCKETS: tuple[Operation, ...] = (
    Operation("ListBuckets", "GET", "service", "", buckets.list_buckets, "folders in the home folder"),
    Operation("CreateBucket", "PUT", "bucket", "", buckets.create_bucket, "in every region"),
    Operation("HeadBucket", "HEAD", "bucket", "", buckets.head_bucket),
    Operation("DeleteBucket", "DELETE", "bucket", "", buckets.delete_bucket),
    Operation("GetBucketLocation", "GET", "bucket", "location", buckets.get_bucket_location, "the client's region"),
    Operation("ListObjects", "GET", "bucket", "", keys.list_objects, "both versions, as pages"),
    Operation("ListObjectVersions", "GET", "bucket", "versions", keys.list_object_versions, "one version of each"),
    Operation("DeleteObjects", "POST", "bucket", "delete", objects.delete_objects),
    Operation("ListMultipartUploads", "GET", "bucket", "uploads", uploads.list_multipart_uploads, "no delimiter"),
)

_OBJECTS: tuple[Operation, ...] = (
    Operation("PutObject", "PUT", "object", "", objects.put_object, "conditions, checksums", file=objects.new_file),
    Operation("CopyObject", "PUT", "object", "", objects.copy_object, copies=True),
    Operation("GetObject", "GET", "object", "", objects.get_object, "conditions, ranges, parts"),
    Operation("HeadObject", "HEAD", "object", "", objects.head_object),
    Operation("GetObjectAttributes", "GET", "object", "attributes", objects.get_object_attributes),
    Operation("DeleteObject", "DELETE", "object", "", objects.delete_object),
    Operation("CreateMultipartUpload", "POST", "object", "uploads", uploads.create_multipart_upload),
    Operation("UploadPart", "PUT", "object", "uploadId", uploads.upload_part, file=uploads.new_part),
    Operation("UploadPartCopy", "PUT", "object", "uploadId", uploads.upload_part_copy, copies=True),
    Operation("CompleteMultipartUpload", "POST", "object", "uploadId", uploads.complete_multipart_upload),
    Operation("AbortMultipartUpload", "DELETE", "object", "uploadId", uploads.abort_multipart_upload),
    Operation("ListParts", "GET", "object", "uploadId", uploads.list_parts),
)

_KEPT = "kept, not enforced"
_SETTINGS: tuple[Operation, ...] = (
    Operation("PutBucketPolicy", "PUT", "bucket", "policy", settings.put_bucket_policy, _KEPT),
    Operation("GetBucketPolicy", "GET", "bucket", "policy", settings.get_bucket_policy),
    Operation("GetBucketPolicyStatus", "GET", "bucket", "policyStatus", settings.get_bucket_policy_status),
    Operation("DeleteBucketPolicy", "DELETE", "bucket", "policy", settings.delete("policy")),
    *(
        Operation(f"{verb}{name}", method, "bucket", subresource, handler(subresource), _KEPT if verb == "Put" else "")
        for name, subresource in (
            ("BucketCors", "cors"),
            ("BucketEncryption", "encryption"),
            ("BucketTagging", "tagging"),
            ("PublicAccessBlock", "publicAccessBlock"),
        )
        for verb, method, handler in (
            ("Put", "PUT", settings.put),
            ("Get", "GET", settings.get),
            ("Delete", "DELETE", settings.delete),
        )
    ),
)

_NONE = "always empty"
_NO_SUCH = "always an error that says there is none"
_IN_PASSING: tuple[Operation, ...] = (
    Operation("GetObjectAcl", "GET", "object", "acl", subresources.get_object_acl, "its owner's"),
    Operation("GetObjectTagging", "GET", "object", "tagging", subresources.get_object_tagging, _NONE),
    *(
        Operation(f"GetBucket{name}", "GET", "bucket", subresource, subresources.of_bucket(subresource), note)
        for name, subresource, note in (
            ("AccelerateConfiguration", "accelerate", _NONE),
            ("Acl", "acl", "its owner's"),
            ("LifecycleConfiguration", "lifecycle", _NO_SUCH),
            ("Logging", "logging", _NONE),
            ("NotificationConfiguration", "notification", _NONE),
            ("OwnershipControls", "ownershipControls", "its owner's"),
            ("Replication", "replication", _NO_SUCH),
            ("RequestPayment", "requestPayment", "its owner pays"),
            ("Versioning", "versioning", _NONE),
            ("Website", "website", _NO_SUCH),
        )
    ),
    Operation(
        "GetObjectLockConfiguration", "GET", "bucket", "object-lock", subresources.of_bucket("object-lock"), _NO_SUCH
    ),
)

OPERATIONS = (*_BUCKETS, *_OBJECTS, *_SETTINGS, *_IN_PASSING)

# Parameters that name something else than the object or bucket itself; a request for what is not served must not be
# taken for one without them.
SUBRESOURCES = {operation.subresource for operation in OPERATIONS} - {""} | {
    "abac", "analytics", "annotation", "intelligent-tiering", "inventory", "legal-hold", "metadataAnnotationTable",
    "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics",
    "renameObject", "restore", "retention", "select", "session", "torrent",
}  # fmt: skip


def find(method: str, level: Level, parameters: Iterable[str], *, copies: bool) -> Operation:
    """The operation that a request names by its method, its address, and its query.

    Raises:
        Refusal: there is no such operation.

    >>> find("PUT", "object", ["partNumber", "uploadId"], copies=False).name
    'UploadPart'
    """
    named = SUBRESOURCES & set(parameters)
    for operation in OPERATIONS:
        is_named = named == ({operation.subresource} - {""})
        copying = operation.copies == copies or method != "PUT" or level != "object"
        if (operation.method, operation.level) == (method, level) and is_named and copying:
            return operation
    if named:
        raise Refusal("NotImplemented", f"{method} of {', '.join(sorted(named))} is not served here")
    raise Refusal("MethodNotAllowed", f"{method[:20]} is not allowed on this {level}")
