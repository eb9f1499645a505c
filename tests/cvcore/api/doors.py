"""Requests to every door of a running server, drawn: nearly right ones, hostile ones, and any bytes."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from msgspec import inspect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import ClientConnection, connect

from cvcore import classroom, urls
from cvcore.api import password
from cvcore.api.aws.rekognition import routes as rekognition
from cvcore.api.customvision import routes as customvision
from cvcore.api.security_headers import HEADERS
from cvcore.files.api_keys import AwsKeys, Keys
from cvcore.records import Project
from cvcore.rekognition import arns
from cvcore.store import Purpose, Store
from tests.conftest import draw_image
from tests.cvcore.api.aws import test_robustness as aws
from tests.cvcore.api.customvision import test_robustness as api
from tests.cvcore.api.live import test_live

PAGES = ("", "images", "train", "performance", "quick_test", "predictions", "publish", "class", "nowhere")
PARAMETERS = (
    *("project", "iteration", "images-view", "tag", "by", "order", "like", "name", "threshold", "next", "review"),
    *("ticket", "leave", "code", "picture", "slice", "origin", "embed", "show", "a" * 90),
)
STREAMLITS = (
    *("health", "host-config", "metrics", "script-health-check", "stream", "upload_file", "upload_file/a/b"),
    *("agent/mcp", "agent/interact", "agent/openapi.json", "bidi-components/a/b.js", "nowhere"),
)
IMAGES = (draw_image(1), test_live.frame(), test_live.frame()[:-40])
# A page runs for some hundred milliseconds; an answer of Rekognition may be held for 45 s.
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Known:
    """What is there on the server, so that requests get beyond the first check."""

    ids: dict[str, list[str]]
    arns: list[str]
    digests: list[str]
    keys: Keys
    aws: AwsKeys
    cookies: list[str]


@dataclass(frozen=True)
class Asked:
    """A request; one with `frames` opens a WebSocket and sends them."""

    door: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    frames: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Answered:
    """An answer's status, 0 where the connection was closed without one, and what it says."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_failure(self) -> bool:
        """Whether the server failed; 501 is S3's answer to what Tagwise does not have."""
        return self.status == 0 or (self.status >= 500 and self.status != 501)

    @property
    def is_bare(self) -> bool:
        """Whether a security header is missing; what is no HTTP never gets as far as Tagwise."""
        is_parsers = self.status == 400 and "date" not in self.headers
        return not is_parsers and any(name.lower() not in self.headers for name in HEADERS)


def known(store: Store, project: Project, keys: Keys, pair: AwsKeys, cookies: list[str]) -> Known:
    """What there is of a project that has a trained iteration."""
    iteration = store.iterations.trained(project.id)[0]
    images = store.images.page(project.id, take=2)
    purposes: tuple[Purpose, ...] = ("TRAIN", "TEST")
    datasets = [arns.of_dataset(store, project, purpose) for purpose in purposes]
    return Known(
        {
            "projectId": [project.id],
            "iterationId": [iteration.id],
            "publishedName": ["garden"],
            "tagId": [tag.id for tag in store.tags.of_project(project.id)],
            "imageId": [image.id for image in images],
            "domainId": ["General"],
        },
        [arns.of_project(store, project), arns.of_iteration(store, project, iteration), *datasets],
        [image.sha256 for image in images],
        keys,
        pair,
        cookies,
    )


def requests(there: Known) -> st.SearchStrategy[Asked]:
    """A request to any door, the APIs more often, since they have most operations; pages take long, and come seldom."""
    shares: dict[Callable[[Known], st.SearchStrategy[Asked]], int] = {
        _customvision: 16, _rekognition: 8, _s3: 8, _files: 6, _forms: 4, _live: 4, _pages: 4, _streamlits: 4,
        _anything: 4, _stream: 1,
    }  # fmt: skip
    each = [door for door, share in shares.items() for _ in range(share)]
    return st.sampled_from(each).flatmap(lambda door: door(there))


