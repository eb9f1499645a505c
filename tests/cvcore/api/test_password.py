"""Without the password nothing is answered but the way to give it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from cvcore.api import password
from cvcore.api.password import SharedPassword

PASSWORD = "grüne Wiese & 100 %"
HTML = {"accept": "text/html,application/xhtml+xml"}


def server() -> Starlette:
    """An app that says "in" to everything, behind the password."""

    def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("in")
        await websocket.close()

    routes = [WebSocketRoute("/{path:path}", stream), Route("/{path:path}", page, methods=["GET", "POST", "PUT"])]
    return Starlette(routes=routes, middleware=[Middleware(SharedPassword, password=PASSWORD)])


def client_of(app: Starlette, host: str = "192.168.1.20") -> TestClient:
    return TestClient(app, base_url=f"http://{host}:8501", follow_redirects=False, client=(host, 50000))


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser before such an app."""
    with client_of(server()) as browser:
        yield browser


def login(client: TestClient, given: str, address: str = "/login") -> int:
    return int(client.post(address, data={"password": given}).status_code)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/performance?project=1",
        "/thumbnail/" + "0" * 64,
        "/app/static/picture/" + "0" * 64,
        "/assets/plotly.min.js",
        "/_stcore/stream",
        "/_stcore/upload_file/1/2",
        "/_stcore/health/../../",
        "/_stcore/healthy",
        "/customvision",
        "/login/",
        "//login",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_everything_is_closed(client: TestClient, method: str, path: str) -> None:
    """Pages, images, scripts, uploads: none of it without the password, in a word that programs understand."""
    answer = client.request(method, path)
    assert (401, "the password is missing: open /login") == (answer.status_code, answer.text)


def test_the_pages_stream_is_closed(client: TestClient) -> None:
    """What Streamlit's pages come through is no way around it."""
    with pytest.raises(WebSocketDisconnect) as refusal, client.websocket_connect("/_stcore/stream"):
        pytest.fail("it must not open")
    assert 4401 == refusal.value.code


@pytest.mark.parametrize("path", ["/_stcore/health", "/customvision/v3.3/Training/projects", "/CustomVision/v3.0/x"])
def test_what_is_open(client: TestClient, path: str) -> None:
    """Whether the server is well anyone may ask, and the API asks for its own keys."""
    assert "in" == client.get(path).text


def test_the_password_opens_everything(client: TestClient) -> None:
    """Once given, pages and stream are open to this browser, and to no other."""
    assert 303 == login(client, PASSWORD)
    assert "in" == client.get("/").text
    with client.websocket_connect("ws://192.168.1.20:8501/_stcore/stream") as stream:
        assert "in" == stream.receive_text()
    with client_of(server()) as other:
        assert 401 == other.get("/").status_code


@pytest.mark.parametrize("path", ["/performance?project=1&iteration=2", "/images", "/"])
def test_a_link_leads_to_its_page_after_all(client: TestClient, path: str) -> None:
    """Who opens a page's own address is asked for the password, and is there after giving it."""
    asked = client.get(path, headers=HTML)
    assert 303 == asked.status_code
    form = client.get(asked.headers["location"])
    assert 200 == form.status_code
    assert '<form method="post">' in form.text
    given = client.post(asked.headers["location"], data={"password": PASSWORD})
    assert (303, path) == (given.status_code, given.headers["location"])


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "evil.example", "", "javascript:1"])
def test_a_link_never_leads_away(client: TestClient, wanted: str) -> None:
    """Whatever a link says, the password leads to this server's own pages."""
    given = client.post("/login", params={"next": wanted}, data={"password": PASSWORD})
    assert (303, "/") == (given.status_code, given.headers["location"])


@pytest.mark.parametrize("wanted", ["/\\evil.example", "/\t/evil.example", "/\r\nset-cookie: a=b"])
def test_what_a_browser_would_misread_is_escaped(client: TestClient, wanted: str) -> None:
    """A backslash or a line break in a link stays part of a path."""
    given = client.post("/login", params={"next": wanted}, data={"password": PASSWORD})
    location = given.headers["location"]
    assert "" == urlsplit(location).netloc
    assert location.startswith("/%")
    assert "a=b" not in given.headers["set-cookie"]


@pytest.mark.parametrize("given", ["", "green", PASSWORD + " ", PASSWORD.upper(), "\0", "x" * 1000])
def test_a_wrong_password(client: TestClient, given: str) -> None:
    """The form says that it is wrong, and nothing opens."""
    answer = client.post("/login", data={"password": given})
    assert 401 == answer.status_code
    assert "The password is wrong. Try again." in answer.text
    assert "set-cookie" not in answer.headers
    assert 401 == client.get("/").status_code


