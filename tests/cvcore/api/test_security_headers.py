"""What every answer tells browsers, and what nobody is answered."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cvcore.api.security_headers import HEADERS, POLICY, STATISTICS, SecurityHeaders


def _answer(request: Request) -> PlainTextResponse:
    own = request.query_params.get("policy")
    return PlainTextResponse("here", headers={"Content-Security-Policy": own} if own else {})


ROUTES = [Route("/", _answer), Route(STATISTICS, _answer), Route(f"/tagwise{STATISTICS}", _answer)]
CLIENT = TestClient(Starlette(routes=ROUTES, middleware=[Middleware(SecurityHeaders)]))


@pytest.mark.parametrize("path", ["/", "/nowhere", STATISTICS])
def test_every_answer_carries_the_headers(path: str) -> None:
    """Pages, errors and all: load from this server only, guess no types, tell no other server, stand in no frame."""
    headers = CLIENT.get(path).headers
    assert HEADERS == {name: headers[name] for name in HEADERS}
    assert POLICY.startswith("default-src 'self'")
    assert "frame-ancestors 'self'" in POLICY
    assert "http" not in POLICY


def test_an_answer_with_its_own_policy_keeps_it() -> None:
    """A stricter one is not loosened."""
    assert "sandbox" == CLIENT.get("/?policy=sandbox").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", [STATISTICS, f"{STATISTICS}/", f"/tagwise{STATISTICS}"])
def test_statistics_are_for_nobody(path: str) -> None:
    """What each session takes of memory is not told, below an address of one's own either."""
    assert 404 == CLIENT.get(path).status_code
