"""Every door of the running app stands whatever is sent to it, and tells browsers what its answers may do."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cvcore import training, urls
from cvcore.api.security_headers import HEADERS
from cvcore.files import api_keys
from cvcore.settings import Settings
from cvcore.store import Store
from tests.conftest import fill_in
from tests.cvcore.api import doors
from tests.cvcore.api.conftest import PREDICTION_KEY, TRAINING_KEY, Server

PASSWORD = "the pages' own"
HTML = ("Accept", "text/html")


@pytest.fixture(scope="module")
def port(server: Server) -> int:
    """Where the app listens."""
    return int(urlsplit(server.url).port or 0)


@pytest.fixture(scope="module")
def cookie(port: int) -> tuple[str, str]:
    """The header of a browser that gave the password."""
    return "Cookie", f"tagwise={doors.signed_in(port, PASSWORD)}"


@pytest.mark.parametrize(
    ("method", "target", "is_in", "status"),
    [
        ("GET", "/", True, 200),
        ("GET", "/performance", True, 200),
        ("GET", "/static/index.html", True, 200),
        ("GET", "/nowhere.js", True, 200),
        ("GET", urls.PLOTLY, True, 200),
        ("GET", "/thumbnail/x", True, 404),
        ("GET", "/download/x", True, 404),
        ("GET", "/media/x", True, 404),
        ("POST", "/live/x", True, 400),
        ("PUT", "/_stcore/upload_file/a/b", True, 403),
        ("GET", "/_stcore/metrics", True, 404),
        ("GET", "/_stcore/agent/openapi.json", True, 404),
        ("GET", "/static/%2e%2e/%2e%2e/secret", True, 400),
        ("POST", "/", True, 405),
        ("TRACE", "/", True, 405),
        ("GET", "/", False, 303),
        ("GET", urls.PLOTLY, False, 401),
        ("GET", "/login", False, 200),
        ("POST", "/login", False, 401),
        ("GET", "/ca.pem", False, 404),
        ("GET", "/_stcore/health", False, 200),
        ("GET", "/customvision/v3.3/training/projects", False, 401),
        ("GET", "/customvision/nowhere", False, 404),
    ],
)
def test_every_door_carries_the_headers(
    port: int, cookie: tuple[str, str], method: str, target: str, *, is_in: bool, status: int
) -> None:
    """Pages, files, answers and refusals, closed doors and redirects, each as it comes off the wire."""
    fields = (cookie,) if is_in else (HTML,) if target == "/" else ()
    answered = doors.send(port, doors.Asked("", method, target, fields))
    assert status == answered.status
    assert HEADERS == {name: answered.headers.get(name.lower()) for name in HEADERS}
    assert b"Traceback" not in answered.body


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((("Host", "evil.example"),), 421),
        ((("Origin", "http://evil.example"),), 403),
        ((("Authorization", "AWS4-HMAC-SHA256 Credential=x"), ("x-amz-target", "RekognitionService.x")), 400),
    ],
)
def test_strangers_refusals_carry_the_headers(port: int, fields: tuple[tuple[str, str], ...], status: int) -> None:
    """Under a stranger's name, from a stranger's page, and with a signature that is none."""
    answered = doors.send(port, doors.Asked("", "POST", "/login", fields))
    assert (status, False) == (answered.status, answered.is_bare)


def test_a_stranger_s_page_opens_no_stream(port: int, cookie: tuple[str, str]) -> None:
    """The connection that pages come through is for pages from here, whatever cookie comes along."""
    run = (b"\x12\x00",)
    own = doors.Asked("", "GET", "/_stcore/stream", (cookie, ("Origin", f"http://127.0.0.1:{port}")), frames=run)
    other = doors.Asked("", "GET", "/_stcore/stream", (cookie, ("Origin", "http://localhost:9")), frames=run)
    assert [101, 403] == [doors.send(port, asked).status for asked in (own, other)]


@pytest.fixture(scope="module")
def known(server: Server, cookie: tuple[str, str]) -> doors.Known:
    """A project with an iteration that the app's own worker trained, and the keys."""
    store = Store(server.home)
    project = fill_in(store, "Doors", rose=5, tulip=5)
    job = training.start(store, project)
    deadline = time.monotonic() + 120
    while store.jobs.get(job.id).status != "done":
        assert time.monotonic() < deadline, store.jobs.get(job.id)
        time.sleep(0.1)
    pair = api_keys.load_aws(Settings(server.home))
    return doors.known(store, project, api_keys.Keys(TRAINING_KEY, PREDICTION_KEY), pair, [cookie[1]])


@seed(20)
@settings(
    max_examples=60, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_no_request_fails_a_door(server: Server, port: int, known: doors.Known, data: st.DataObject) -> None:
    """No answer is above 499 or lacks a header, and no traceback comes into the log; `bench/doors.py` asks for long."""
    asked = data.draw(doors.requests(known))
    answered = doors.send(port, asked)
    assert not answered.is_failure, (asked, answered)
    assert not answered.is_bare, (asked, answered)
    assert [] == doors.tracebacks((server.home / "log.txt").read_text(encoding="utf-8", errors="replace"))


def test_no_address_is_in_the_log(server: Server, port: int) -> None:
    """A ticket in an address lets its finder in, and who looked at what is nobody's business."""
    assert 200 == doors.send(port, doors.Asked("", "GET", "/login?next=a-ticket")).status
    assert "a-ticket" not in (server.home / "log.txt").read_text(encoding="utf-8", errors="replace")
