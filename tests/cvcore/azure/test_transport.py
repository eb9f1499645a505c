"""A service is asked patiently, and its key goes nowhere else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cvcore.azure import transport
from cvcore.azure.transport import Endpoint
from cvcore.errors import FetchFailed, InvalidInput, TagwiseError

KEY = "0123456789abcdef"


@dataclass(frozen=True)
class Reply:
    """What the service answers to one question; a status of 0 hangs up, a length of its own cuts the body short."""

    status: int = 200
    body: bytes = b"[1]"
    headers: dict[str, str] = field(default_factory=dict)


CUT = Reply(headers={"Content-Length": "99"})
HANG_UP = Reply(0)


class Service:
    """Answers each question with the next reply, the last again and again, and remembers paths and keys."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.replies: list[Reply] = [Reply()]
        self.questions: list[tuple[str, str | None]] = []
        self.pauses: list[float] = []

    def endpoint(self, path: str = "") -> Endpoint:
        """The service, with pauses that only are written down."""
        return transport.training(f"http://127.0.0.1:{self.port}{path}", KEY, sleep=self.pauses.append)

    def answer(self, *replies: Reply) -> object:
        """What `ask` makes of these replies."""
        self.replies = list(replies)
        return transport.get_json(self.endpoint(), "/domains")

    def refusal(self, *replies: Reply) -> str:
        """What `ask` says of these replies."""
        with pytest.raises(TagwiseError) as failure:
            self.answer(*replies)
        return f"{type(failure.value).__name__}: {failure.value}"


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on this machine that runs until the test is over."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.questions.append((self.path, self.headers["Training-Key"]))
            reply = told.replies.pop(0) if len(told.replies) > 1 else told.replies[0]
            if reply.status:
                self.send_response(reply.status)
                for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Service(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def test_ask_gives_the_json(service: Service) -> None:
    """A path below the endpoint's is asked for with the key, and its JSON is the answer."""
    assert service.answer(Reply(body=b'{"a": [1, null]}')) == {"a": [1, None]}
    assert service.questions == [("/customvision/v3.3/training/domains", KEY)]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "//", "/?a=b", "/customvision", "/customvision/", "/customvision/v3.4-preview/training/projects"),
        *("//CustomVision/v3.3/Training/projects/1/tags?iterationId=2",),
    ],
)
def test_training_finds_the_api(service: Service, path: str) -> None:
    """However much of the address is copied, the training API under it is asked."""
    transport.get_json(service.endpoint(path), "/domains")
    assert service.questions == [("/customvision/v3.3/training/domains", KEY)]


def test_training_keeps_a_path_before_it() -> None:
    """What stands before the API's own path stays, as behind a gateway."""
    url = transport.training("https://gate.example/vision/customvision/v3.0/", KEY).target.url
    assert url == "https://gate.example/vision/customvision/v3.3/training"


def test_training_wants_https() -> None:
    """The key travels encrypted, or not at all beyond this machine."""
    with pytest.raises(InvalidInput) as refusal:
        transport.training("http://north.api.cognitive.microsoft.com/", KEY)
    start = "an endpoint must begin with https://, because the key is sent with every request, got "
    assert str(refusal.value) == start + "'http://north.api.cognitive.microsoft.com/'"


@pytest.mark.parametrize("key", ["", "  ", "secret word", "secret\r\nHost: a", "sécret", "secret\0"])
def test_training_wants_a_key(key: str) -> None:
    """What cannot be a key is refused, without repeating it; spaces around one are no harm."""
    with pytest.raises(InvalidInput) as refusal:
        transport.training("https://a.test", key)
    expected = "a training key must be one word of letters and digits: copy it from Keys and Endpoint"
    assert str(refusal.value) == expected
    assert transport.training("https://a.test", f" {KEY}\n").key == KEY


def test_an_endpoint_hides_its_key() -> None:
    """The key does not show where an endpoint is printed."""
    assert KEY not in repr(transport.training("https://a.test", KEY))


@pytest.mark.parametrize(
    "trouble", [Reply(408), Reply(429), Reply(500), Reply(502), Reply(503, b"<html>"), Reply(504), CUT, HANG_UP]
)
def test_ask_is_patient(service: Service, trouble: Reply) -> None:
    """What may pass is given four pauses to, each longer than the one before."""
    assert service.answer(trouble, trouble, trouble, trouble, Reply()) == [1]
    assert service.pauses == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(("asked", "granted"), [("7", 7.0), ("0", 0.5), ("99999", 60.0), ("soon", 0.5), ("-1", 0.5)])
def test_ask_waits_as_it_is_told(service: Service, asked: str, granted: float) -> None:
    """Retry-After is heeded up to a minute; what cannot be read is no reason to hurry."""
    service.answer(Reply(429, headers={"Retry-After": asked}), Reply())
    assert service.pauses == [granted]


def test_ask_waits_until_a_date(service: Service) -> None:
    """Retry-After may be a date."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    service.answer(Reply(429, headers={"Retry-After": date}), Reply())
    assert 15 < service.pauses[0] <= 20


def test_ask_gives_up(service: Service) -> None:
    """After the last pause the failure is told."""
    expected = (
        "FetchFailed: an endpoint must answer like Custom Vision, 127.0.0.1 answered with status 503: "
        "copy the address from Keys and Endpoint, or try again later"
    )
    assert service.refusal(Reply(503)) == expected
    assert len(service.questions) == 5


@pytest.mark.parametrize("status", [201, 204, 400, 403, 404, 418, 501])
def test_ask_does_not_repeat_what_lasts(service: Service, status: int) -> None:
    """A refusal that will not change is told at once."""
    assert f"answered with status {status}" in service.refusal(Reply(status, b""))
    assert service.pauses == []


def test_ask_tells_of_a_wrong_key(service: Service) -> None:
    """A refused key is told in one sentence, without the key, even if the service repeats it."""
    expected = (
        "InvalidInput: the training key must belong to the endpoint, 127.0.0.1 refused it: "
        "copy both from Keys and Endpoint"
    )
    assert service.refusal(Reply(401, KEY.encode())) == expected
    assert service.pauses == []


def test_ask_follows_no_redirect(service: Service) -> None:
    """The key does not go where a redirect leads."""
    elsewhere = {"Location": f"http://localhost:{service.port}/elsewhere"}
    assert "answered with status 302" in service.refusal(Reply(302, headers=elsewhere))
    assert len(service.questions) == 1


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"[1", b"\xff\xfe", b"[" * 100_000])
def test_ask_wants_json(service: Service, body: bytes) -> None:
    """A page for people, or half an answer, is told as such."""
    expected = (
        "FetchFailed: an endpoint must answer like Custom Vision, 127.0.0.1 sent something else: "
        "copy the address from Keys and Endpoint"
    )
    assert service.refusal(Reply(body=body)) == expected


def test_ask_tells_of_broken_connections(service: Service) -> None:
    """A service that hangs up every time is out of reach."""
    expected = (
        "FetchFailed: an endpoint must be reachable, 127.0.0.1 is not (the connection broke off): "
        "check the address and the network, and try again"
    )
    assert service.refusal(HANG_UP) == expected


def test_ask_tells_of_a_closed_port() -> None:
    """Where nobody listens, the system's own reason is told."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    pauses: list[float] = []
    with pytest.raises(FetchFailed, match="Connection refused"):
        transport.get_json(transport.training(f"http://127.0.0.1:{port}", KEY, sleep=pauses.append), "/domains")
    assert pauses == [0.5, 1.0, 2.0, 4.0]
