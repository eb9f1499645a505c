"""Pictures into a project, each with the status of its own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cvcore import imaging
from cvcore.active_learning import promotion
from cvcore.api.customvision.operations import metadata
from cvcore.api.customvision.operations.images import tag_names
from cvcore.api.customvision.protocol import request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import FetchFailed, ImageNotFound, ImageRefused, InvalidInput, NotFound, TagsRefused, UrlRefused
from cvcore.net import http
from cvcore.prediction import history
from cvcore.projects import tagging, uploads
from cvcore.records import Image, Project

# What Custom Vision calls the rule that a picture broke.
STATUSES = {"bytes": "ErrorImageSize", "pixels": "ErrorImageDimensions", "aspect": "ErrorImageDimensions"}
UNREADABLE = ("ErrorImageFormat", "ErrorImageSize", "ErrorImageDimensions")
TAG_STATUSES = {"negative": "ErrorNegativeAndRegularTagOnSameImage"}

# A name, what gets the bytes, and the tags.
Source = tuple[str, Callable[[], bytes], Sequence[str]]

# `uploads.add` or what stores as it does.
Add = Callable[..., uploads.Upload]


def create_images_from_data(call: Call) -> Any:
    """Pictures sent as they are, each with the tags of the address."""
    tag_ids = request.ids(call, "tagIds", request.TAGS)
    sources = [(part.filename, _constant(part.data), tag_ids) for part in request.uploaded_files(call)]
    return _created(call, request.project(call), sources, {})


def create_images_from_files(call: Call) -> Any:
    """Pictures sent as base64 in JSON."""
    return _batch(
        call, lambda entry: (request.text_field(entry, "name"), lambda: _decoded(request.text_field(entry, "contents")))
    )


def create_images_from_urls(call: Call) -> Any:
    """Pictures fetched from the addresses given; one that cannot be fetched is an ErrorSource."""

    def source(entry: request.Fields) -> tuple[str, Callable[[], bytes]]:
        url = request.text_field(entry, "url")
        return url, lambda: fetched(call, url)

    return _batch(call, source)


def create_images_from_predictions(call: Call) -> Any:
    """Kept predictions' pictures; those that are stored leave the predictions."""
    project = request.project(call)
    entries = [
        request.as_fields(each, "images") for each in request.list_field(request.fields(call), "images", request.BATCH)
    ]
    wanted = [request.text_field(entry, "id").casefold() for entry in entries]
    kept = call.store.predictions.with_ids(project.id, wanted)

    def source(entry: request.Fields) -> tuple[str, Callable[[], bytes]]:
        name = request.text_field(entry, "id").casefold()
        return name, lambda: _kept(call, kept.get(name), name)

    return _batch(call, source, promotion.add)


def fetched(call: Call, url: str) -> bytes:
    """The picture at an address.

    Raises:
        UrlRefused, FetchFailed: as `fetching.fetch`.
    """
    return http.fetch(url, limit_bytes=call.told.limits.image_bytes, allow_private=call.told.fetch_private)


def _batch(
    call: Call, source: Callable[[request.Fields], tuple[str, Callable[[], bytes]]], add: Add = uploads.add
) -> Any:
    project = request.project(call)
    given = request.fields(call)
    entries = [request.as_fields(each, "images") for each in request.list_field(given, "images", request.BATCH)]
    if not entries:
        raise Refusal("BadRequestImageBatch", "images must name at least one picture")
    if any(entry.get("regions") for entry in entries):
        raise Refusal("BadRequestImageRegions", "Tagwise only classifies pictures: they have no regions")
    common = request.id_list_field(given, "tagIds", request.TAGS)

    def sources() -> Iterator[Source]:
        for entry in entries:
            own = request.id_list_field(entry, "tagIds", call.told.limits.tags_per_image)
            yield (*source(entry), list(dict.fromkeys([*common, *own])))

    return _created(call, project, list(sources()), metadata.checked(given.get("metadata")), add)


def _created(
    call: Call, project: Project, sources: Sequence[Source], noted: dict[str, str], add: Add = uploads.add
) -> Answer:
    """What became of each picture: 200 when all are new, else 207.

    Where none could be read at all, and none was to be fetched, the call fails, as nobody reads statuses then.
    """
    outcomes: list[tuple[str, str, Image | None]] = []
    reasons: list[str] = []
    for name, read, tag_ids in sources:
        status, image, reason = _create(call, project, name, read, tag_ids, add)
        if image and noted:
            call.store.metadata.put([image.id], noted)
        outcomes.append((name, status, image))
        if status in UNREADABLE:
            reasons.append(reason)
    if len(reasons) == len(outcomes):
        raise Refusal("BadRequestImageBatch", f"No valid image files: {reasons[0]}")
    # Once for all images, and at the end: a duplicate may carry a tag that was made meanwhile.
    names = tag_names(call, project, None)
    results = [
        {
            "sourceUrl": name,
            "status": status,
            "image": schemas.image(image, names, server=call.server, metadata=noted) if image else None,
        }
        for name, status, image in outcomes
    ]
    call.store.jobs.embed_soon(project.id)
    summary = schemas.creation(results)
    return Answer(200 if summary["isBatchSuccessful"] else 207, summary)


def _create(
    call: Call, project: Project, name: str, read: Callable[[], bytes], tag_ids: Sequence[str], add: Add
) -> tuple[str, Image | None, str]:
    """The status of one picture, the picture if it is stored, and why not."""
    try:
        data = read()
        tagging.check(call.store, project, tag_ids)
        imaging.check(data, call.told.limits)
    except ImageRefused as refusal:
        return STATUSES.get(refusal.reason, "ErrorImageFormat"), None, str(refusal)
    except (UrlRefused, FetchFailed, ImageNotFound) as refusal:
        return "ErrorSource", None, str(refusal)
    except TagsRefused as refusal:
        return TAG_STATUSES.get(refusal.reason, "ErrorTagLimitExceed"), None, str(refusal)
    except InvalidInput as refusal:
        return "ErrorInvalidTag", None, str(refusal)
    upload = add(call.store, project, name, data, tag_ids=tag_ids, limits=call.told.limits)
    if upload.image_id is None:
        return "ErrorImageFormat", None, upload.reason
    status = "OK" if upload.status == "stored" else "OKDuplicate"
    return status, call.store.images.get(upload.image_id), ""


def _decoded(contents: str) -> bytes:
    try:
        return base64.b64decode(contents)
    except (binascii.Error, ValueError) as error:
        raise ImageRefused("format", f"contents must be base64, and are not: {error}") from error


def _constant(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _kept(call: Call, kept: Any, name: str) -> bytes:
    if kept is None:
        raise ImageNotFound(f"there is no prediction {name[:80]!r}: it may have been deleted, or is older than 30 days")
    try:
        return history.image_bytes(call.store, kept)
    except NotFound as error:
        raise ImageNotFound(str(error)) from error
