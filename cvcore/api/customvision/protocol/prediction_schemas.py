"""Predictions, suggestions and performance numbers as Custom Vision's JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cvcore.api.customvision.protocol.schemas import Json, image_tags, image_uris, time, uri
from cvcore.metrics.reports import Deviations, Report
from cvcore.records import Image, Iteration, Prediction, StoredPrediction
from cvcore.store import SnapshotTag


def iteration_performance(report: Report, spread: Deviations, tags: Sequence[SnapshotTag]) -> Json:
    """An IterationPerformance. The overall numbers are the tags' unweighted means, as on the page.

    Undefined numbers are 0: by Custom Vision's specification they cannot be null, and scripts calculate with them.
    """
    overall = report.overall
    return {
        "perTagPerformance": [
            {
                "id": tag.tag_id,
                "name": tag.name,
                "precision": _zero_for_nan(row.precision),
                "precisionStdDeviation": _zero_for_nan(spread.precision[column]),
                "recall": _zero_for_nan(row.recall),
                "recallStdDeviation": _zero_for_nan(spread.recall[column]),
                "averagePrecision": _zero_for_nan(row.average_precision),
            }
            for column, (tag, row) in enumerate(zip(tags, report.tags, strict=True))
        ],
        "precision": _zero_for_nan(overall.precision),
        "precisionStdDeviation": _zero_for_nan(spread.overall_precision),
        "recall": _zero_for_nan(overall.recall),
        "recallStdDeviation": _zero_for_nan(spread.overall_recall),
        "averagePrecision": _zero_for_nan(overall.average_precision),
    }


def image_performance(
    image: Image, names: Mapping[str, str], predictions: Sequence[Prediction], *, server: str
) -> Json:
    """An ImagePerformance; its probabilities are by a model that was not trained on the image."""
    return {
        "id": image.id,
        "created": time(image.created_at),
        "width": image.width,
        "height": image.height,
        "imageUri": uri(server, "original", image.sha256),
        "thumbnailUri": uri(server, "thumbnail", image.sha256),
        "tags": image_tags(image, names),
        "regions": [],
        "predictions": list(map(prediction, predictions)),
    }


def prediction(prediction: Prediction) -> Json:
    """A Prediction of one tag. Azure leaves boundingBox out, too: clients take its presence for an object's place.

    >>> prediction(Prediction("rose", "Regular", 0.5, "t"))
    {'probability': 0.5, 'tagId': 't', 'tagName': 'rose', 'tagType': 'Regular'}
    """
    return {
        "probability": prediction.probability,
        "tagId": prediction.tag_id,
        "tagName": prediction.tag,
        "tagType": prediction.kind,
    }


def image_prediction(stored: StoredPrediction) -> Json:
    """An ImagePrediction: every tag, the most probable first; no threshold is applied."""
    return {
        "id": stored.id,
        "project": stored.project_id,
        "iteration": stored.iteration_id,
        "created": time(stored.created_at),
        "predictions": list(map(prediction, stored.predictions)),
    }


def stored_image_prediction(stored: StoredPrediction, *, server: str, domain_id: str) -> Json:
    """A StoredImagePrediction."""
    return {**image_prediction(stored), **image_uris(server, stored.sha256), "domain": domain_id}


def suggested_tags(
    image: Image, predictions: Sequence[Prediction], uncertainty: float, *, iteration: Iteration
) -> Json:
    """A SuggestedTagAndRegion; its id is the image's."""
    return {
        "id": image.id,
        "project": image.project_id,
        "iteration": iteration.id,
        "created": time(image.created_at),
        "predictions": list(map(prediction, predictions)),
        "predictionUncertainty": uncertainty,
    }


def stored_suggested_tags(suggestion: Json, image: Image, *, server: str, domain_id: str) -> Json:
    """A StoredSuggestedTagAndRegion."""
    return {
        **suggestion,
        **image_uris(server, image.sha256),
        "width": image.width,
        "height": image.height,
        "domain": domain_id,
    }


def _zero_for_nan(number: float) -> float:
    return 0.0 if math.isnan(number) else float(number)
