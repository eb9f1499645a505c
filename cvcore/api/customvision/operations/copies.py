"""Handlers that copy projects by a token, serve artifacts, and refuse object detection."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer

from cvcore import archive
from cvcore.api.customvision.operations.projects import shown
from cvcore.api.customvision.protocol import files, request
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call

TOKEN_S = 24 * 60 * 60


def export_project(call: Call) -> Any:
    """A token, valid for a day, by which import_project copies the tags, images and trained iterations."""
    project = request.project(call)
    image_count = call.store.images.count(project.id)
    return {
        "iterationCount": len(call.store.iterations.trained(project.id)),
        "imageCount": image_count,
        "tagCount": len(call.store.tags.of_project(project.id)),
        "regionCount": 0,
        # Only database rows and iterations' arrays are copied: image files are shared.
        "estimatedImportTimeInMS": image_count,
        "token": _serializer(call).dumps(project.id),
    }


def import_project(call: Call) -> Any:
    """Copy the project that a token names, in its current state; the copy is complete when this returns."""
    try:
        project_id = _serializer(call).loads(request.required(call, "token"), max_age=TOKEN_S)
    except BadSignature as error:
        raise Refusal(
            "BadRequestInvalidImportToken",
            "the token must be from this server and at most a day old, this one is not: call export_project again",
        ) from error
    source = call.store.projects.get(project_id)
    return shown(call, archive.copy(call.store, source, request.text(call, "name")))


def get_artifact(call: Call) -> Any:
    """The file at one of an image's addresses; a plain GET of the address returns it too."""
    request.project(call)
    wanted = files.wanted(urlsplit(request.required(call, "path")).path)
    if wanted is None:
        raise Refusal("BadRequestInvalidArtifactUri", "path must be the address of an image: take it from get_images")
    return files.answer(call.store, *wanted)


def not_supported(call: Call) -> Any:
    """Refuse an operation of object detection."""
    raise Refusal("BadRequestNotSupported", "Tagwise only classifies images: there is no object detection")


def _serializer(call: Call) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(call.secret, salt="export_project")
