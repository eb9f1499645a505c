"""Our records as Custom Vision's JSON, by pure functions; image addresses begin with `server`, from the client."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cvcore import domains
from cvcore.exports.flavors import PLATFORMS
from cvcore.records import Image, Iteration, Project, Tag, TrainingOptions
from cvcore.store import Publication, SnapshotTag

Json = dict[str, Any]

# Platforms that a project can name as its targets; those that Tagwise cannot export to are stored too.
TARGETS = ("CoreML", "TensorFlow", "DockerFile", "ONNX", "VAIDK", "OpenVino")

# Without a version and a key, because an image's SHA-256 cannot be guessed.
FILES = "/customvision/files"


def time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z.

    >>> time(datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC))
    '2026-01-02T03:04:05.000060Z'
    """
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def domain(domain: domains.Domain) -> Json:
    """A Domain. Every domain can be exported."""
    return {
        "id": domain.id,
        "name": domain.name,
        "type": "Classification",
        "exportable": True,
        "enabled": True,
        "exportablePlatforms": list(PLATFORMS),
        "modelInformation": {"estimatedModelSizeInMegabytes": None, "description": domain.purpose},
    }


def project(project: Project, *, server: str, has_negative: bool, newest: Image | None) -> Json:
    """A Project; its thumbnail is its newest image."""
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "settings": {
            "domainId": project.domain_id,
            "classificationType": project.classification_type,
            "targetExportPlatforms": list(project.settings.target_export_platforms),
            "useNegativeSet": has_negative,
            "detectionParameters": None,
            "imageProcessingSettings": {"augmentationMethods": dict(project.settings.augmentation_methods)},
        },
        "created": time(project.created_at),
        "lastModified": time(project.modified_at),
        "thumbnailUri": uri(server, "thumbnail", newest.sha256) if newest else None,
        "drModeEnabled": False,
        "status": "Succeeded",
    }


def tag(tag: Tag) -> Json:
    """A Tag of the workspace."""
    return {**_tag(tag.id, tag.name, tag.kind, tag.image_count), "description": tag.description}


def snapshot_tag(tag: SnapshotTag, image_count: int) -> Json:
    """A Tag as an iteration holds it."""
    return _tag(tag.tag_id, tag.name, tag.kind, image_count)


def image(image: Image, names: Mapping[str, str], *, server: str, metadata: Mapping[str, str]) -> Json:
    """An Image; `names` maps tag ids to names. A tag's `created` is the image's time: Tagwise stores no other."""
    return {
        "id": image.id,
        "created": time(image.created_at),
        "width": image.width,
        "height": image.height,
        **image_uris(server, image.sha256),
        "tags": image_tags(image, names),
        "regions": [],
        "metadata": dict(metadata),
    }


def image_tags(image: Image, names: Mapping[str, str]) -> list[Json]:
    """An image's ImageTags."""
    return [
        {"tagId": tag_id, "tagName": names[tag_id], "created": time(image.created_at)}
        for tag_id in image.tag_ids
        if tag_id in names
    ]


def creation(results: Sequence[Json]) -> Json:
    """An ImageCreateSummary. A duplicate makes the batch unsuccessful, as in Custom Vision."""
    return {"isBatchSuccessful": all(result["status"] == "OK" for result in results), "images": list(results)}


def pairs(ids: Sequence[tuple[str, str]]) -> list[Json]:
    """An ImageTagCreateEntry for each pair of an image id and a tag id.

    >>> pairs([("i", "t")])
    [{'imageId': 'i', 'tagId': 't'}]
    """
    return [{"imageId": image_id, "tagId": tag_id} for image_id, tag_id in ids]


def iteration(
    iteration: Iteration, publications: Sequence[Publication], options: TrainingOptions, base: Iteration | None = None
) -> Json:
    """An Iteration; it shows only the newest of several published names.

    `base` is the iteration that the training started from. The budget is in whole hours, rounded down.
    """
    newest = publications[0] if publications else None
    is_exportable = iteration.status == "Completed"
    return {
        "id": iteration.id,
        "name": iteration.name,
        "status": iteration.status,
        "created": time(iteration.created_at),
        "lastModified": time(iteration.trained_at or iteration.created_at),
        "trainedAt": time(iteration.trained_at),
        "projectId": iteration.project_id,
        "exportable": is_exportable,
        "exportableTo": list(PLATFORMS) if is_exportable else [],
        "domainId": iteration.domain_id,
        "classificationType": iteration.classification_type,
        "trainingType": "Advanced" if options.is_advanced else "Regular",
        "reservedBudgetInHours": int(options.budget_minutes // 60) if options.is_advanced else 0,
        "trainingTimeInMinutes": math.ceil(iteration.seconds.get("total", 0) / 60),
        "publishName": newest.name if newest else None,
        "originalPublishResourceId": newest.resource if newest else None,
        "customBaseModelInfo": {"projectId": base.project_id, "iterationId": base.id} if base else None,
        "trainingErrorDetails": iteration.error or None,
    }


def uri(server: str, kind: str, sha256: str) -> str:
    """The address of an image for a plain GET; `kind` is original, resized or thumbnail.

    >>> uri("http://localhost:8501", "original", "ab12")
    'http://localhost:8501/customvision/files/original/ab12'
    """
    return f"{server}{FILES}/{kind}/{sha256}"


def image_uris(server: str, sha256: str) -> Json:
    """The fields of an image's three addresses."""
    kinds = ("original", "resized", "thumbnail")
    keys = ("originalImageUri", "resizedImageUri", "thumbnailUri")
    return {key: uri(server, kind, sha256) for key, kind in zip(keys, kinds, strict=True)}


def _tag(tag_id: str, name: str, kind: str, image_count: int) -> Json:
    return {"id": tag_id, "name": name, "description": "", "type": kind, "imageCount": image_count}
