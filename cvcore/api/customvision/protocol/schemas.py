"""Our records as Custom Vision's JSON. Pure: `server` is how the client reached us, and begins the addresses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cvcore import domains
from cvcore.metrics.reports import Deviations, Report
from cvcore.records import Image, Iteration, Prediction, Project, StoredPrediction, Tag, TrainingOptions
from cvcore.store import Publication, SnapshotTag

Json = dict[str, Any]

PLATFORMS = ("TensorFlow", "ONNX", "OpenVino", "DockerFile")

# What a project may name as its targets; those we do not export are noted all the same.
TARGETS = ("CoreML", "TensorFlow", "DockerFile", "ONNX", "VAIDK", "OpenVino")

# Beside the versions of the API; no key is needed, for the picture's SHA-256 cannot be guessed.
FILES = "/customvision/files"


def time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z.

    >>> time(datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC))
    '2026-01-02T03:04:05.000060Z'
    """
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def defined(value: float) -> float | None:
    """A number, or null where it is undefined: neither 0 nor 1 would be true.

    >>> defined(0.5), defined(math.nan)
    (0.5, None)
    """
    return None if math.isnan(value) else float(value)


def domain(each: domains.Domain) -> Json:
    """A Domain. All can be exported here."""
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
    """A Project; its thumbnail is its newest picture's."""
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
    """An Image; `names` are the tags' by their ids. When a tag was put on is not kept, so the picture's date stands."""
    return {
        "id": each.id,
        "created": time(each.created_at),
        "width": each.width,
        "height": each.height,
        **_uris(server, each.sha256),
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
    """An ImageCreateSummary. A duplicate makes the batch unsuccessful, as in Custom Vision: its caller should know."""
    return {"isBatchSuccessful": all(each["status"] == "OK" for each in results), "images": list(results)}


def pairs(given: Sequence[tuple[str, str]]) -> list[Json]:
    """Image ids and tag ids, as an ImageTagCreateEntry each.

    >>> pairs([("i", "t")])
    [{'imageId': 'i', 'tagId': 't'}]
    """
    return [{"imageId": image_id, "tagId": tag_id} for image_id, tag_id in given]


def iteration(
    each: Iteration, publications: Sequence[Publication], options: TrainingOptions, base: Iteration | None = None
) -> Json:
    """An Iteration. Where several names were published, the newest is told.

    `base` is the iteration that it starts from. A budget is told in whole hours: below one it is 0.
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


def performance(report: Report, spread: Deviations, tags: Sequence[SnapshotTag]) -> Json:
    """An IterationPerformance: as the page shows it, overall numbers are the unweighted means of the tags'."""
    overall = report.overall
    return {
        "perTagPerformance": [
            {
                "id": each.tag_id,
                "name": each.name,
                "precision": defined(row.precision),
                "precisionStdDeviation": defined(spread.precision[place]),
                "recall": defined(row.recall),
                "recallStdDeviation": defined(spread.recall[place]),
                "averagePrecision": defined(row.average_precision),
            }
            for place, (each, row) in enumerate(zip(tags, report.tags, strict=True))
        ],
        "precision": defined(overall.precision),
        "precisionStdDeviation": defined(spread.overall_precision),
        "recall": defined(overall.recall),
        "recallStdDeviation": defined(spread.overall_recall),
        "averagePrecision": defined(overall.average_precision),
    }


def image_performance(each: Image, names: Mapping[str, str], predictions: Sequence[Prediction], *, server: str) -> Json:
    """An ImagePerformance: its probabilities come from the fold's model that did not train on the picture."""
    return {
        "id": each.id,
        "created": time(each.created_at),
        "width": each.width,
        "height": each.height,
        "imageUri": uri(server, "original", each.sha256),
        "thumbnailUri": uri(server, "thumbnail", each.sha256),
        "tags": image_tags(each, names),
        "regions": [],
        "predictions": [prediction(one) for one in predictions],
    }


def prediction(each: Prediction) -> Json:
    """A Prediction of one tag.

    >>> prediction(Prediction("rose", "Regular", 0.5, "t"))
    {'probability': 0.5, 'tagId': 't', 'tagName': 'rose', 'boundingBox': None, 'tagType': 'Regular'}
    """
    return {
        "probability": each.probability,
        "tagId": each.tag_id,
        "tagName": each.tag,
        "boundingBox": None,
        "tagType": each.kind,
    }


def answer(each: StoredPrediction) -> Json:
    """An ImagePrediction: every tag, the most probable first, whatever the threshold."""
    return {
        "id": each.id,
        "project": each.project_id,
        "iteration": each.iteration_id,
        "created": time(each.created_at),
        "predictions": [prediction(one) for one in each.predictions],
    }


def stored_answer(each: StoredPrediction, *, server: str, domain_id: str) -> Json:
    """A StoredImagePrediction."""
    return {**answer(each), **_uris(server, each.sha256), "domain": domain_id}


def suggestion(each: Image, predictions: Sequence[Prediction], uncertainty: float, *, iteration: Iteration) -> Json:
    """A SuggestedTagAndRegion; it goes by the picture's own id."""
    return {
        "id": each.id,
        "project": each.project_id,
        "iteration": iteration.id,
        "created": time(each.created_at),
        "predictions": [prediction(one) for one in predictions],
        "predictionUncertainty": uncertainty,
    }


def stored_suggestion(told: Json, each: Image, *, server: str, domain_id: str) -> Json:
    """A StoredSuggestedTagAndRegion."""
    return {
        **told,
        **_uris(server, each.sha256),
        "width": each.width,
        "height": each.height,
        "domain": domain_id,
    }


def uri(server: str, kind: str, sha256: str) -> str:
    """Where a plain GET fetches a picture: original, resized or thumbnail.

    >>> uri("http://localhost:8501", "original", "ab12")
    'http://localhost:8501/customvision/files/original/ab12'
    """
    return f"{server}{FILES}/{kind}/{sha256}"


def _uris(server: str, sha256: str) -> Json:
    kinds = ("original", "resized", "thumbnail")
    keys = ("originalImageUri", "resizedImageUri", "thumbnailUri")
    return {key: uri(server, kind, sha256) for key, kind in zip(keys, kinds, strict=True)}


def _tag(tag_id: str, name: str, kind: str, image_count: int) -> Json:
    return {"id": tag_id, "name": name, "description": "", "type": kind, "imageCount": image_count}
