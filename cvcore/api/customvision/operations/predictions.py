"""Handlers that predict tags, and that list and delete stored predictions."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from cvcore import prediction, training
from cvcore.active_learning import prediction_queue
from cvcore.api.customvision.operations import uploads
from cvcore.api.customvision.protocol import json_body, prediction_schemas, request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import NotTrained
from cvcore.prediction import history, publishing
from cvcore.records import Iteration, Project, StoredPrediction

QUERY_TAGS = 2
QUERY_COUNT = 256
ORDERS = ("Newest", "Oldest", "Suggested")


def classify_image(call: Call) -> Any:
    """A published iteration's prediction for the image in the request, stored for 30 days."""
    return of_image(call, _published(call), is_stored=True)


def classify_image_with_no_store(call: Call) -> Any:
    """A published iteration's prediction for the image in the request; nothing is stored."""
    return of_image(call, _published(call), is_stored=False)


def classify_image_url(call: Call) -> Any:
    """A published iteration's prediction for the image at an address, stored for 30 days."""
    return of_url(call, _published(call), is_stored=True)


def classify_image_url_with_no_store(call: Call) -> Any:
    """A published iteration's prediction for the image at an address; nothing is stored."""
    return of_url(call, _published(call), is_stored=False)


def of_image(call: Call, iteration: Iteration, *, is_stored: bool) -> schemas.Json:
    """An iteration's prediction for the image in the request."""
    return _answer(call, iteration, _image(call), is_stored=is_stored)


def of_url(call: Call, iteration: Iteration, *, is_stored: bool) -> schemas.Json:
    """An iteration's prediction for the image at the address in the request."""
    return _answer(call, iteration, _fetched(call), is_stored=is_stored)


def trained(iteration: Iteration) -> Iteration:
    """The iteration, if it can predict.

    Raises:
        NotTrained: it cannot.
    """
    if iteration.status != "Completed":
        raise NotTrained(f"only a trained iteration can predict, {iteration.name} is not: train it first")
    return iteration


def quick_test_image(call: Call) -> Any:
    """The prediction of an iteration, by default the newest trained one, for the image in the request."""
    iteration = _iteration_to_test(call)
    return _answer(
        call,
        iteration,
        _image(call),
        is_stored=request.flag(call, "store", default=True),
        default_application=history.QUICK_TEST,
    )


def quick_test_image_url(call: Call) -> Any:
    """The prediction of an iteration, by default the newest trained one, for the image at an address."""
    iteration = _iteration_to_test(call)
    return _answer(
        call,
        iteration,
        _fetched(call),
        is_stored=request.flag(call, "store", default=True),
        default_application=history.QUICK_TEST,
    )


def query_predictions(call: Call) -> Any:
    """A page of stored predictions that match the token in the body, and the token for the next page.

    With orderBy Suggested the images that would improve the model most come first. If several tags have bounds for
    their probabilities, all must hold. On the last page the token's continuation is null. Its session is the time of
    the first request, so that later predictions do not shift the pages.
    """
    project = request.project(call)
    token = json_body.fields(call)
    count = _whole_number(token, "maxCount", request.TAKE)
    if count > QUERY_COUNT:
        raise Refusal(
            "BadRequestPredictionResultsExceededCount", f"maxCount must be at most {QUERY_COUNT}, got {count}"
        )
    start = _whole_number(token, "continuation", 0)
    session = json_body.text(token, "session") or datetime.now(UTC).isoformat()
    stored = _stored(call, project, token, session)
    page = stored[start : start + count]
    following = start + count
    domain_ids = {iteration.id: iteration.domain_id for iteration in call.store.iterations.of_project(project.id)}
    answer = {
        **{name: token.get(name.casefold()) for name in ("tags", "iterationId", "startTime", "endTime", "application")},
        "session": session,
        "continuation": str(following) if count and following < len(stored) else None,
        "maxCount": count,
        "orderBy": request.choice(json_body.text(token, "orderBy"), "orderBy", ORDERS),
    }
    results = [
        prediction_schemas.stored_image_prediction(kept, server=call.server, domain_id=domain_ids[kept.iteration_id])
        for kept in page
        if kept.iteration_id in domain_ids
    ]
    return {"token": answer, "results": results}


