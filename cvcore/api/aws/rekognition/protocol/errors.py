"""Rekognition's name for each of our errors; the table is `NAMES`.

All have the status 400: only a failure of our own is a 5xx, after which an SDK repeats the request.
"""

from __future__ import annotations

from collections.abc import Collection

from cvcore import errors
from cvcore.api.aws.signed.refusals import SignatureRefused
from cvcore.errors import TagwiseError

# The first matching row is used. The second column is the error's `reason`, "" for any.
NAMES: tuple[tuple[type[TagwiseError], str, str], ...] = (
    (SignatureRefused, "missing", "MissingAuthenticationTokenException"),
    (SignatureRefused, "unknown", "UnrecognizedClientException"),
    (SignatureRefused, "malformed", "IncompleteSignatureException"),
    (SignatureRefused, "algorithm", "IncompleteSignatureException"),
    (SignatureRefused, "service", "UnknownOperationException"),
    (SignatureRefused, "length", "SerializationException"),
    (SignatureRefused, "large", "RequestEntityTooLargeException"),
    (SignatureRefused, "", "InvalidSignatureException"),
    (errors.ImageRefused, "bytes", "ImageTooLargeException"),
    (errors.ImageRefused, "pixels", "ImageTooLargeException"),
    (errors.ImageRefused, "", "InvalidImageFormatException"),
    (errors.ObjectTooLarge, "", "ImageTooLargeException"),
    (errors.InvalidInput, "", "InvalidParameterException"),
    (errors.BucketNotFound, "", "InvalidS3ObjectException"),
    (errors.ObjectNotFound, "", "InvalidS3ObjectException"),
    (errors.NotFound, "", "ResourceNotFoundException"),
    (errors.NotTrainable, "", "InvalidParameterException"),
    (errors.NothingChanged, "", "InvalidParameterException"),
    (errors.TagsRefused, "", "InvalidParameterException"),
    (errors.NotTrained, "", "ResourceNotReadyException"),
    (errors.Conflict, "", "ResourceInUseException"),
    (errors.StorageFull, "", "LimitExceededException"),
    (errors.ModelDamaged, "", "ResourceNotReadyException"),
    (errors.WeightsMissing, "", "ResourceNotReadyException"),
    (errors.FetchFailed, "", "InvalidS3ObjectException"),
    (errors.TagwiseError, "", "InvalidParameterException"),
)

# Exceptions of every operation.
COMMON = frozenset(
    {
        *("AccessDeniedException", "InternalServerError", "InvalidParameterException"),
        *("ProvisionedThroughputExceededException", "ThrottlingException"),
        *("IncompleteSignatureException", "InvalidSignatureException", "MissingAuthenticationTokenException"),
        *("RequestEntityTooLargeException", "SerializationException", "UnknownOperationException"),
        *("UnrecognizedClientException", "ValidationException"),
    }
)


class Refusal(TagwiseError):
    """A request breaks a rule of the protocol; `name` is Rekognition's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def name_of(error: TagwiseError, own: Collection[str] = ()) -> str:
    """Rekognition's name for an error of ours; one that the operation does not have is an InvalidParameterException.

    >>> name_of(errors.ProjectNotFound("there is no such project"), ["ResourceNotFoundException"])
    'ResourceNotFoundException'
    >>> name_of(errors.ProjectNotFound("there is no such project"))
    'InvalidParameterException'
    """
    if isinstance(error, Refusal):
        name = error.name
    else:
        reason = getattr(error, "reason", "")
        name = next(name for kind, wanted, name in NAMES if isinstance(error, kind) and wanted in ("", reason))
    return name if name in COMMON or name in own else "InvalidParameterException"
