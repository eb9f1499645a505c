"""Tags suggested for pictures that carry none."""

from __future__ import annotations

from typing import Any

from cvcore.active_learning import acquisition, suggestions
from cvcore.api.customvision.protocol import request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Call
from cvcore.errors import ImageNotFound
from cvcore.records import MULTILABEL, Image, Iteration, Prediction, Project
from cvcore.store import ImageSearch

ORDERS = ("UncertaintyDescending", "UncertaintyAscending")


def suggest_tags_and_regions(call: Call) -> Any:
    """What an iteration says of pictures of its project, with the entropy of that, in bits."""
    project = request.project(call)
    request.required(call, "iterationId")
    request.required(call, "imageIds")
    iteration = request.iteration(call, project, request.text(call, "iterationId"))
    wanted = request.ids(call, "imageIds", request.BATCH)
    pictures = [each for each in call.store.images.with_ids(wanted) if each.project_id == project.id]
    if len(pictures) < len(wanted):
        raise ImageNotFound("every picture must be the project's, some are not: they may have been deleted")
    suggested = suggestions.suggest(call.store, iteration, pictures)
    return [_told(each, suggested[each.id], iteration) for each in pictures if each.id in suggested]


def query_suggested_images(call: Call) -> Any:
    """Untagged pictures with the tags suggested for them; the token in the answer asks for the next.

    A picture is among them when one of the tags asked for, or any tag if none is, is at least as probable as the
    threshold. The most uncertain come first unless the token says else.
    """
    project = request.project(call)
    token = request.fields(call)
    iteration = _iteration(call, project)
    count = _count(token)
    start = _whole(request.text_field(token, "continuation"))
    order = request.choice(request.text_field(token, "sortBy"), "sortBy", ORDERS)
    found = [(each, _told(each, said, iteration)) for each, said in _suggested(call, project, iteration, token)]
    found.sort(key=lambda each: each[1]["predictionUncertainty"], reverse=order == ORDERS[0])
    following = start + count
    results = [
        schemas.stored_suggestion(told, each, server=call.server, domain_id=iteration.domain_id)
        for each, told in found[start:following]
    ]
    answer = {
        "tagIds": request.id_list_field(token, "tagIds", request.IDS),
        "threshold": _threshold(token),
        "session": request.text_field(token, "session") or iteration.id,
        "continuation": str(following) if following < len(found) else None,
        "maxCount": count,
        "sortBy": order,
    }
    return {"token": answer, "results": results}


def query_suggested_image_count(call: Call) -> Any:
    """For each tag, how many untagged pictures it is suggested for at the threshold."""
    project = request.project(call)
    given = request.fields(call)
    iteration = _iteration(call, project)
    threshold = _threshold(given)
    tag_ids = request.id_list_field(given, "tagIds", request.IDS)
    counts = dict.fromkeys(tag_ids or [tag.tag_id for tag in call.store.iterations.tags(iteration.id)], 0)
    for _, said in _suggested(call, project, iteration, given):
        for one in said:
            if one.tag_id in counts and one.probability >= threshold:
                counts[one.tag_id] += 1
    return counts


def _iteration(call: Call, project: Project) -> Iteration:
    request.required(call, "iterationId")
    return request.iteration(call, project, request.text(call, "iterationId"))


def _suggested(
    call: Call, project: Project, iteration: Iteration, given: request.Fields
) -> list[tuple[Image, list[Prediction]]]:
    wanted = set(request.id_list_field(given, "tagIds", request.IDS))
    threshold = _threshold(given)
    untagged = call.store.searches.page(ImageSearch(project.id, is_tagged=False), take=request.NUMBER_MAX)
    suggested = suggestions.suggest(call.store, iteration, untagged)
    return [
        (each, suggested[each.id])
        for each in untagged
        if each.id in suggested
        and any(one.probability >= threshold for one in suggested[each.id] if not wanted or one.tag_id in wanted)
    ]


def _told(each: Image, said: list[Prediction], iteration: Iteration) -> schemas.Json:
    multilabel = iteration.classification_type == MULTILABEL
    return schemas.suggestion(each, said, acquisition.entropy(said, multilabel=multilabel), iteration=iteration)


def _threshold(given: request.Fields) -> float:
    value = given.get("threshold")
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal("BadRequestInvalid", "threshold must be a number in 0..1")
    return float(value)


def _count(given: request.Fields) -> int:
    value = given.get("maxcount")
    if value in (None, 0):
        return request.TAKE
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= request.IDS:
        raise Refusal("BadRequestInvalid", f"maxCount must be a whole number in 1..{request.IDS}")
    return value


def _whole(given: str) -> int:
    if not given:
        return 0
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise Refusal("BadRequestInvalid", "continuation must be what an earlier answer gave")
    return int(given)