def test_a_wrong_password_is_in_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """From where it came, and nothing of what was typed."""
    client.post("/login", data={"password": "guess\nfrom nowhere"})
    assert ["a wrong password came from 192.168.1.20"] == caplog.messages


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"password", "application/x-www-form-urlencoded"),
        (b"%ff%fe=%ff&&&;;==", "application/x-www-form-urlencoded"),
        (b"\xff\x00" * 100, "application/json"),
        (b"--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"password=" + b"x" * 2**20, "application/x-www-form-urlencoded"),
    ],
)
def test_a_hostile_form(client: TestClient, content: bytes, kind: str) -> None:
    """Whatever is sent in the form's place is a wrong password, and too much of it is not read."""
    answer = client.post("/login", content=content, headers={"content-type": kind})
    assert 401 == answer.status_code


def test_guessing_is_slow_and_keeps_nobody_else_out() -> None:
    """After twenty wrong passwords in a minute an address has to wait, with the right one too; others need not."""
    app = server()
    with client_of(app) as guesser, client_of(app, "192.168.1.21") as other:
        assert [401] * password.ATTEMPTS_PER_MINUTE == [
            login(guesser, str(number)) for number in range(password.ATTEMPTS_PER_MINUTE)
        ]
        answer = guesser.post("/login", data={"password": PASSWORD})
        assert 429 == answer.status_code
        assert "Too many attempts. Wait a minute." in answer.text
        assert 303 == login(other, PASSWORD)


def test_the_cookie_is_for_this_server_alone(client: TestClient) -> None:
    """No script reads it, no other site sends it, and over https it stays there."""
    cookie = client.post("/login", data={"password": PASSWORD}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=604800", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = client.post("https://192.168.1.20/login", data={"password": PASSWORD}).headers["set-cookie"]
    assert "Secure" in secure.split("; ")
    assert PASSWORD not in secure


@pytest.mark.parametrize(
    "value",
    [
        "",
        "in",
        "ImluIg",
        "ImluIg.aSGYRQ.AAAA",
        # The token holds the time, and processes that share the tests must call this one alike.
        pytest.param(URLSafeTimedSerializer(b"guessed", salt=password.COOKIE).dumps("in"), id="guessed key"),
        '"\\377',
        "\xff" * 10,
    ],
)
def test_a_forged_cookie(client: TestClient, value: str) -> None:
    """Only a cookie that this process signed opens; after a restart everyone is asked again."""
    header = f"{password.COOKIE}={value}".encode("latin-1")
    assert 401 == client.get("/", headers=[(b"cookie", header)]).status_code


def test_an_old_cookie(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a week it opens no more."""
    login(client, PASSWORD)
    header = {"cookie": f"{password.COOKIE}={client.cookies[password.COOKIE]}"}
    client.cookies.clear()
    assert 200 == client.get("/", headers=header).status_code
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + password.DAYS * 86400 + 2)
    assert 401 == client.get("/", headers=header).status_code


def test_other_apps_cookies_do_no_harm(client: TestClient) -> None:
    """Cookies are shared by all ports of a name: what others put there, well-formed or not, is passed over."""
    login(client, PASSWORD)
    cookie = client.cookies[password.COOKIE]
    header = f'theirs={{"a": 1}}; "; =; {password.COOKIE}={cookie}; last=ä'.encode("latin-1")
    assert 200 == client.get("/", headers=[(b"cookie", header)]).status_code


def test_the_form_stands_by_itself(client: TestClient) -> None:
    """It needs no script, and nothing from elsewhere."""
    form = client.get("/login").text
    assert "http" not in form
    assert "<script" not in form


@pytest.mark.parametrize(
    ("headers", "language", "label"),
    [
        ({"accept-language": "da, en-XA;q=0.9, en;q=0.5"}, "en-XA", "⟦"),
        ({"accept-language": "en-XA", "cookie": "tagwise_language=en"}, "en", "The class's password"),
        ({"accept-language": "x;q=no, \N{SNOWMAN};;q=,,"}, "en", "The class's password"),
    ],
)
def test_the_form_is_in_the_language_of_the_browser(
    client: TestClient, headers: dict[str, str], language: str, label: str
) -> None:
    """The form speaks the language that was chosen in the browser, else the first of its own that is spoken."""
    form = client.get("/login", headers={name: value.encode() for name, value in headers.items()})
    assert f'<html lang="{language}" dir="ltr">' in form.text
    assert label in form.text