def send(port: int, asked: Asked) -> Answered:
    """Send a request as it stands, past any client that would correct it, and read the whole answer."""
    if asked.frames:
        return _streamed(port, asked)
    lines = [f"{asked.method} {asked.target} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.headers)]
    named = {name.lower() for name, _ in asked.headers}
    if "host" not in named:
        lines.append("Host: 127.0.0.1:8501")
    if "content-length" not in named:
        lines.append(f"Content-Length: {len(asked.body)}")
    head = "\r\n".join([*lines, "Connection: close", "\r\n"]).encode("utf-8", "replace")
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        try:
            connection.sendall(head + asked.body)
            answer = http.client.HTTPResponse(connection, method=asked.method)
            answer.begin()
            return Answered(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        except (ConnectionError, http.client.HTTPException):
            return Answered(0, {}, b"")


def _streamed(port: int, asked: Asked) -> Answered:
    """Send messages as a page does, each after the run that the last one began."""
    headers = {name: value for name, value in asked.headers if name != "Host"}
    address = f"ws://127.0.0.1:{port}{asked.target}"
    try:
        with connect(address, subprotocols=["streamlit"], additional_headers=headers, max_size=None) as stream:  # type: ignore[list-item]
            for frame in asked.frames:
                stream.send(frame)
                _follow(stream)
    except InvalidHandshake:
        return Answered(403, dict.fromkeys(map(str.lower, HEADERS), ""), b"")
    except (OSError, WebSocketException):  # what is no message ends the connection
        return Answered(101, dict.fromkeys(map(str.lower, HEADERS), ""), b"")
    return Answered(101, dict.fromkeys(map(str.lower, HEADERS), ""), b"")


def _follow(stream: ClientConnection) -> None:
    """Read until a run of a page ends; what begins none is not waited for long."""
    patience_s = 0.3
    while True:
        try:
            message = stream.recv(patience_s)
        except TimeoutError:
            return
        received = ForwardMsg()
        received.ParseFromString(bytes(message))  # type: ignore[arg-type]
        if received.WhichOneof("type") == "script_finished":
            return
        patience_s = PATIENCE_S


def _words(there: Known) -> st.SearchStrategy[str]:
    """Texts that are there, nearly right, hostile, or any."""
    odd = ["", ".", "..", "../../etc/passwd", "%2e%2e%2f", "\x00", "'\"><script>", "{{7*7}}", "-1", "9" * 400, "nan"]
    some = [*there.digests, *there.arns, *(each for values in there.ids.values() for each in values), *odd]
    return st.sampled_from(some) | api.texts(there.ids).map(lambda text: text.encode("utf-8", "replace").decode())


def _query(there: Known, names: tuple[str, ...]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(st.sampled_from(names), _words(there), max_size=4)
    return pairs.map(lambda found: f"?{urlencode(found)}" if found else "")


def _fields(there: Known) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """Headers of a browser: a cookie mostly, and where the request comes from."""
    cookie = st.sampled_from([*there.cookies * 3, "", "tagwise=x; tagwise-class=y.z", "a=\xff", "x" * 5000])
    others = {
        "Accept": st.sampled_from(["text/html", "*/*", "", "\xff"]),
        "Accept-Language": st.sampled_from(["ko", "de;q=x", "*", "en" * 500]),
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "cross-site", "", "none"]),
        "Origin": st.sampled_from(["http://127.0.0.1:8501", "http://evil.example", "null", "http://[::1", ""]),
        "Host": st.sampled_from(["127.0.0.1:8501", "evil.example", "[::1]", "[", "", "a" * 300]),
        "Range": st.sampled_from(["bytes=0-1", "bytes=9-1", "bytes=-", "x", "bytes=0-0," * 90]),
        "Content-Type": st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=", "a/b"]),
        "Content-Length": st.sampled_from(["0", "-1", "x"]),
        "X-Forwarded-For": st.sampled_from(["1.2.3.4", "x", "::1%eth0"]),
        "If-None-Match": st.sampled_from(["*", "x"]),
        "tagwise-live": st.sampled_from(["a camera", "", "x" * 99]),
        "X-Xsrftoken": st.sampled_from(["x", "2|a|b|c"]),
    }
    chosen = st.dictionaries(st.sampled_from(sorted(others)), st.none(), max_size=3)
    drawn = chosen.flatmap(lambda found: st.fixed_dictionaries({name: others[name] for name in found}))
    return st.builds(lambda text, rest: (("Cookie", text), *rest.items()), cookie, drawn)


def _customvision(there: Known) -> st.SearchStrategy[Asked]:
    operations = [*customvision.TRAINING, *customvision.PREDICTION, *customvision.OLDER_PREDICTION]

    @st.composite
    def drawn(draw: st.DrawFn) -> Asked:
        operation = draw(st.sampled_from(operations))
        is_training = operation in customvision.TRAINING
        words = _words(there)
        path = re.sub(
            r"\{(\w+)\}",
            lambda match: quote(
                draw(st.sampled_from(there.ids[match[1]] * 4) if draw(st.integers(0, 5)) else words), safe=""
            ),
            operation.path,
        )
        version = draw(st.sampled_from(["v3.3", "v3.0", "v2.2", "v3.4-preview", "v1.0", "V3.3", "v9.9"]))
        name, key = ("Training-Key", there.keys.training) if is_training else ("Prediction-Key", there.keys.prediction)
        document = api.documents(words).map(lambda each: json.dumps(each).encode())
        kind = draw(st.sampled_from(["application/json", "image/png", "multipart/form-data; boundary=x"]))
        return Asked(
            "Custom Vision",
            draw(st.sampled_from([operation.method] * 4 + ["GET", "PUT", "OPTIONS", "HEAD"])),
            f"/customvision/{version}/{'training' if is_training else 'prediction'}{path}"
            + draw(_query(there, tuple(api.NAMES))),
            ((name, draw(st.sampled_from([key] * 8 + ["wrong", ""]))), ("Content-Type", kind)),
            draw(st.just(b"") | document | st.sampled_from(IMAGES) | st.binary(max_size=50)),
        )

    return drawn()


def _rekognition(there: Known) -> st.SearchStrategy[Asked]:
    @st.composite
    def drawn(draw: st.DrawFn) -> Asked:
        operation = draw(st.sampled_from(rekognition.OPERATIONS))
        odd = draw(st.sampled_from([st.nothing(), st.nothing(), st.sampled_from([*aws.LONG, *aws.NAMES]) | st.none()]))
        body = json.dumps(draw(aws.values(inspect.type_info(operation.input), there.arns, odd))).encode()
        body = draw(st.sampled_from([body] * 6 + [body[:-1], b"", b"[]"]))
        headers = {
            "x-amz-target": draw(st.sampled_from([f"RekognitionService.{operation.name}"] * 6 + ["", "x.y"])),
            "content-type": "application/x-amz-json-1.1",
        }
        fields = aws.signed("POST", "/", headers, body, service="rekognition", keys=there.aws)
        return Asked("Rekognition", "POST", "/", tuple(fields.items()), body)

    return drawn()


def _s3(there: Known) -> st.SearchStrategy[Asked]:
    @st.composite
    def drawn(draw: st.DrawFn) -> Asked:
        method = draw(st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]))
        parts = draw(st.sampled_from([["flowers"], ["flowers", "1.png"]]) | st.lists(aws.TEXT, max_size=3))
        pairs = draw(st.dictionaries(aws.PARAMETERS, aws.TEXT, max_size=3))
        path = "/".join(quote(part, safe="%", errors="replace") for part in parts)
        query = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in pairs.items())
        values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
        names = aws.HEADERS.filter(lambda name: name not in ("content-length", "expect"))
        headers = draw(
            st.dictionaries(names, values | st.sampled_from(["bytes=0-1", "*", "/flowers/1.png"]), max_size=4)
        )
        body, payload = draw(aws.BODIES), draw(aws.PAYLOADS)
        fields = aws.signed(method, f"/{path}?{query}", headers, body, payload, keys=there.aws)
        return Asked("S3", method, f"/{path}?{query}", tuple(fields.items()), body)

    return drawn()


