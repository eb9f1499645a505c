"""Which requests the middleware takes, in any spelling, and how it refuses the rest."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from cvcore.api.customvision import middleware
from cvcore.api.customvision.protocol import errors
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from tests.cvcore.api.customvision.conftest import PREDICTION, TRAINING, client_of

BASE = "/customvision/v3.3/training"


@pytest.fixture
def client(store: Store) -> TestClient:
    """A client of the middleware alone; a page answers what it passes on."""
    return client_of(store, limits=Limits(image_bytes=100_000))


@pytest.mark.parametrize(
    "path",
    [
        f"{BASE}/projects",
        "/customvision/v3.4-preview/training/projects",
        "/CustomVision/V3.0/Training/Projects/",
        "http://testserver//customvision//v3.3/training//projects",
    ],
)
def test_every_spelling_of_a_path(client: TestClient, path: str) -> None:
    """Any case, doubled slashes and every version 3 lead to the same operation."""
    assert (200, []) == ((answer := client.get(path, headers=TRAINING)).status_code, answer.json())


def test_other_paths_pass_by(client: TestClient) -> None:
    """What is not the API's is left to others."""
    assert "a page" == client.get("/customvisions").text


@pytest.mark.parametrize("headers", [{}, {"Training-Key": "x"}, PREDICTION, {"Training-Key": "tt"}])
def test_a_wrong_key(client: TestClient, headers: dict[str, str]) -> None:
    """A missing or wrong key is 401 with a code of Custom Vision's list, and the other API's is a wrong one."""
    answer = client.get(f"{BASE}/projects", headers=headers)
    assert (401, "ForbiddenUser") == (answer.status_code, answer.json()["code"])
    assert "Training-Key" in answer.json()["message"]


def test_a_wrong_prediction_key(client: TestClient) -> None:
    """The training key does not open the prediction API."""
    answer = client.post("/customvision/v3.1/prediction/x/classify/iterations/y/image", headers=TRAINING, content=b"x")
    assert (401, "ForbiddenUser") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("PUT", "/projects", 405), ("GET", "/projects/x/y/z", 404)],
)
def test_what_is_not_there(client: TestClient, method: str, path: str, status: int) -> None:
    """An unknown operation, or method, is refused in the shape the SDK reads."""
    answer = client.request(method, BASE + path, headers=TRAINING)
    assert (status, {"code", "message"}) == (answer.status_code, set(answer.json()))


def test_version_1_of_training_is_not_there(client: TestClient) -> None:
    """Training 1.x had other names: the answer is 404 and says which version to take."""
    answer = client.get("/customvision/v1.2/training/projects", headers=TRAINING)
    assert (404, "the training API begins with v2.0 here: take a client for a newer version") == (
        answer.status_code,
        answer.json()["message"],
    )


@pytest.mark.parametrize("header", ["Training-Key", "training-key", "Ocp-Apim-Subscription-Key"])
def test_a_key_under_each_name(client: TestClient, header: str) -> None:
    """The gateway's own header carries a key, too."""
    assert 200 == client.get(f"{BASE}/projects", headers={header: "t"}).status_code


def test_an_empty_json_body(client: TestClient) -> None:
    """The SDK sends a JSON content type with no body: that is no error."""
    headers = {**TRAINING, "Content-Type": "application/json; charset=utf-8"}
    answer = client.post(f"{BASE}/projects?name=My New Project", headers=headers)
    assert (200, "My New Project") == (answer.status_code, answer.json()["name"])


@pytest.mark.parametrize(
    "body", ["{", "[]", "7", "[" * 100_000, '{"images": 3}', '{"images": [4]}', '{"images": [{"contents": 5}]}']
)
def test_a_body_of_another_shape(client: TestClient, garden: Iteration, body: str) -> None:
    """What is no JSON, or JSON of another shape, is refused with 400."""
    answer = client.post(f"{BASE}/projects/{garden.project_id}/images/files", headers=TRAINING, content=body)
    assert (400, "BadRequestInvalid") == (answer.status_code, answer.json()["code"])


def form(data: bytes, disposition: str = 'form-data; name="imageData"') -> tuple[dict[str, str], bytes]:
    """A multipart body as written by hand."""
    body = b"--b0\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + data + b"\r\n--b0--\r\n"
    return {"Content-Type": "multipart/form-data; boundary=b0"}, body


@pytest.mark.parametrize(
    "disposition",
    ['form-data; name="imageData"', 'form-data; name="imageData"; filename="a;b.png"', "form-data; name=x"],
)
def test_an_image_in_a_form(
    client: TestClient, garden: Iteration, drawn_image: Callable[[int], bytes], disposition: str
) -> None:
    """An image comes in a part with or without a file name, and byte for byte."""
    headers, body = form(drawn_image(50), disposition)
    answer = client.post(f"{BASE}/projects/{garden.project_id}/images", headers={**TRAINING, **headers}, content=body)
    assert (200, "OK") == (answer.status_code, answer.json()["images"][0]["status"])
    assert drawn_image(50) == client.get(answer.json()["images"][0]["image"]["originalImageUri"]).content


