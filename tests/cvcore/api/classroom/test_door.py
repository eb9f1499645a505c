"""In a class, strangers get no further than to join, and a pupil's browser gets nobody else's files."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from cvcore import classroom, languages, projects
from cvcore.api import downloads, images
from cvcore.api.classroom import forms
from cvcore.api.classroom.door import ClassDoor
from cvcore.api.customvision.middleware import CustomVision
from cvcore.files import api_keys
from cvcore.files import downloads as zips
from cvcore.projects import uploads
from cvcore.settings import Limits, Settings
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
    api = Middleware(
        CustomVision, store=store, settings=Settings(store.home), keys=api_keys.Keys("training", "predict")
    )
    app = Starlette(routes=routes, middleware=[api, Middleware(ClassDoor, store=store)])
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
    assert "secure" not in cookie
    given["nickname"] = "Cleo"
    by_https = browser(store).post("https://laptop.local:8501/join", data=given).headers["set-cookie"].lower()
    assert "secure" in by_https.split("; ")


def test_the_page_to_join(store: Store, school_class: SchoolClass) -> None:
    """The code in the address, as in a QR code, is filled in; hostile text stays text."""
    page = browser(store).get(f"/join?code={school_class.code}&nickname=%22%3E%3Cscript%3E").text
    assert f'value="{school_class.code}"' in page
    assert "&gt;&lt;script&gt;" in page
    assert '"><script>' not in page


def test_the_page_to_join_speaks_the_browser_s_language(store: Store, school_class: SchoolClass) -> None:
    """Its labels, and why a pupil could not come in, which another thread says."""
    client = browser(store)
    client.cookies[languages.COOKIE] = "ar-XB"
    refused = client.post("/join", data={"do": "join", "code": "WRONG1", "nickname": "Anna"}).text
    assert '<html lang="ar-XB" dir="rtl">' in refused
    with languages.using("ar-XB"):
        problem = languages.t("the class code must be the one on the teacher's screen, this one is not: type it again")
        assert html.escape(problem) in html.escape(html.unescape(refused))
        assert languages.t("Your nickname") in refused
    assert '<html lang="de" dir="ltr">' in browser(store).get("/join", headers={"accept-language": "de-AT"}).text


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


def test_what_is_refused_is_in_the_log(
    store: Store, school_class: SchoolClass, caplog: pytest.LogCaptureFixture
) -> None:
    """What was tried and from where, and nothing of what was typed."""
    browser(store).post("/join", data={"do": "sign-in", "password": "guess\nfrom nowhere"})
    browser(store).post("/join", data={"do": "guess\nfrom nowhere"})
    assert ["a request to sign-in was refused, from testclient"] == caplog.messages


def test_codes_cannot_be_tried_for_ever(store: Store, school_class: SchoolClass) -> None:
    """After twenty wrong ones in a minute, even the right one has to wait; who comes in another way has not."""
    client = browser(store)
    digits = classroom.offer_return(store, classroom.join(store, school_class.code, "Ben")[0])
    for _ in range(forms.ATTEMPTS_PER_MINUTE):
        assert 401 == client.post("/join", data={"do": "return", "code": school_class.code, "return": "1"}).status_code
    right = client.post("/join", data={"do": "return", "code": school_class.code, "return": digits})
    assert (429, True) == (right.status_code, "Too many attempts" in right.text)
    assert 303 == client.post("/join", data={"do": "sign-in", "password": PASSWORD}, follow_redirects=False).status_code


def test_codes_cannot_be_tried_all_at_once(store: Store, school_class: SchoolClass) -> None:
    """A hundred requests that come before the first is answered are not tried either."""
    with browser(store) as client, ThreadPoolExecutor(20) as pool:

        def guess(number: int) -> int:
            given = {"do": "return", "code": school_class.code, "return": f"{number:06}"}
            return client.post("/join", data=given).status_code

        answers = list(pool.map(guess, range(100)))
    assert forms.ATTEMPTS_PER_MINUTE == answers.count(401)


def test_a_class_behind_one_address_joins_at_once(store: Store, school_class: SchoolClass) -> None:
    """Through one router or proxy come thirty pupils in the same second, and some mistype the code: all come in."""
    with browser(store) as client, ThreadPoolExecutor(30) as pool:

        def join(number: int) -> list[int]:
            codes = [*(["WRONG2"] * (number % 2)), school_class.code]
            given = [{"do": "join", "code": code, "nickname": f"pupil {number}"} for code in codes]
            return [client.post("/join", data=each, follow_redirects=False).status_code for each in given]

        answers = list(pool.map(join, range(30)))
    assert [[303], [401, 303]] * 15 == answers
    assert 30 == len(store.pupils.of_class(school_class.id))


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


def test_after_the_last_class_only_the_teacher_comes_in(store: Store, joined: Callable[[str], TestClient]) -> None:
    """A pupil's browser is shown the teacher's sign-in alone; without the password it is in, as before any class."""
    anna = joined("Anna")
    classroom.delete_class(store, store.classes.all()[0])
    assert (303, "/join") == ((answer := anna.get("/", headers=HTML)).status_code, answer.headers["location"])
    page = anna.get("/join").text
    assert "nickname" not in page
    assert "<details open><summary>I am the teacher</summary>" in page
    assert 303 == (teacher := browser(store)).post("/join", data={"do": "sign-in", "password": PASSWORD}).status_code
    assert "in" == teacher.get("/").text
    classroom.remove_password(store, PASSWORD)
    assert "in" == anna.get("/").text


def test_a_ticket_opens_the_class_page(store: Store, school_class: SchoolClass) -> None:
    """The browser that opened the class gets the teacher's cookie by one redirect."""
    client = browser(store)
    answer = client.get(f"/join?ticket={classroom.ticket(store)}")
    assert (303, "/class") == (answer.status_code, answer.headers["location"])
    assert "in" == client.get("/").text
    assert 401 == browser(store).get("/join?ticket=nonsense").status_code


