"""The policy that keeps browsers from loading anything from elsewhere."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cvcore.api.sources import POLICY, OwnSources


def _answer(request: Request) -> PlainTextResponse:
    own = request.query_params.get("policy")
    return PlainTextResponse("here", headers={"Content-Security-Policy": own} if own else {})


CLIENT = TestClient(Starlette(routes=[Route("/", _answer)], middleware=[Middleware(OwnSources)]))


def test_every_answer_carries_the_policy() -> None:
    """Pages, errors and all: the policy tells the browser to load from this server only."""
    assert [POLICY, POLICY] == [CLIENT.get(path).headers["Content-Security-Policy"] for path in ("/", "/nowhere")]
    assert POLICY.startswith("default-src 'self'")
    assert "http" not in POLICY


def test_an_answer_with_its_own_policy_keeps_it() -> None:
    """A stricter one is not loosened."""
    assert "sandbox" == CLIENT.get("/?policy=sandbox").headers["Content-Security-Policy"]
