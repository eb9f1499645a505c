"""How Rekognition's operations are asked and answered, whichever they are."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Message

from cvcore import errors
from cvcore.api.aws.rekognition import routes, service
from cvcore.api.aws.rekognition.protocol import errors as names
from cvcore.api.aws.rekognition.protocol import input
from cvcore.api.aws.rekognition.protocol.call import Answer, Call, seconds
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.routes import Operation
from cvcore.settings import Settings
from cvcore.store import Store
from tests.conftest import awaited

Tags = input.Tags


class Asked(input.Input):
    """A request with one field of each kind."""

    project_arn: input.ProjectArn
    tags: Tags | None = None
    image: bytes | None = None


ARN = "arn:aws:rekognition:eu-west-1:123456789012:project/dogs/1700000000000"


def test_a_request_is_read_by_amazon_s_names() -> None:
    """Names are Amazon's, bytes come in base64, null is as if it were not there, and unknown fields are ignored."""
    body = {"ProjectArn": ARN, "Image": "aGVsbG8=", "Tags": None, "Other": [1]}
    assert Asked(ARN, image=b"hello") == input.read(json.dumps(body).encode(), Asked)


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        (b"", "ValidationException", "missing required field `ProjectArn`"),
        (b"{}", "ValidationException", "missing required field `ProjectArn`"),
        (b'{"ProjectArn": 7}', "ValidationException", "Expected `str`, got `int` - at `$.ProjectArn`"),
        (b'{"ProjectArn": "x"}', "ValidationException", "at `$.ProjectArn`"),
        (json.dumps({"ProjectArn": f"{ARN}\n"}).encode(), "ValidationException", "matching regex"),
        (json.dumps({"ProjectArn": ARN, "Image": "?"}).encode(), "ValidationException", "base64"),
        (b"[]", "ValidationException", "Expected `object`"),
        (b"{", "SerializationException", "the body must be JSON"),
        (b"\xff", "SerializationException", "the body must be JSON"),
        (b"[" * 100_000, "ValidationException", "Expected `object`"),
        (b'{"Other": ' + b"[" * 100_000, "SerializationException", "the body must be JSON"),
    ],
)
def test_what_a_request_cannot_be(body: bytes, name: str, message: str) -> None:
    """A request that is not JSON, or breaks a rule of the model, is refused by the names of such refusals."""
    with pytest.raises(Refusal) as caught:
        input.read(body, Asked)
    assert name == caught.value.name
    assert message in str(caught.value)


def call_of(store: Store) -> Call[Asked]:
    return Call(store, Settings(home=store.home), "eu-west-1", "http://here", Asked(ARN))


def failing(error: Exception) -> Callable[[Call[Asked]], Answer]:
    def handler(_: Call[Asked]) -> Answer:
        raise error

    return handler


OPERATION = Operation("Ask", Asked, lambda call: {"Arn": call.request.project_arn, "NextToken": None}, "LimitExceeded")


def test_an_answer_has_no_null(store: Store) -> None:
    """What a handler leaves open is left out, as Amazon does; a time is in seconds."""
    response = service.respond(OPERATION, call_of(store))
    assert {"Arn": ARN} == msgspec.json.decode(response.body)
    assert 200 == response.status_code
    assert 1769860800.123 == seconds(datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC))


@pytest.mark.parametrize(
    ("error", "name", "status"),
    [
        (errors.StorageFull("the disk is full"), "LimitExceededException", 400),
        (errors.ProjectNotFound("there is no project"), "InvalidParameterException", 400),
        (Refusal("ResourceNotReadyException", "not ready"), "InvalidParameterException", 400),
        (ZeroDivisionError("secret"), "InternalServerError", 500),
    ],
)
def test_an_error_has_a_name_of_the_operation(store: Store, error: Exception, name: str, status: int) -> None:
    """An error has Amazon's name if the operation has it, else InvalidParameter; a failure of ours says nothing."""
    response = service.respond(replace(OPERATION, handler=failing(error)), call_of(store))
    body = json.loads(response.body)
    assert (status, name, name) == (response.status_code, response.headers["x-amzn-ErrorType"], body["__type"])
    assert (str(error) if status == 400 else "an unexpected error: try again; details are in the server's log") == body[
        "Message"
    ]


def test_every_error_has_a_name() -> None:
    """Each error of ours becomes a name that some operation has, or all have."""
    known = {name for operation in routes.OPERATIONS for name in operation.own} | names.COMMON
    assert {name for _, _, name in names.NAMES} <= known


async def never() -> Message:
    return await asyncio.get_running_loop().create_future()


def test_an_answer_is_held_while_the_client_waits(store: Store) -> None:
    """It comes once there is no reason to hold it, or when the client is gone; no longer."""
    asked: list[float] = []

    def is_held(_: Call[Asked]) -> bool:
        asked.append(time.monotonic())
        return len(asked) < 3

    async def gone() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def both() -> None:
        await service.hold(replace(OPERATION, hold=is_held), call_of(store), never)
        assert 3 == len(asked)
        await service.hold(replace(OPERATION, hold=lambda _: True), call_of(store), gone)
        await service.hold(replace(OPERATION, hold=lambda _: 1 / 0 > 0), call_of(store), never)

    awaited(asyncio.wait_for(both(), 5))


def test_a_server_that_stops_holds_no_answer(store: Store) -> None:
    """uvicorn, told to stop, is not kept from it by an answer that is held."""
    server = uvicorn.Server(uvicorn.Config(PlainTextResponse("a page")))
    before = signal.signal(signal.SIGTERM, server.handle_exit)
    try:
        signal.raise_signal(signal.SIGTERM)
        held = service.hold(replace(OPERATION, hold=lambda _: True), call_of(store), never)
        awaited(asyncio.wait_for(held, 5))
    finally:
        signal.signal(signal.SIGTERM, before)