@pytest.mark.parametrize("content_type", ["application/octet-stream", "image/png", ""])
def test_an_image_as_the_body(
    client: TestClient, garden: Iteration, drawn_image: Callable[[int], bytes], content_type: str
) -> None:
    """An image comes as the body, too."""
    address = f"/customvision/v3.0/Prediction/{garden.project_id}/classify/iterations/garden/image"
    answer = client.post(address, headers={**PREDICTION, "Content-Type": content_type}, content=drawn_image(1))
    assert (200, 2) == (answer.status_code, len(answer.json()["predictions"]))


def test_no_image(client: TestClient, garden: Iteration) -> None:
    """A request without an image, or with JSON in its place, says so."""
    address = f"/customvision/v3.0/prediction/{garden.project_id}/classify/iterations/garden/image"
    empty = client.post(address, headers=PREDICTION)
    assert (400, "BadRequestImageStream") == (empty.status_code, empty.json()["code"])
    wrong = client.post(address, headers=PREDICTION, json={"url": "https://example.com"})
    assert (415, "UnsupportedMediaType") == (wrong.status_code, wrong.json()["code"])


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"no image", "BadRequestImageFormat"), (b"\x89PNG" + bytes(100_000), "BadRequestImageSizeBytes")],
)
def test_an_image_that_cannot_be_one(client: TestClient, garden: Iteration, data: bytes, code: str) -> None:
    """An image to be classified that breaks a rule is refused by that rule's code."""
    address = f"/customvision/v3.0/prediction/{garden.project_id}/classify/iterations/garden/image"
    answer = client.post(address, headers=PREDICTION, content=data)
    assert (400, code) == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("name", ["Url", "url", "URL"])
def test_an_address_in_any_case(client: TestClient, garden: Iteration, name: str) -> None:
    """The portal writes Url, the SDK url; both are read, and an address in the own network is refused."""
    address = f"/customvision/v3.0/prediction/{garden.project_id}/classify/iterations/garden/url"
    answer = client.post(address, headers=PREDICTION, json={name: "http://127.0.0.1:1/a.png"})
    assert (400, "BadRequestImageUrl") == (answer.status_code, answer.json()["code"])
    assert "this machine" in answer.json()["message"]


def test_a_request_too_large(client: TestClient, garden: Iteration, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body over the limit is read to its end, not kept, and refused."""
    monkeypatch.setattr(middleware, "BATCH_BYTES", 1000)
    answer = client.post(f"{BASE}/projects/{garden.project_id}/images/files", headers=TRAINING, content=bytes(2000))
    assert (400, "BadRequestExceededBatchSize") == (answer.status_code, answer.json()["code"])


def test_images_need_no_key(client: TestClient, store: Store, garden: Iteration) -> None:
    """An image's address is fetched without a key, as an image and nothing else; one that is not there is 404."""
    (image,) = store.images.page(garden.project_id, take=1)
    for kind, media in (("original", "image/png"), ("resized", "image/webp"), ("thumbnail", "image/webp")):
        answer = client.get(f"/customvision/files/{kind}/{image.sha256}")
        assert (200, media, "nosniff") == (
            answer.status_code,
            answer.headers["content-type"],
            answer.headers["x-content-type-options"],
        )
    assert 404 == client.get(f"/customvision/files/original/{'0' * 64}").status_code


def test_what_is_unforeseen(client: TestClient, garden: Iteration, store: Store) -> None:
    """Where the code is at fault the answer says so in the shape of all others, and no more."""
    store.projects.get = lambda project_id: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    answer = client.get(f"{BASE}/projects/x", headers=TRAINING)
    assert (500, "ErrorUnknown") == (answer.status_code, answer.json()["code"])


def test_every_code_has_a_status() -> None:
    """The table's codes all begin with a word that a status belongs to, and only what may pass is a 5xx."""
    statuses = {code: errors.status_of(code) for _, _, code in errors.CODES}
    assert {"ErrorServerTimeOut"} == {code for code, status in statuses.items() if status >= 500}


def test_answers_are_json(client: TestClient) -> None:
    """An answer names its type, and holds letters of every script."""
    client.post(f"{BASE}/projects?name=Äpfel", headers=TRAINING)
    answer = client.get(f"{BASE}/projects", headers=TRAINING)
    assert "application/json; charset=utf-8" == answer.headers["content-type"]
    assert "Äpfel" == json.loads(answer.content)[0]["name"]
