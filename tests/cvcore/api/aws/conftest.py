"""Amazon's services on loopback, over a temporary store, and Amazon's own clients to speak to them."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.model
import pytest
import uvicorn
from botocore.config import Config
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cvcore.api.aws.middleware import Amazon
from cvcore.api.aws.rekognition.protocol import errors
from cvcore.files.api_keys import AwsKeys
from cvcore.settings import Settings
from cvcore.store import Store

KEYS = AwsKeys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
REGION = "eu-west-1"


@dataclass(frozen=True)
class Server:
    """Where it listens, and what it answers from."""

    url: str
    store: Store
    settings: Settings


class _Listening:
    """A server for the whole session, whose app each test sets."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app: ASGIApp = PlainTextResponse("no test runs")
        self.clients: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def listening() -> Iterator[_Listening]:
    """A server in a thread: starting one, and making clients, takes longer than most tests."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        here = _Listening(f"http://127.0.0.1:{bound.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(here, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        yield here
        for client in here.clients.values():
            client.close()
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def amazon(listening: _Listening, store: Store) -> Server:
    """The middleware alone, over the test's store."""
    settings = Settings(home=store.home)
    listening.app = Amazon(PlainTextResponse("a page"), store, settings, KEYS)
    return Server(listening.url, store, settings)


@pytest.fixture
def boto(amazon: Server, listening: _Listening) -> Callable[..., Any]:
    """boto3's client of a service; every answer of Rekognition is held against botocore's model."""

    def client(service: str, *, keys: AwsKeys = KEYS, region: str = REGION, **config: Any) -> Any:
        name = repr((service, keys.access_key_id, keys.secret_access_key, region, config))
        if name not in listening.clients:
            listening.clients[name] = made = boto3.client(
                service,
                endpoint_url=amazon.url,
                aws_access_key_id=keys.access_key_id,
                aws_secret_access_key=keys.secret_access_key,
                region_name=region,
                # A 5xx is to be seen at once.
                config=Config(retries={"max_attempts": 0}, **config),
            )
            if service == "rekognition":
                made.meta.events.register("before-parse.rekognition", check_answer)
        return listening.clients[name]

    return client


@pytest.fixture
def rekognition(boto: Callable[..., Any]) -> Any:
    """boto3's client of Rekognition."""
    return boto("rekognition")


@pytest.fixture
def s3(boto: Callable[..., Any]) -> Any:
    """boto3's client of S3."""
    return boto("s3")


def check_answer(operation_model: botocore.model.OperationModel, response_dict: dict[str, Any], **_: object) -> None:
    """Hold an answer against botocore's model: its fields, their types and limits, or the name of its error."""
    assert response_dict["headers"]["Content-Type"] == "application/x-amz-json-1.1"
    body = json.loads(response_dict["body"])
    if response_dict["status_code"] == 200:
        assert problems(body, operation_model.output_shape) == []
        return
    assert {"__type", "Message"} == set(body)
    assert body["__type"] == response_dict["headers"]["x-amzn-ErrorType"]
    named = {shape.name for shape in operation_model.error_shapes}
    assert body["__type"] in named | errors.COMMON
    assert response_dict["status_code"] == (500 if body["__type"] == "InternalServerError" else 400)


def problems(value: Any, shape: botocore.model.Shape, at: str = "") -> list[str]:
    """Where a JSON value is not as a shape of the model says; required members, types, enumerations, patterns.

    >>> model = botocore.model.DenormalizedStructureBuilder().with_members({"Name": {"type": "string"}}).build_model()
    >>> problems({"Name": "x"}, model), problems({"Name": 1, "Other": 2}, model)
    ([], ['.Name: not a string', '.Other: unknown'])
    """
    kinds: dict[str, Any] = {"structure": dict, "map": dict, "list": list, "boolean": bool, "integer": int, "long": int}
    kind = kinds.get(shape.type_name, (int, float) if shape.type_name in ("timestamp", "float", "double") else str)
    if not isinstance(value, kind) or (isinstance(value, bool) and shape.type_name != "boolean"):
        return [f"{at}: not a {shape.type_name}"]
    if isinstance(shape, botocore.model.StructureShape):
        missing = [f"{at}.{name}: missing" for name in shape.required_members if name not in value]
        return missing + [
            problem
            for name, each in value.items()
            for problem in (
                problems(each, shape.members[name], f"{at}.{name}")
                if name in shape.members
                else [f"{at}.{name}: unknown"]
            )
        ]
    if isinstance(shape, botocore.model.ListShape):
        return [
            problem for number, each in enumerate(value) for problem in problems(each, shape.member, f"{at}[{number}]")
        ]
    if isinstance(shape, botocore.model.MapShape):
        return [problem for name, each in value.items() for problem in problems(each, shape.value, f"{at}.{name}")]
    return _limits(value, shape, at)


def _limits(value: Any, shape: botocore.model.Shape, at: str) -> list[str]:
    limits = shape.metadata
    size = len(value) if isinstance(value, str) else value
    found = []
    if limits.get("enum") and value not in limits["enum"]:
        found.append(f"{at}: {value!r} is none of {limits['enum']}")
    if not limits.get("min", size) <= size <= limits.get("max", size):
        found.append(f"{at}: {size} is not within {limits}")
    pattern = limits.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
    if pattern and not re.fullmatch(pattern, value):
        found.append(f"{at}: {value!r} does not match {pattern}")
    return found