def _files(there: Known) -> st.SearchStrategy[Asked]:
    """Images, downloads, exports, scripts, the authority's certificate."""
    fixed = [
        urls.AUTHORITY,
        urls.PLOTLY,
        "/assets/",
        "/static/index.html",
        "/static/%2e%2e/",
        "/favicon.png",
        "/media/x",
    ]
    filled = st.builds(
        lambda start, word: start + quote(word, safe=""),
        st.sampled_from(
            ["/thumbnail/", "/picture/", "/app/static/picture/", "/download/", "/customvision/files/export/"]
        ),
        st.sampled_from(there.digests) | _words(there),
    )
    return st.builds(
        Asked, st.just("files"), st.sampled_from(["GET", "GET", "HEAD", "POST", "OPTIONS"]),
        st.sampled_from(fixed) | filled, _fields(there),
    )  # fmt: skip


def _forms(there: Known) -> st.SearchStrategy[Asked]:
    names = st.sampled_from(["do", "code", "nickname", "return", "password", "ticket", "leave", "next"])
    values = st.sampled_from(["join", "return", "sign-in", "ticket", "leave"]) | _words(there)
    form = st.dictionaries(names, values, max_size=4).map(lambda found: urlencode(found).encode())
    return st.builds(
        Asked, st.just("forms"), st.sampled_from(["GET", "POST", "POST", "PUT"]),
        st.builds(str.__add__, st.sampled_from(["/join", "/login"]), _query(there, PARAMETERS)),
        _fields(there), form | st.binary(max_size=60) | st.just(b"a=b&" * 4000),
    )  # fmt: skip


