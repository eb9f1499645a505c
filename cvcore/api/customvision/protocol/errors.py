"""Custom Vision's error code and HTTP status for each of our errors; the table is `CODES`.

A code's beginning decides the status. Only temporary problems are a 5xx: after a 5xx the SDK repeats the request three
times, also uploads and trainings.
"""

from __future__ import annotations

from cvcore import errors
from cvcore.errors import TagwiseError

# The first matching row is used. The second column is the error's `reason` or `noun`, "" for any.
CODES: tuple[tuple[type[TagwiseError], str, str], ...] = (
    (errors.ImageRefused, "bytes", "BadRequestImageSizeBytes"),
    (errors.ImageRefused, "pixels", "BadRequestImageDimensions"),
    (errors.ImageRefused, "aspect", "BadRequestImageAspectRatio"),
    (errors.ImageRefused, "", "BadRequestImageFormat"),
    (errors.UrlRefused, "", "BadRequestImageUrl"),
    (errors.NameRefused, "project", "BadRequestProjectName"),
    (errors.NameRefused, "tag", "BadRequestTagName"),
    (errors.NameRefused, "iteration", "BadRequestIterationName"),
    (errors.NameRefused, "publication", "BadRequestInvalidPublishName"),
    (errors.DomainUnknown, "", "BadRequestProjectUnknownDomain"),
    (errors.TypeUnknown, "", "BadRequestProjectUnknownClassification"),
    (errors.InvalidInput, "", "BadRequestInvalid"),
    (errors.ProjectNotFound, "", "NotFoundProject"),
    (errors.TagNotFound, "", "NotFoundTag"),
    (errors.ImageNotFound, "", "NotFoundImage"),
    (errors.IterationNotFound, "", "NotFoundIteration"),
    (errors.NotFound, "", "NotFound"),
    (errors.NameTaken, "project", "BadRequestProjectNameNotUnique"),
    (errors.NameTaken, "tag", "BadRequestTagNameNotUnique"),
    (errors.NameTaken, "iteration", "BadRequestIterationNameNotUnique"),
    (errors.NotTrainable, "", "BadRequestTrainingValidationFailed"),
    (errors.NothingChanged, "", "BadRequestTrainingNotNeeded"),
    (errors.InTraining, "", "BadRequestTrainingAlreadyInProgress"),
    (errors.NotTrained, "", "BadRequestIterationIsNotTrained"),
    (errors.Published, "", "BadRequestIterationIsPublished"),
    (errors.TagsRefused, "negative", "BadRequestNegativeAndRegularTagOnSameImage"),
    (errors.TagsRefused, "many", "BadRequestExceedTagPerImageLimit"),
    (errors.TagsRefused, "one", "BadRequestImageTags"),
    (errors.NegativeTaken, "", "BadRequestMultipleNegativeTag"),
    (errors.Conflict, "", "Conflict"),
    (errors.FetchFailed, "", "BadRequestImageUrl"),
    # Not a 5xx: repeating the request does not help if the disk is full or a model is damaged.
    (errors.StorageFull, "", "BadRequestExceededQuota"),
    (errors.HomeUnusable, "", "Conflict"),
    (errors.ModelDamaged, "", "Conflict"),
    (errors.WeightsMissing, "", "Conflict"),
    (errors.Unavailable, "", "ErrorServerTimeOut"),
    (errors.TagwiseError, "", "BadRequest"),
)

STATUSES = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "Conflict": 409,
    "UnsupportedMediaType": 415,
    "Error": 500,
}


class Refusal(TagwiseError):
    """A request breaks a rule of the API; `code` is Custom Vision's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: TagwiseError) -> str:
    """Custom Vision's code for an error of ours.

    >>> code_of(errors.ImageRefused("bytes", "an image must be at most 6 MB"))
    'BadRequestImageSizeBytes'
    """
    if isinstance(error, Refusal):
        return error.code
    detail = getattr(error, "reason", None) or getattr(error, "noun", "")
    return next(code for kind, wanted, code in CODES if isinstance(error, kind) and wanted in ("", detail))


def status_of(code: str) -> int:
    """The HTTP status of a code.

    >>> status_of("NotFoundTag"), status_of("BadRequestTagName")
    (404, 400)
    """
    return next(status for beginning, status in STATUSES.items() if code.startswith(beginning))


# Statuses that Azure's gateway gives, for which Custom Vision's list of codes has no word of its own.
WIRE_CODES = {"Unauthorized": "ForbiddenUser", "MethodNotAllowed": "BadRequestNotSupported"}


def body_of(code: str, message: str) -> dict[str, str]:
    """The JSON of an error, as the SDK reads it; its code is one of Custom Vision's list.

    >>> body_of("NotFoundTag", "there is no such tag")
    {'code': 'NotFoundTag', 'message': 'there is no such tag'}
    """
    return {"code": WIRE_CODES.get(code, code), "message": message}
