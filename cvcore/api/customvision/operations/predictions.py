"""Questions asked of iterations, and what is kept of them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from cvcore import prediction, training
from cvcore.active_learning import prediction_queue
from cvcore.api.customvision.operations import uploads
from cvcore.api.customvision.protocol import request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import NotTrained
from cvcore.prediction import history, publishing
from cvcore.records import Iteration, Project, StoredPrediction

QUERY_TAGS = 2
QUERY_COUNT = 256
ORDERS = ("Newest", "Oldest", "Suggested")


def classify_image(call: Call) -> Any:
    """What a published iteration says of the picture sent, which is kept for 30 days."""
    iteration = _published(call)
    return _answer(call, iteration, _picture(call), is_kept=True)


def classify_image_with_no_store(call: Call) -> Any:
    """What a published iteration says of the picture sent; nothing is kept."""
    iteration = _published(call)
    return _answer(call, iteration, _picture(call), is_kept=False)


def classify_image_url(call: Call) -> Any:
    """What a published iteration says of the picture at an address, which is kept for 30 days."""
    iteration = _published(call)
    return _answer(call, iteration, _fetched(call), is_kept=True)


def classify_image_url_with_no_store(call: Call) -> Any:
    """What a published iteration says of the picture at an address; nothing is kept."""
    iteration = _published(call)
    return _answer(call, iteration, _fetched(call), is_kept=False)


def quick_test_image(call: Call) -> Any:
    """What an iteration, published or not, says of the picture sent; without one the newest that is trained."""
    iteration = _tested(call)
    return _answer(
        call, iteration, _picture(call), is_kept=request.flag(call, "store", default=True), asker=history.QUICK_TEST
    )


def quick_test_image_url(call: Call) -> Any:
    """What an iteration, published or not, says of the picture at an address."""
    iteration = _tested(call)
    return _answer(
        call, iteration, _fetched(call), is_kept=request.flag(call, "store", default=True), asker=history.QUICK_TEST
    )


def query_predictions(call: Call) -> Any:
    """Kept predictions that the token in the body asks for; the token in the answer asks for the next.

    Suggested gives those first whose pictures would teach most. Of several tags, each with its probabilities, all must
    fit. A token without continuation has nothing to follow. Its session is the moment of the first question, so that
    pictures that come in meanwhile do not shift the pages.
    """
    project = request.project(call)
    token = request.fields(call)
    count = _whole(token, "maxCount", request.TAKE)
    if count > QUERY_COUNT:
        raise Refusal("BadRequestPredictionResultsExceededCount", f"maxCount may be {QUERY_COUNT}, got {count}")
    start = _whole(token, "continuation", 0)
    session = request.text_field(token, "session") or datetime.now(UTC).isoformat()
    found = _kept(call, project, token, session)
    page = found[start : start + count]
    following = start + count
    domain_ids = {each.id: each.domain_id for each in call.store.iterations.of_project(project.id)}
    answer = {
        **{name: token.get(name.casefold()) for name in ("tags", "iterationId", "startTime", "endTime", "application")},
        "session": session,
        "continuation": str(following) if count and following < len(found) else None,
        "maxCount": count,
        "orderBy": request.choice(request.text_field(token, "orderBy"), "orderBy", ORDERS),
    }
    results = [
        schemas.stored_answer(each, server=call.server, domain_id=domain_ids[each.iteration_id])
        for each in page
        if each.iteration_id in domain_ids
    ]
    return {"token": answer, "results": results}


def delete_prediction(call: Call) -> Any:
    """Kept predictions go, with the pictures that nothing else holds."""
    request.required(call, "ids")
    wanted = request.ids(call, "ids", request.BATCH)
    if not wanted:
        raise Refusal("BadRequestPredictionIdsMissing", "ids must name at least one prediction")
    history.delete(call.store, request.project(call), wanted)
    return Answer(204)


def _published(call: Call) -> Iteration:
    return publishing.find(call.store, request.project(call), call.path["publishedName"])


def _tested(call: Call) -> Iteration:
    project = request.project(call)
    named = request.snapshot(call, project)
    iteration = named or training.find_iteration(call.store, project)
    if iteration.status != "Completed":
        raise NotTrained(f"{iteration.name} is not trained: it has nothing to say")
    return iteration


def _picture(call: Call) -> bytes:
    return request.uploaded_files(call)[0].data


def _fetched(call: Call) -> bytes:
    url = request.text_field(request.fields(call), "url")
    if not url:
        raise Refusal("BadRequestImageUrl", 'the body must be like {"url": "https://example.com/cat.jpg"}')
    return uploads.fetched(call, url)


def _answer(call: Call, iteration: Iteration, picture: bytes, *, is_kept: bool, asker: str = "") -> Any:
    application, limits = request.text(call, "application") or asker, call.told.limits
    if is_kept:
        return schemas.answer(history.predict_and_keep(call.store, iteration, picture, application=application, limits=limits))
    return schemas.answer(
        StoredPrediction(
            id=str(uuid.uuid4()),
            project_id=iteration.project_id,
            iteration_id=iteration.id,
            application=application,
            sha256="",
            predictions=tuple(prediction.predict(call.store, iteration, picture, limits=limits)),
            created_at=datetime.now(UTC),
        )
    )


def _kept(call: Call, project: Project, token: request.Fields, session: str) -> list[StoredPrediction]:
    tags = [request.as_fields(each, "tags") for each in request.list_field(token, "tags", request.IDS)]
    if len(tags) > QUERY_TAGS:
        raise Refusal("BadRequestPredictionTagsExceededCount", f"at most {QUERY_TAGS} tags are combined")
    bounds = {
        request.text_field(each, "id").casefold(): (_share(each, "minThreshold", 0), _share(each, "maxThreshold", 1))
        for each in tags
    }
    start, end = (_moment(request.text_field(token, name), name) for name in ("startTime", "endTime"))
    asked_at = _moment(session, "session")
    found = call.store.predictions.of_project(
        project.id,
        iteration_id=request.text_field(token, "iterationId").casefold() or None,
        application=request.text_field(token, "application") or None,
        start=max(moment for moment in (start, history.kept_since()) if moment),
        end=min(moment for moment in (end, asked_at) if moment),
    )
    fitting = [each for each in found if _fits(each, bounds)]
    order = request.choice(request.text_field(token, "orderBy"), "orderBy", ORDERS)
    if order == "Oldest":
        return fitting[::-1]
    if order == "Suggested":
        return prediction_queue.by_usefulness(call.store, project, fitting)
    return fitting


def _fits(each: StoredPrediction, bounds: dict[str, tuple[float, float]]) -> bool:
    said = {one.tag_id: one.probability for one in each.predictions}
    return all(tag_id in said and low <= said[tag_id] <= high for tag_id, (low, high) in bounds.items())


def _share(given: request.Fields, name: str, default: float) -> float:
    value = given.get(name.casefold())
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal("BadRequestPredictionInvalidQueryParameters", f"{name} must be a number in 0..1, got {value!r}")
    return float(value)


def _whole(given: request.Fields, name: str, default: int) -> int:
    value = given.get(name.casefold())
    if value in (None, "", 0):
        return default
    digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise Refusal(
            "BadRequestPredictionInvalidQueryParameters", f"{name} must be a whole number, got {str(value)[:80]!r}"
        )
    return int(digits)


def _moment(given: str, name: str) -> datetime | None:
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        rule = f"{name} must be a time like 2026-01-31T12:00:00Z, got {given[:80]!r}"
        raise Refusal("BadRequestPredictionInvalidQueryParameters", rule) from error
