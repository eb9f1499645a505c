"""`POST /live/{iteration}`: a frame of a live camera comes in, its tags' probabilities go out; nothing is stored."""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cvcore import urls
from cvcore.api.classroom import door
from cvcore.api.live.frame_queue import FrameQueue
from cvcore.errors import Conflict, InvalidInput, NotFound, TagwiseError
from cvcore.languages import number, of_request, t, using
from cvcore.prediction import frames
from cvcore.store import Pupil, Store

CLIENT = "tagwise-live"
CLIENT_LETTERS = 64
BODY_S = 10.0
DIGITS = 4

_STATUSES: tuple[tuple[type[TagwiseError], int], ...] = ((InvalidInput, 400), (NotFound, 404), (Conflict, 409))


def routes(store: Store) -> list[Route]:
    """The body is a JPEG within `frames.LIMITS`; the header `tagwise-live` names the camera by a text of its own.

    `?threshold=0.5` is one threshold for all tags; without it those saved with the iteration are used. The answer is
    `{"probabilities": [0.9, 0.1], "answer": [0]}`, in the order of the iteration's tags. A pupil's iterations are
    their own, the teacher's all. Refusals are one sentence in the browser's language: 400 for what is no
    frame, 404 for an iteration that is not there, 409 for one without a model, 413 for a large body, 429 before the
    last frame is answered, 503 where a model file is damaged. Pages of other sites are refused by `api.origins`.
    """
    queue = FrameQueue()

    async def answer(request: Request) -> Response:
        with using(of_request(request.cookies, request.headers)):
            return await _answer(request, store, queue)

    return [Route(urls.LIVE, answer, methods=["POST"])]


async def _answer(request: Request, store: Store, queue: FrameQueue) -> Response:
    name = request.headers.get(CLIENT, "")
    if not 0 < len(name) <= CLIENT_LETTERS:
        rule = t(
            "the header {header} must name the camera, in at most {most} letters", header=CLIENT, most=CLIENT_LETTERS
        )
        return PlainTextResponse(rule, 400)
    client = _client(request, name)
    if refusal := queue.refusal(client):
        return PlainTextResponse(refusal, 429, headers={"Retry-After": "1"})
    with queue.place(client):
        return await _answered(request, store, queue)


async def _answered(request: Request, store: Store, queue: FrameQueue) -> Response:
    try:
        threshold = _threshold(request.query_params.get("threshold", ""))
        async with asyncio.timeout(BODY_S):
            frame = await _body(request, frames.LIMITS.image_bytes)
        if frame is None:
            return PlainTextResponse(
                t("a frame must have at most {most} bytes: send it smaller", most=number(frames.LIMITS.image_bytes)),
                413,
            )
        answer = await queue.run(partial(_predict, request, store, frame, threshold))
    except TagwiseError as error:
        return PlainTextResponse(str(error), next((code for kind, code in _STATUSES if isinstance(error, kind)), 503))
    except (TimeoutError, ClientDisconnect):
        return PlainTextResponse(
            t("a frame must arrive within {seconds} s, this one did not: send it again", seconds=f"{BODY_S:g}"), 408
        )
    rounded = [round(probability, DIGITS) for probability in answer.probabilities]
    return JSONResponse({"probabilities": rounded, "answer": answer.answer}, headers={"Cache-Control": "no-store"})


def _predict(request: Request, store: Store, frame: bytes, threshold: float | None) -> frames.FrameAnswer:
    stores = door.stores_of(request.scope, store)
    return frames.predict(stores, request.path_params["iteration_id"], frame, threshold)


def _client(request: Request, name: str) -> str:
    viewer = request.scope.get(door.VIEWER)
    if isinstance(viewer, Pupil):  # however many names they send
        return viewer.id
    return f"{request.client.host if request.client else ''} {name}"


def _threshold(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise InvalidInput(t("threshold must be in 0..1, got {value}", value=repr(text[:80]))) from None


async def _body(request: Request, most: int) -> bytes | None:
    """The request's body; None if it is longer than that."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return body
