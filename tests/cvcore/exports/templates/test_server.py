"""The container's server: Custom Vision's prediction routes, answered and refused, with a scripted model."""

from __future__ import annotations

import io
import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from cvcore.exports.templates.server import BYTES_MAX, Server, image_in

ABOUT = {
    "project": {"id": "p1", "name": "Trees"},
    "iteration": {"id": "i1", "name": "Iteration 1", "number": 1},
    "tags": [{"id": "t1", "name": "oak", "type": "Regular"}, {"id": "t2", "name": "none", "type": "Negative"}],
}
FORM = {"Content-Type": 'multipart/form-data; boundary="edge"'}


def scripted(file: io.BytesIO) -> list[dict[str, Any]]:
    """An oak where the image can be read."""
    Image.open(file).load()
    return [{"tag": "oak", "probability": 0.75}, {"tag": "none", "probability": 0.25}]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server on a free port."""
    with Server(("127.0.0.1", 0), scripted, ABOUT) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def png(drawn_image: Any) -> bytes:
    return bytes(drawn_image(1))


def asked(url: str, body: bytes | None, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of the answer."""
    request = urllib.request.Request(url, body, headers or {"Content-Type": "application/octet-stream"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def form(data: bytes, disposition: str = 'form-data; name="imageData"') -> bytes:
    """A form with one part, as the official client sends it: without a file name or a type."""
    return f"--edge\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n--edge--\r\n"


@pytest.mark.parametrize(
    "route",
    [
        "/image",
        "/image/nostore",
        "/trees/image",
        "/trees/image/nostore",
        "/trees/classify/iterations/Iteration1/image",
        "/trees/classify/iterations/Iteration1/image/nostore?application=phone",
        "//customvision/v3.1/Prediction/trees/classify/iterations/Iteration%201/image",
    ],
)
def test_every_route_predicts(url: str, route: str, png: bytes) -> None:
    """Custom Vision's container routes, and those of its official client, answer with an ImagePrediction."""
    status, answer = asked(url + route, png)
    assert (200, "p1", "i1") == (status, answer["project"], answer["iteration"])
    assert {"id", "project", "iteration", "created", "predictions"} == set(answer)
    assert [
        {"probability": 0.75, "tagId": "t1", "tagName": "oak", "boundingBox": None, "tagType": "Regular"},
        {"probability": 0.25, "tagId": "t2", "tagName": "none", "boundingBox": None, "tagType": "Negative"},
    ] == answer["predictions"]


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="imageData"',
        "form-data; name=imageData",
        'form-data; name="imageData"; filename="a.png"',
        'form-data; name="file"; filename="a.png"',
    ],
)
def test_a_form_predicts(url: str, disposition: str, png: bytes) -> None:
    """The image may be the part imageData of a form, with a file name or without, or a file under any name."""
    assert 200 == asked(url + "/image", form(png, disposition), FORM)[0]


def test_a_line_that_begins_like_the_boundary_is_the_images(url: str, png: bytes) -> None:
    """Only a whole line parts a form: what an image holds after it reaches the model."""
    data = png + b"\r\n--edge-of-the-wood\r\nmore\r\n--edge--or-not"
    assert data == image_in(form(data), FORM["Content-Type"])
    assert 200 == asked(url + "/image", form(data), FORM)[0]


@pytest.mark.parametrize(
    ("route", "body", "headers", "refusal"),
    [
        ("/", b"x", None, (404, "NotFound", "there is no route /: POST an image to /image")),
        (
            "/trees/classify/iterations/Iteration1/url",
            b'{"url": "http://example.com/oak.png"}',
            {"Content-Type": "application/json"},
            (
                400,
                "BadRequestImageUrl",
                "this server does not fetch addresses: send the image itself to the same route with /image",
            ),
        ),
        (
            "/image",
            b"no picture",
            None,
            (
                400,
                "BadRequestImageFormat",
                "the body must be an image or a form with one as imageData: send a JPEG or PNG",
            ),
        ),
        (
            "/image",
            form(b"", 'form-data; name="other"'),
            FORM,
            (400, "BadRequestImageFormat", "the form must have a part imageData with the image, it has none"),
        ),
        (
            "/image",
            b"",
            None,
            (400, "BadRequestImageSizeBytes", "an image must have 1 to 4,194,304 bytes, got 0: save it smaller"),
        ),
        (
            "/image",
            bytes(BYTES_MAX + 1),
            None,
            (
                400,
                "BadRequestImageSizeBytes",
                "an image must have 1 to 4,194,304 bytes, got 4,194,305: save it smaller",
            ),
        ),
        (
            "/image",
            b"x",
            {"Content-Length": "many"},
            (411, "BadRequestImageSizeBytes", "the request must have a Content-Length"),
        ),
    ],
    ids=["route", "url", "format", "form", "empty", "large", "length"],
)
def test_refusals(
    url: str, route: str, body: bytes, headers: dict[str, str] | None, refusal: tuple[int, str, str]
) -> None:
    """What cannot be answered gets Custom Vision's code and a sentence."""
    status, answer = asked(url + route, body, headers)
    assert refusal == (status, answer["code"], answer["message"])


def test_it_says_that_it_is_up(url: str) -> None:
    """A GET tells which model answers, so that whatever starts the container can wait for it."""
    assert (200, {"status": "ready", "model": ABOUT}) == asked(url, None)
