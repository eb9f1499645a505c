"""Our records as Custom Vision's JSON. Pure: `server`, the address that the client used, begins all image addresses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cvcore import domains
from cvcore.records import Image, Iteration, Project, Tag, TrainingOptions
from cvcore.store import Publication, SnapshotTag

Json = dict[str, Any]

PLATFORMS = ("TensorFlow", "ONNX", "OpenVino", "DockerFile")

# What a project may name as its targets; those that Tagwise cannot export to are stored too.
TARGETS = ("CoreML", "TensorFlow", "DockerFile", "ONNX", "VAIDK", "OpenVino")

# Outside the API's versions; no key is needed, as an image's SHA-256 cannot be guessed.
FILES = "/customvision/files"


def time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z.

    >>> time(datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC))
    '2026-01-02T03:04:05.000060Z'
    """
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def domain(each: domains.Domain) -> Json:
    """A Domain. All of them can be exported."""
    return {
        "id": each.id,
        "name": each.name,
        "type": "Classification",
        "exportable": True,
        "enabled": True,
        "exportablePlatforms": list(PLATFORMS),
        "modelInformation": {"estimatedModelSizeInMegabytes": None, "description": each.purpose},
    }


def project(each: Project, *, server: str, has_negative: bool, newest: Image | None) -> Json:
    """A Project; its thumbnail is that of its newest image."""
    return {
        "id": each.id,
        "name": each.name,
        "description": each.description,
        "settings": {
            "domainId": each.domain_id,
            "classificationType": each.classification_type,
            "targetExportPlatforms": list(each.settings.target_export_platforms),
            "useNegativeSet": has_negative,
            "detectionParameters": None,
            "imageProcessingSettings": {"augmentationMethods": dict(each.settings.augmentation_methods)},
        },
        "created": time(each.created_at),
        "lastModified": time(each.modified_at),
        "thumbnailUri": uri(server, "thumbnail", newest.sha256) if newest else None,
        "drModeEnabled": False,
        "status": "Succeeded",
    }


def tag(each: Tag) -> Json:
    """A Tag of the workspace."""
    return {**_tag(each.id, each.name, each.kind, each.image_count), "description": each.description}


def snapshot_tag(each: SnapshotTag, image_count: int) -> Json:
    """A Tag as an iteration holds it."""
    return _tag(each.tag_id, each.name, each.kind, image_count)


def image(each: Image, names: Mapping[str, str], *, server: str, metadata: Mapping[str, str]) -> Json:
    """An Image; `names` are the tags' by their ids. A tag's `created` is the image's: Tagwise stores no other time."""
    return {
        "id": each.id,
        "created": time(each.created_at),
        "width": each.width,
        "height": each.height,
        **image_uris(server, each.sha256),
        "tags": image_tags(each, names),
        "regions": [],
        "metadata": dict(metadata),
    }


def image_tags(each: Image, names: Mapping[str, str]) -> list[Json]:
    """An image's ImageTags."""
    return [
        {"tagId": tag_id, "tagName": names[tag_id], "created": time(each.created_at)}
        for tag_id in each.tag_ids
        if tag_id in names
    ]


def creation(results: Sequence[Json]) -> Json:
    """An ImageCreateSummary. A duplicate makes the batch unsuccessful, as in Custom Vision."""
    return {"isBatchSuccessful": all(each["status"] == "OK" for each in results), "images": list(results)}


def pairs(ids: Sequence[tuple[str, str]]) -> list[Json]:
    """An ImageTagCreateEntry for each pair of an image id and a tag id.

    >>> pairs([("i", "t")])
    [{'imageId': 'i', 'tagId': 't'}]
    """
    return [{"imageId": image_id, "tagId": tag_id} for image_id, tag_id in ids]


def iteration(
    each: Iteration, publications: Sequence[Publication], options: TrainingOptions, base: Iteration | None = None
) -> Json:
    """An Iteration. Of several published names it has the newest.

    `base` is the iteration that training started from. The budget is in whole hours, rounded down.
    """
    newest = publications[0] if publications else None
    is_exportable = each.status == "Completed"
    return {
        "id": each.id,
        "name": each.name,
        "status": each.status,
        "created": time(each.created_at),
        "lastModified": time(each.trained_at or each.created_at),
        "trainedAt": time(each.trained_at),
        "projectId": each.project_id,
        "exportable": is_exportable,
        "exportableTo": list(PLATFORMS) if is_exportable else [],
        "domainId": each.domain_id,
        "classificationType": each.classification_type,
        "trainingType": "Advanced" if options.is_advanced else "Regular",
        "reservedBudgetInHours": int(options.budget_minutes // 60) if options.is_advanced else 0,
        "trainingTimeInMinutes": math.ceil(each.seconds.get("total", 0) / 60),
        "publishName": newest.name if newest else None,
        "originalPublishResourceId": newest.resource if newest else None,
        "customBaseModelInfo": {"projectId": base.project_id, "iterationId": base.id} if base else None,
        "trainingErrorDetails": each.error or None,
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
