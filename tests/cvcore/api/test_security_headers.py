"""What every answer tells browsers, and what nobody is answered."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cvcore.api.security_headers import AGENTS, HEADERS, POLICY, STATISTICS, SecurityHeaders


def _answer(request: Request) -> PlainTextResponse:
    own = request.query_params.get("policy")
    return PlainTextResponse("here", headers={"Content-Security-Policy": own} if own else {})


ROUTES = [Route("/", _answer), Route("/_stcore/{path:path}", _answer), Route("/tagwise/{path:path}", _answer)]
CLIENT = TestClient(Starlette(routes=ROUTES, middleware=[Middleware(SecurityHeaders)]))


@pytest.mark.parametrize("path", ["/", "/nowhere", STATISTICS])
def test_every_answer_carries_the_headers(path: str) -> None:
    """Pages, errors and all: load from this server only, guess no types, tell no other server, stand in no frame."""
    headers = CLIENT.get(path).headers
    assert HEADERS == {name: headers[name] for name in HEADERS}
    assert POLICY.startswith("default-src 'self'")
    assert {"frame-ancestors 'self'", "object-src 'none'", "base-uri 'none'"} <= set(POLICY.split("; "))
    assert "http" not in POLICY


def test_an_answer_with_its_own_policy_keeps_it() -> None:
    """A stricter one is not loosened."""
    assert "sandbox" == CLIENT.get("/?policy=sandbox").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [STATISTICS, f"{STATISTICS}/", f"/tagwise{STATISTICS}", AGENTS, f"{AGENTS}/mcp", f"/tagwise{AGENTS}/openapi.json"],
)
def test_what_nobody_needs_is_closed(path: str) -> None:
    """Neither what each session takes of memory nor how to drive the pages is told, nor below a path of one's own."""
    assert 404 == CLIENT.get(path).status_code


def test_similar_addresses_are_open() -> None:
    """What only begins like a closed address is another one."""
    assert [200, 200] == [CLIENT.get(f"{path}x").status_code for path in (STATISTICS, AGENTS)]