def test_a_ticket_is_taken_once(store: Store, school_class: SchoolClass) -> None:
    """Who reads it from the projector comes too late."""
    ticket, app = classroom.ticket(store), browser(store).app
    first, second = (TestClient(app, base_url="http://laptop.local:8501", follow_redirects=False) for _ in range(2))
    assert 303 == first.get(f"/join?ticket={ticket}").status_code
    answer = second.get(f"/join?ticket={ticket}")
    assert (401, True) == (answer.status_code, "This link was used already" in answer.text)


def test_taken_tickets_are_forgotten(store: Store, school_class: SchoolClass, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once no ticket of that time is good any more; the server would else remember each as long as it runs."""
    door = forms.Forms(store)
    client, now = TestClient(door, follow_redirects=False), time.monotonic()
    for minute in range(10):
        monkeypatch.setattr(time, "monotonic", lambda minute=minute: now + 60 * minute)
        assert 303 == client.get(f"/join?ticket={classroom.ticket(store)}").status_code
    assert 0 < len(door.taken_tickets) < 5


def test_no_text_signed_for_something_else_is_a_cookie(
    store: Store, school_class: SchoolClass, joined: Callable[[str], TestClient]
) -> None:
    """Nor is a forged one, one of another laptop, or one with another pupil's id."""
    anna, ben = joined("Anna"), joined("Ben")
    cookies = {name: client.cookies[classroom.COOKIE] for name, client in (("anna", anna), ("ben", ben))}
    mixed = cookies["anna"].rpartition(".")[0] + "." + cookies["ben"].rpartition(".")[2]
    for forged in (
        classroom.ticket(store),
        mixed,
        "{}",
        '{"teacher": 1}',
        "eyJ0ZWFjaGVyIjoxfQ.x",
        cookies["anna"][:-1],
    ):
        client = browser(store)
        client.cookies.set(classroom.COOKIE, forged)
        assert 401 == client.get("/").status_code
    assert 401 == browser(store).get(f"/join?ticket={cookies['anna']}").status_code


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_no_method_opens_another_pupil_s_files(store: Store, joined: Callable[[str], TestClient], method: str) -> None:
    """Neither at an address of pages nor of the API, which wants keys that no pupil has."""
    joined("Anna")
    ben = joined("Ben")
    own = classroom.store_of(store, store.pupils.all()[0])
    project = projects.create(own, "Flowers")
    stored = uploads.add(own, project, "a.png", draw_image(1), limits=Limits())
    digest = own.images.get(stored.image_id or "").sha256
    token, path = zips.new(own.home, "flowers")
    path.write_bytes(b"zip")
    api = f"/customvision/v3.3/training/projects/{project.id}"
    pages = [f"/thumbnail/{digest}", f"/picture/{digest}", f"/app/static/picture/{digest}", f"/download/{token}"]
    for address in [*pages, api, f"{api}/images/tagged", f"/customvision/files/original/{digest}"]:
        answer = ben.request(method, address)
        assert answer.status_code in (204, 400, 401, 404, 405), (address, answer.status_code)
        assert draw_image(1) not in answer.content
        assert b"zip" != answer.content


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "{0.__class__}", "../../etc", "=1+1", "\u202eannA"])
def test_hostile_names_are_only_names(store: Store, school_class: SchoolClass, name: str) -> None:
    """A nickname is a pupil's, text on the page, and no path; the code typed with it stays text, too."""
    given = {"do": "join", "code": school_class.code, "nickname": name}
    client = browser(store)
    answers = [client.post("/join", data=given), client.post("/join", data=given)]
    assert {303, 401} >= {answer.status_code for answer in answers}
    page = client.post("/join", data={**given, "code": name}).text
    assert "<script>alert" not in page
    homes = [path.relative_to(store.home / "classes").parts for path in (store.home / "classes").glob("*/*")]
    assert {(pupil.class_id, pupil.id) for pupil in store.pupils.all()} == set(homes)


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
