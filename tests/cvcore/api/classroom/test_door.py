"""In a class, strangers get no further than to join, and a pupil's browser gets nobody else's files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from cvcore import classroom, projects
from cvcore.api import downloads, images
from cvcore.api.classroom import forms
from cvcore.api.classroom.door import ClassDoor
from cvcore.files import downloads as zips
from cvcore.projects import uploads
from cvcore.settings import Limits
from cvcore.store import SchoolClass, Store
from tests.conftest import draw_image

PASSWORD = "chalk and sponge"
HTML = {"accept": "text/html"}


def browser(store: Store) -> TestClient:
    """A new browser before a server of a page, a WebSocket and the store's files, behind the door."""

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("in")
        await websocket.close()

    page = Route("/{path:path}", lambda request: PlainTextResponse("in"))
    routes = [WebSocketRoute("/{path:path}", stream), *images.routes(store), *downloads.routes(store), page]
    app = Starlette(routes=routes, middleware=[Middleware(ClassDoor, store=store)])
    return TestClient(app, base_url="http://laptop.local:8501", follow_redirects=False)


@pytest.fixture
def school_class(store: Store) -> SchoolClass:
    """A class, and the teacher's password."""
    classroom.set_password(store, PASSWORD)
    return classroom.open_class(store, "4b")


@pytest.fixture
def joined(store: Store, school_class: SchoolClass) -> Callable[[str], TestClient]:
    """`joined("Anna")`: the browser of a new pupil."""

    def join(nickname: str) -> TestClient:
        client = browser(store)
        given = {"do": "join", "code": school_class.code, "nickname": nickname}
        assert 303 == client.post("/join", data=given).status_code
        return client

    return join


def test_without_a_class_everybody_is_in(store: Store) -> None:
    """No cookie is asked for, and none is set."""
    answer = browser(store).get("/")
    assert ("in", {}) == (answer.text, dict(answer.cookies))


@pytest.mark.parametrize("path", ["/", "/images?project=1", "/_stcore/host-config", "/thumbnail/" + "0" * 64, "/Join"])
def test_strangers_are_shown_where_to_join(store: Store, school_class: SchoolClass, path: str) -> None:
    """A browser is sent there; a program is told so."""
    answer = browser(store).get(path, headers=HTML)
    assert (303, "/join") == (answer.status_code, answer.headers["location"])
    assert (401, "join the class first: open /join") == (
        browser(store).get(path).status_code,
        browser(store).get(path).text,
    )


def test_a_stranger_s_websocket_is_closed(store: Store, school_class: SchoolClass) -> None:
    """The pages' connection does not open without a cookie."""
    with pytest.raises(WebSocketDisconnect) as closed, browser(store).websocket_connect("/_stcore/stream"):
        pass
    assert 4401 == closed.value.code


def test_health_and_authority_are_open(store: Store, school_class: SchoolClass) -> None:
    """What a device needs before it can join."""
    assert ["in", "in"] == [browser(store).get(path).text for path in ("/_stcore/health", "/ca.pem")]


def test_a_pupil_joins_and_is_in(store: Store, school_class: SchoolClass, joined: Callable[[str], TestClient]) -> None:
    """Pages and the WebSocket open; the cookie is not for scripts."""
    client = joined("Anna")
    assert "in" == client.get("/").text
    with client.websocket_connect("ws://laptop.local:8501/_stcore/stream") as stream:
        assert "in" == stream.receive_text()
    given = {"do": "join", "code": school_class.code, "nickname": "Ben"}
    cookie = browser(store).post("/join", data=given).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_the_page_to_join(store: Store, school_class: SchoolClass) -> None:
    """The code in the address, as in a QR code, is filled in; hostile text stays text."""
    page = browser(store).get(f"/join?code={school_class.code}&nickname=%22%3E%3Cscript%3E").text
    assert f'value="{school_class.code}"' in page
    assert "<script>" not in page


