"""Handlers that add images to a project; the response has a status for each image."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cvcore import imaging
from cvcore.active_learning import promotion
from cvcore.api.customvision.operations import metadata
from cvcore.api.customvision.operations.images import tag_names
from cvcore.api.customvision.protocol import json_body, request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import FetchFailed, ImageNotFound, ImageRefused, InvalidInput, NotFound, TagsRefused, UrlRefused
from cvcore.net import http
from cvcore.prediction import history
from cvcore.projects import tagging, uploads
from cvcore.records import Image, Project
from cvcore.store import Store

# Custom Vision's status for the reason why an image or its tags are refused.
STATUSES = {"bytes": "ErrorImageSize", "pixels": "ErrorImageDimensions", "aspect": "ErrorImageDimensions"}
UNREADABLE = ("ErrorImageFormat", "ErrorImageSize", "ErrorImageDimensions")
TAG_STATUSES = {"negative": "ErrorNegativeAndRegularTagOnSameImage"}

# An image's name, the function that reads its bytes, and its tags' ids.
Source = tuple[str, Callable[[], bytes], Sequence[str]]

# `_add` or `promotion.add`.
Add = Callable[..., uploads.Upload]


def _add(store: Store, project: Project, name: str, data: bytes, **options: Any) -> uploads.Upload:
    return uploads.add(store, project, name, data, came=uploads.came("API"), **options)


def create_images_from_data(call: Call) -> Any:
    """Add the images in a form or in the body, with the tags in the address."""
    tag_ids = request.ids(call, "tagIds", request.TAGS)
    sources = [(part.filename, _constant(part.data), tag_ids) for part in request.uploaded_files(call)]
    return _created(call, request.project(call), sources, {})


def create_images_from_files(call: Call) -> Any:
    """Add the images in the JSON body, as base64."""
    return _batch(
        call, lambda entry: (json_body.text(entry, "name"), lambda: _decoded(json_body.text(entry, "contents")))
    )


def create_images_from_urls(call: Call) -> Any:
    """Add the images at the addresses in the body; one that cannot be fetched has the status ErrorSource."""

    def source(entry: json_body.Fields) -> tuple[str, Callable[[], bytes]]:
        url = json_body.text(entry, "url")
        return url, lambda: fetched(call, url)

    return _batch(call, source)


def create_images_from_predictions(call: Call) -> Any:
    """Add the images of stored predictions; if an image is added, its predictions are deleted."""
    project = request.project(call)
    entries = [
        json_body.as_fields(item, "images") for item in json_body.items(json_body.fields(call), "images", request.BATCH)
    ]
    wanted = [json_body.text(entry, "id").casefold() for entry in entries]
    stored = call.store.predictions.with_ids(project.id, wanted)

    def source(entry: json_body.Fields) -> tuple[str, Callable[[], bytes]]:
        name = json_body.text(entry, "id").casefold()
        return name, lambda: _stored_image(call, stored.get(name), name)

    return _batch(call, source, promotion.add)


def fetched(call: Call, url: str) -> bytes:
    """The bytes of the image at an address.

    Raises:
        UrlRefused, FetchFailed: see `http.fetch`.
    """
    return http.fetch(url, limit_bytes=call.settings.limits.image_bytes, allow_private=call.settings.fetch_private)


def _batch(call: Call, source: Callable[[json_body.Fields], tuple[str, Callable[[], bytes]]], add: Add = _add) -> Any:
    project = request.project(call)
    fields = json_body.fields(call)
    entries = [json_body.as_fields(item, "images") for item in json_body.items(fields, "images", request.BATCH)]
    if not entries:
        raise Refusal("BadRequestImageBatch", "images must have at least one image")
    if any(entry.get("regions") for entry in entries):
        raise Refusal("BadRequestImageRegions", "Tagwise only classifies images: they have no regions")
    common = json_body.ids(fields, "tagIds", request.TAGS)

    def sources() -> Iterator[Source]:
        for entry in entries:
            own = json_body.ids(entry, "tagIds", call.settings.limits.tags_per_image)
            yield (*source(entry), list(dict.fromkeys([*common, *own])))

    return _created(call, project, list(sources()), metadata.checked(call, fields.get("metadata")), add)


def _created(call: Call, project: Project, sources: Sequence[Source], pairs: dict[str, str], add: Add = _add) -> Answer:
    """Add the images, each with the metadata in `pairs`; the status is by `multi_status`.

    Raises:
        Refusal: no image of the batch is accepted.
    """
    outcomes: list[tuple[str, str, Image | None]] = []
    reasons: list[str] = []
    for name, read, tag_ids in sources:
        status, image, reason = _create(call, project, name, read, tag_ids, add)
        if image and pairs:
            call.store.metadata.put([image.id], pairs)
        outcomes.append((name, status, image))
        if status in UNREADABLE:
            reasons.append(reason)
    if len(reasons) == len(outcomes):
        raise Refusal("BadRequestImageBatch", f"No valid image files: {reasons[0]}")
    # Once for all images, and after they are added: a duplicate can have a tag that was created in the meantime.
    names = tag_names(call, project, None)
    results = [
        {
            "sourceUrl": name,
            "status": status,
            "image": schemas.image(image, names, server=call.server, metadata=pairs) if image else None,
        }
        for name, status, image in outcomes
    ]
    call.store.jobs.embed_soon(project.id)
    return request.multi_status(call, schemas.creation(results))


def _create(
    call: Call, project: Project, name: str, read: Callable[[], bytes], tag_ids: Sequence[str], add: Add
) -> tuple[str, Image | None, str]:
    """Add one image; returns its status, and the image or the reason why it was refused."""
    try:
        data = read()
        tagging.check(call.store, project, tag_ids)
        imaging.check(data, call.settings.limits)
    except ImageRefused as refusal:
        return STATUSES.get(refusal.reason, "ErrorImageFormat"), None, str(refusal)
    except (UrlRefused, FetchFailed, ImageNotFound) as refusal:
        return "ErrorSource", None, str(refusal)
    except TagsRefused as refusal:
        return TAG_STATUSES.get(refusal.reason, "ErrorTagLimitExceed"), None, str(refusal)
    except InvalidInput as refusal:
        return "ErrorInvalidTag", None, str(refusal)
    upload = add(call.store, project, name, data, tag_ids=tag_ids, limits=call.settings.limits)
    if upload.image_id is None:
        return "ErrorImageFormat", None, upload.reason
    status = "OK" if upload.status == "stored" else "OKDuplicate"
    return status, call.store.images.get(upload.image_id), ""


def _decoded(contents: str) -> bytes:
    try:
        return base64.b64decode(contents)
    except (binascii.Error, ValueError) as error:
        raise ImageRefused(
            "format", f"contents must be base64, these are not ({error}): encode the file again"
        ) from error


def _constant(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _stored_image(call: Call, stored: Any, name: str) -> bytes:
    if stored is None:
        raise ImageNotFound(f"there is no prediction {name[:80]!r}: it may have been deleted, or is older than 30 days")
    try:
        return history.image_bytes(call.store, stored)
    except NotFound as error:
        raise ImageNotFound(str(error)) from error
