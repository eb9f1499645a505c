"""Handlers that suggest tags for untagged images."""

from __future__ import annotations

from typing import Any

from cvcore.active_learning import acquisition, suggestions
from cvcore.api.customvision.protocol import json_body, prediction_schemas, request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call
from cvcore.errors import ImageNotFound
from cvcore.records import MULTILABEL, Image, Iteration, Prediction, Project
from cvcore.store import ImageSearch

ORDERS = ("UncertaintyDescending", "UncertaintyAscending")


def suggest_tags_and_regions(call: Call) -> Any:
    """An iteration's predictions for images of its project, with the entropy of each prediction in bits."""
    project = request.project(call)
    request.required(call, "iterationId")
    request.required(call, "imageIds")
    iteration = request.iteration(call, project, request.text(call, "iterationId"))
    wanted = request.ids(call, "imageIds", request.BATCH)
    images = [image for image in call.store.images.with_ids(wanted) if image.project_id == project.id]
    if len(images) < len(wanted):
        raise ImageNotFound("every image must be in the project, some are not: they may have been deleted")
    suggested = suggestions.suggest(call.store, iteration, images)
    return [_suggestion(image, suggested[image.id], iteration) for image in images if image.id in suggested]


def query_suggested_images(call: Call) -> Any:
    """A page of untagged images with their suggested tags, and the token for the next page.

    An image is listed if the probability of a tag reaches the threshold: of a tag in the token, or of any tag if the
    token has none. The most uncertain images come first unless sortBy is UncertaintyAscending.
    """
    project = request.project(call)
    token = json_body.fields(call)
    iteration = _iteration(call, project)
    count = _count(token)
    start = _whole_number(json_body.text(token, "continuation"))
    order = request.choice(json_body.text(token, "sortBy"), "sortBy", ORDERS)
    suggested = [
        (image, _suggestion(image, predictions, iteration))
        for image, predictions in _suggested(call, project, iteration, token)
    ]
    suggested.sort(key=lambda pair: pair[1]["predictionUncertainty"], reverse=order == ORDERS[0])
    following = start + count
    results = [
        prediction_schemas.stored_suggested_tags(suggestion, image, server=call.server, domain_id=iteration.domain_id)
        for image, suggestion in suggested[start:following]
    ]
    answer = {
        "tagIds": json_body.ids(token, "tagIds", request.IDS),
        "threshold": _threshold(token),
        "session": json_body.text(token, "session") or iteration.id,
        "continuation": str(following) if following < len(suggested) else None,
        "maxCount": count,
        "sortBy": order,
    }
    return {"token": answer, "results": results}


def query_suggested_image_count(call: Call) -> Any:
    """The number of untagged images for which a tag is suggested at the threshold, by tag id."""
    project = request.project(call)
    fields = json_body.fields(call)
    iteration = _iteration(call, project)
    threshold = _threshold(fields)
    tag_ids = json_body.ids(fields, "tagIds", request.IDS)
    counts = dict.fromkeys(tag_ids or [tag.tag_id for tag in call.store.iterations.tags(iteration.id)], 0)
    for _, predictions in _suggested(call, project, iteration, fields):
        for prediction in predictions:
            if prediction.tag_id in counts and prediction.probability >= threshold:
                counts[prediction.tag_id] += 1
    return counts


def _iteration(call: Call, project: Project) -> Iteration:
    request.required(call, "iterationId")
    return request.iteration(call, project, request.text(call, "iterationId"))


def _suggested(
    call: Call, project: Project, iteration: Iteration, fields: json_body.Fields
) -> list[tuple[Image, list[Prediction]]]:
    wanted = set(json_body.ids(fields, "tagIds", request.IDS))
    threshold = _threshold(fields)
    untagged = call.store.searches.page(ImageSearch(project.id, is_tagged=False), take=request.NUMBER_MAX)
    suggested = suggestions.suggest(call.store, iteration, untagged)
    return [
        (image, suggested[image.id])
        for image in untagged
        if image.id in suggested
        and any(tag.probability >= threshold for tag in suggested[image.id] if not wanted or tag.tag_id in wanted)
    ]


def _suggestion(image: Image, predictions: list[Prediction], iteration: Iteration) -> schemas.Json:
    multilabel = iteration.classification_type == MULTILABEL
    return prediction_schemas.suggested_tags(
        image, predictions, acquisition.entropy(predictions, multilabel=multilabel), iteration=iteration
    )


def _threshold(fields: json_body.Fields) -> float:
    value = fields.get("threshold")
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal("BadRequestInvalid", "threshold must be a number in 0..1")
    return float(value)


def _count(fields: json_body.Fields) -> int:
    value = fields.get("maxcount")
    if value in (None, 0):
        return request.TAKE
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= request.IDS:
        raise Refusal("BadRequestInvalid", f"maxCount must be a whole number in 1..{request.IDS}")
    return value


def _whole_number(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refusal("BadRequestInvalid", "continuation must be from an earlier response: copy it unchanged")
    return int(text)