def test_what_is_wrong_is_said(store: Store, school_class: SchoolClass) -> None:
    """On the page, with what was typed but for the password."""
    answer = browser(store).post("/join", data={"do": "join", "code": "AAAAAA", "nickname": "Anna"})
    assert 401 == answer.status_code
    assert "The class code must be the one on the teacher&#x27;s screen" in answer.text
    assert 'value="Anna"' in answer.text
    answer = browser(store).post("/join", data={"do": "sign-in", "password": "secret word"})
    assert "The password is wrong: try again." in answer.text
    assert "secret word" not in answer.text
    assert 400 == browser(store).post("/join", data={"do": "nothing"}).status_code
    assert 400 == browser(store).post("/join", content=b"x" * (forms.FORM_BYTES + 1)).status_code
    assert 400 == browser(store).post("/join", content=b"do=\xff").status_code


def test_codes_cannot_be_tried_for_ever(store: Store, school_class: SchoolClass) -> None:
    """After twenty wrong ones in a minute, even the right one has to wait."""
    client = browser(store)
    for _ in range(forms.ATTEMPTS_PER_MINUTE):
        assert 401 == client.post("/join", data={"do": "return", "code": school_class.code, "return": "1"}).status_code
    right = client.post("/join", data={"do": "join", "code": school_class.code, "nickname": "Anna"})
    assert (429, True) == (right.status_code, "Too many attempts" in right.text)


def test_the_teacher_signs_in_and_a_lost_pupil_comes_back(
    store: Store, school_class: SchoolClass, joined: Callable[[str], TestClient]
) -> None:
    """Each by their own form."""
    teacher, before, lost = browser(store), joined("Anna"), browser(store)
    teacher.post("/join", data={"do": "sign-in", "password": PASSWORD})
    assert "in" == teacher.get("/").text
    digits = classroom.offer_return(store, store.pupils.all()[0])
    assert "in" == before.get("/").text
    lost.post("/join", data={"do": "return", "code": school_class.code, "return": digits})
    assert "in" == lost.get("/").text
    assert 401 == before.get("/").status_code


def test_files_are_their_owner_s_and_the_teacher_s(
    store: Store, joined: Callable[[str], TestClient], school_class: SchoolClass
) -> None:
    """Another pupil gets neither thumbnail nor image nor zip of Anna's; the teacher gets them all."""
    anna, ben, teacher = joined("Anna"), joined("Ben"), browser(store)
    teacher.post("/join", data={"do": "sign-in", "password": PASSWORD})
    own = classroom.store_of(store, store.pupils.all()[0])
    project = projects.create(own, "Flowers")
    stored = uploads.add(own, project, "a.png", draw_image(1), limits=Limits())
    digest = own.images.get(stored.image_id or "").sha256
    token, path = zips.new(own.home, "flowers")
    path.write_bytes(b"zip")
    for address in (
        f"/thumbnail/{digest}",
        f"/picture/{digest}",
        f"/app/static/picture/{digest}",
        f"/download/{token}",
    ):
        assert [200, 404, 200] == [client.get(address).status_code for client in (anna, ben, teacher)]


def test_a_ticket_opens_the_class_page(store: Store, school_class: SchoolClass) -> None:
    """The browser that opened the class gets the teacher's cookie by one redirect."""
    client = browser(store)
    answer = client.get(f"/join?ticket={classroom.ticket(store)}")
    assert (303, "/class") == (answer.status_code, answer.headers["location"])
    assert "in" == client.get("/").text
    assert 401 == browser(store).get("/join?ticket=nonsense").status_code


def test_the_teacher_signs_out(store: Store, joined: Callable[[str], TestClient]) -> None:
    """This browser alone, by a ticket: a link that somebody sends signs nobody out, neither teacher nor pupil."""
    teacher, anna = browser(store), joined("Anna")
    teacher.get(f"/join?ticket={classroom.ticket(store)}")
    for client in (teacher, anna):
        assert 401 == client.get("/join?leave=1").status_code
        assert "in" == client.get("/").text
    answer = teacher.get(f"/join?leave={classroom.ticket(store)}")
    assert (303, "/join") == (answer.status_code, answer.headers["location"])
    assert [401, 200] == [client.get("/").status_code for client in (teacher, anna)]