def delete_prediction(call: Call) -> Any:
    """Delete stored predictions, with the images that nothing else uses."""
    request.required(call, "ids")
    wanted = request.ids(call, "ids", request.BATCH)
    if not wanted:
        raise Refusal("BadRequestPredictionIdsMissing", "ids must have at least one prediction's id")
    history.delete(call.store, request.project(call), wanted)
    return Answer(204)


def _published(call: Call) -> Iteration:
    return publishing.find(call.store, request.project(call), call.path["publishedName"])


def _iteration_to_test(call: Call) -> Iteration:
    project = request.project(call)
    named = request.snapshot(call, project)
    return trained(named or training.find_iteration(call.store, project))


def _image(call: Call) -> bytes:
    return request.uploaded_files(call)[0].data


def _fetched(call: Call) -> bytes:
    url = json_body.text(json_body.fields(call), "url")
    if not url:
        raise Refusal("BadRequestImageUrl", 'the body must be like {"url": "https://example.com/cat.jpg"}')
    return uploads.fetched(call, url)


def _answer(
    call: Call, iteration: Iteration, image: bytes, *, is_stored: bool, default_application: str = ""
) -> schemas.Json:
    application, limits = request.text(call, "application") or default_application, call.settings.limits
    if is_stored:
        return prediction_schemas.image_prediction(
            history.predict_and_keep(call.store, iteration, image, application=application, limits=limits)
        )
    return prediction_schemas.image_prediction(
        StoredPrediction(
            id=str(uuid.uuid4()),
            project_id=iteration.project_id,
            iteration_id=iteration.id,
            application=application,
            sha256="",
            predictions=tuple(prediction.predict(call.store, iteration, image, limits=limits)),
            created_at=datetime.now(UTC),
        )
    )


def _stored(call: Call, project: Project, token: json_body.Fields, session: str) -> list[StoredPrediction]:
    tags = [json_body.as_fields(item, "tags") for item in json_body.items(token, "tags", request.IDS)]
    if len(tags) > QUERY_TAGS:
        raise Refusal(
            "BadRequestPredictionTagsExceededCount", f"tags must have at most {QUERY_TAGS} items, got {len(tags)}"
        )
    bounds = {
        json_body.text(tag, "id").casefold(): (
            _probability(tag, "minThreshold", 0),
            _probability(tag, "maxThreshold", 1),
        )
        for tag in tags
    }
    start, end = (_moment(json_body.text(token, name), name) for name in ("startTime", "endTime"))
    asked_at = _moment(session, "session")
    stored = call.store.predictions.of_project(
        project.id,
        iteration_id=json_body.text(token, "iterationId").casefold() or None,
        application=json_body.text(token, "application") or None,
        start=max(moment for moment in (start, history.kept_since()) if moment),
        end=min(moment for moment in (end, asked_at) if moment),
    )
    matching = [kept for kept in stored if _matches(kept, bounds)]
    order = request.choice(json_body.text(token, "orderBy"), "orderBy", ORDERS)
    if order == "Oldest":
        return matching[::-1]
    if order == "Suggested":
        return prediction_queue.by_usefulness(call.store, project, matching)
    return matching


def _matches(stored: StoredPrediction, bounds: dict[str, tuple[float, float]]) -> bool:
    by_tag = {tag.tag_id: tag.probability for tag in stored.predictions}
    return all(tag_id in by_tag and low <= by_tag[tag_id] <= high for tag_id, (low, high) in bounds.items())


def _probability(fields: json_body.Fields, name: str, default: float) -> float:
    value = fields.get(name.casefold())
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal("BadRequestPredictionInvalidQueryParameters", f"{name} must be a number in 0..1, got {value!r}")
    return float(value)


def _whole_number(fields: json_body.Fields, name: str, default: int) -> int:
    value = fields.get(name.casefold())
    if value in (None, "", 0):
        return default
    digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise Refusal(
            "BadRequestPredictionInvalidQueryParameters", f"{name} must be a whole number, got {str(value)[:80]!r}"
        )
    return int(digits)


def _moment(text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        rule = f"{name} must be a time like 2026-01-31T12:00:00Z, got {text[:80]!r}"
        raise Refusal("BadRequestPredictionInvalidQueryParameters", rule) from error