def _live(there: Known) -> st.SearchStrategy[Asked]:
    address = (st.sampled_from(there.ids["iterationId"]) | _words(there)).map(
        lambda word: f"/live/{quote(word, safe='')}"
    )
    fields = _fields(there).map(lambda found: (("tagwise-live", "a camera"), *found))
    return st.builds(
        Asked, st.just("live"), st.sampled_from(["POST", "POST", "GET"]),
        st.builds(str.__add__, address, _query(there, ("threshold",))), fields,
        st.sampled_from(IMAGES) | st.binary(max_size=60),
    )  # fmt: skip


def _pages(there: Known) -> st.SearchStrategy[Asked]:
    address = st.sampled_from(PAGES).map(lambda page: f"/{page}")
    return st.builds(
        Asked, st.just("pages"), st.sampled_from(["GET", "GET", "HEAD", "POST"]),
        st.builds(str.__add__, address, _query(there, PARAMETERS)), _fields(there),
    )  # fmt: skip


def _streamlits(there: Known) -> st.SearchStrategy[Asked]:
    """What Streamlit serves beside the pages."""
    return st.builds(
        Asked, st.just("Streamlit's"), st.sampled_from(["GET", "PUT", "DELETE", "POST", "OPTIONS"]),
        st.sampled_from(STREAMLITS).map(lambda path: f"/_stcore/{path}"), _fields(there), st.binary(max_size=60),
    )  # fmt: skip


def _stream(there: Known) -> st.SearchStrategy[Asked]:
    """The WebSocket that pages come through: pages with any parameters, and bytes that are no message."""

    def message(page: str, query: str, others: bytes) -> bytes:
        found = BackMsg()
        found.rerun_script.query_string = query.removeprefix("?")
        found.rerun_script.page_name = page
        return bytes(found.SerializeToString()) + others

    runs = st.builds(message, st.sampled_from(PAGES), _query(there, PARAMETERS), st.just(b"") | st.binary(max_size=9))
    # None of the page's own: with them every other draw would only run through pages.
    return st.builds(
        Asked, st.just("stream"), st.just("GET"), st.just("/_stcore/stream"),
        st.sampled_from(there.cookies).map(lambda text: (("Cookie", text),)),
        frames=st.lists(runs | st.binary(max_size=40), min_size=1, max_size=2).map(tuple),
    )  # fmt: skip


def _anything(there: Known) -> st.SearchStrategy[Asked]:
    """Any path, whatever stands in it."""
    letters = st.characters(codec="utf-8", exclude_characters="\r\n")
    path = st.text(letters, max_size=40) | _words(there).map(lambda text: re.sub(r"[\r\n]", "", text))
    return st.builds(
        Asked, st.just("anything"), st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "X"]),
        path.map(lambda text: f"/{text}"), _fields(there), st.binary(max_size=60),
    )  # fmt: skip


def signed_in(port: int, given: str) -> str:
    """The shared password's cookie."""
    kind = (("Content-Type", "application/x-www-form-urlencoded"),)
    answered = send(port, Asked("forms", "POST", "/login", kind, urlencode({"password": given}).encode()))
    return answered.headers["set-cookie"].partition(";")[0].partition("=")[2]


def cookies(shared: str, own: list[str]) -> list[str]:
    """Cookie headers with the shared password's cookie and each of a class's."""
    return [f"{password.COOKIE}={shared}; {classroom.COOKIE}={each}" for each in own]


def tracebacks(log: str) -> list[str]:
    """The tracebacks in a log, each with its error; but for Streamlit's of a message that is none, which it refuses."""
    blocks = re.findall(r"([^\n]*\n)(Traceback \(most recent call last\):\n(?:[ \n][^\n]*\n|\n)*[^\n]*)", log)
    return [block for before, block in blocks if "Error deserializing back message" not in before]
