"""What clients of Azure are used to on the wire, beyond the specification and in each version of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping

import pytest
from starlette.testclient import TestClient

from cvcore import domains
from cvcore.api.customvision.operations import uploads
from cvcore.api.customvision.protocol import lenient_json
from cvcore.records import Iteration
from cvcore.store import Store
from tests.cvcore.api.customvision.conftest import PREDICTION, TRAINING, client_of

ORIGIN = {"Origin": "https://school.example"}


@pytest.fixture
def client(store: Store) -> TestClient:
    """A client of the API with the settings that nobody changed."""
    return client_of(store)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{'url' : 'https://a.example/b.jpg'}", {"url": "https://a.example/b.jpg"}),
        ('{"url": "https://a.example/b.jpg",}', {"url": "https://a.example/b.jpg"}),
        ("{url: 'it\\'s'}", {"url": "it's"}),
        ("{'a': 'say \"hi\"', \"b\": 'x\\\\y'}", {"a": 'say "hi"', "b": "x\\y"}),
        ("/* one */ {'a': [1, -2.5e3, true, null,], // two\n 'b': {}}", {"a": [1, -2500.0, True, None], "b": {}}),
        ("{'a': 'two\nlines, {not: [an, object,]}'}", {"a": "two\nlines, {not: [an, object,]}"}),
    ],
)
def test_json_as_net_reads_it(body: str, expected: object) -> None:
    """Quotes, names, commas and comments that .NET's reader takes are read; text within quotes is left as it is."""
    assert expected == lenient_json.loads(body)


@pytest.mark.parametrize(
    "body", ["{'a': b}", "{'a'", "{'a': 'b", "{,}", "{'a': 1,,}", ",]", "'a' 'b'", "{'a': 1 2}", "{'a': tru}", "\\"]
)
def test_what_is_no_json_at_all(body: str) -> None:
    """What no reader takes is still refused."""
    with pytest.raises(ValueError, match=r"."):
        lenient_json.loads(body)


def test_a_long_body_is_read_in_linear_time() -> None:
    """A million letters in single quotes, or quotes without an end, take no second look."""
    assert 1_000_000 == len(lenient_json.loads("{'a': '" + "\\\\" * 1_000_000 + "'}")["a"])
    with pytest.raises(ValueError, match="unexpected"):
        lenient_json.loads("'" + "\\a" * 500_000)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{'url' : 'https://a.example/b.jpg'}", "application/json"),
        (b"url=https%3A%2F%2Fa.example%2Fb.jpg", "application/x-www-form-urlencoded"),
        (b'{"Url": "https://a.example/b.jpg"}', "application/x-www-form-urlencoded"),
        ('{"url": "https://a.example/b.jpg"}'.encode("utf-8-sig"), "application/json; charset=utf-8"),
        ("{'url': 'https://a.example/b.jpg'}".encode("utf-16"), "application/json"),
    ],
)
def test_an_address_as_scripts_send_it(
    garden: Iteration, client: TestClient, monkeypatch: pytest.MonkeyPatch, body: bytes, content_type: str
) -> None:
    """Single quotes, forms and marks of byte order lead to the same address."""
    asked = []
    monkeypatch.setattr(uploads, "fetched", lambda call, url: asked.append(url) or b"")
    client.post(
        f"/customvision/v3.0/Prediction/{garden.project_id}/classify/iterations/garden/url",
        headers={**PREDICTION, "Content-Type": content_type},
        content=body,
    )
    assert ["https://a.example/b.jpg"] == asked


@pytest.mark.parametrize(
    ("version", "status"),
    [("v2.2", 200), ("v3.0", 200), ("v3.1", 200), ("v3.2", 200), ("v3.3", 207), ("v3.4-preview", 207)],
)
def test_a_batch_of_which_part_fails(
    client: TestClient, garden: Iteration, drawn_image: Callable[[int], bytes], version: str, status: int
) -> None:
    """Clients before v3.3 know no 207: they get the summary with 200."""
    entry = {"name": "twice.png", "contents": base64.b64encode(drawn_image(70)).decode()}
    address = f"/customvision/{version}/training/projects/{garden.project_id}/images/files"
    client.post(address, headers=TRAINING, json={"images": [entry]})
    answer = client.post(address, headers=TRAINING, json={"images": [entry]})
    assert (status, False) == (answer.status_code, answer.json()["isBatchSuccessful"])
    assert ["OKDuplicate"] == [each["status"] for each in answer.json()["images"]]


def test_metadata_by_the_versions_limits(client: TestClient, store: Store, garden: Iteration) -> None:
    """Fifty pairs are taken since v3.3, ten before."""
    (image,) = store.images.page(garden.project_id, take=1)
    path = f"training/projects/{garden.project_id}/images/metadata?imageIds={image.id}"
    pairs = {"k" * 200 + str(number): "v" * 512 for number in range(50)}
    assert 200 == client.post(f"/customvision/v3.3/{path}", headers=TRAINING, json=pairs).status_code
    answer = client.post(f"/customvision/v3.2/{path}", headers=TRAINING, json=pairs)
    assert (400, "metadata must be an object of at most 10 texts: send fewer keys") == (
        answer.status_code,
        answer.json()["message"],
    )


def test_numbers_that_are_undefined(client: TestClient, garden: Iteration) -> None:
    """At a threshold that no probability reaches, precision is 0 and no null, so that scripts can calculate with it."""
    path = f"/customvision/v3.3/training/projects/{garden.project_id}/iterations/{garden.id}/performance?threshold=1.0"
    answer = client.get(path, headers=TRAINING).json()
    rows = [answer, *answer["perTagPerformance"]]
    numbers = [value for row in rows for name, value in row.items() if "recision" in name or "recall" in name]
    assert 15 == len(numbers)
    assert all(isinstance(number, float) for number in numbers)
    assert 0.0 == answer["precision"]


def test_a_classification_has_no_place(
    client: TestClient, garden: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """The key boundingBox is left out: clients take its presence for object detection."""
    address = f"/customvision/v3.1/prediction/{garden.project_id}/classify/iterations/garden/image"
    answer = client.post(address, headers=PREDICTION, content=drawn_image(1)).json()
    assert {"probability", "tagId", "tagName", "tagType"} == set(answer["predictions"][0])


@pytest.mark.parametrize("domain", domains.RETIRED, ids=lambda domain: domain.name)
def test_a_domain_that_azure_retired(client: TestClient, domain: domains.Domain) -> None:
    """It is listed and a project with it keeps its id."""
    listed = client.get("/customvision/v3.3/training/domains", headers=TRAINING).json()
    assert domain.name in [each["name"] for each in listed if each["id"] == domain.id]
    made = client.post(f"/customvision/v3.3/training/projects?name=a&domainId={domain.id.upper()}", headers=TRAINING)
    assert (200, domain.id) == (made.status_code, made.json()["settings"]["domainId"])


@pytest.mark.parametrize("name", ["exportModelContainerUri", "notificationQueueUri"])
def test_a_storage_account_is_refused(client: TestClient, name: str) -> None:
    """What would be dropped in silence is refused by its name."""
    address = "/customvision/v3.4-preview/training/projects?name=a"
    answer = client.post(address, headers=TRAINING, json={name: "https://account.example/models"})
    assert (400, "BadRequestNotSupported") == (answer.status_code, answer.json()["code"])
    assert f"Tagwise writes to no Azure storage account: leave {name} out" == answer.json()["message"]
    assert 200 == client.post(address, headers=TRAINING, json={name: ""}).status_code


@pytest.mark.parametrize(("version", "has_it"), [("v3.0", False), ("v3.3", False), ("v3.4-preview", True)])
def test_platforms_by_version(client: TestClient, garden: Iteration, version: str, has_it: bool) -> None:
    """OpenVino is told only where the version's list of platforms has it."""
    path = f"/customvision/{version}/training/projects/{garden.project_id}/iterations/{garden.id}"
    assert has_it == ("OpenVino" in client.get(path, headers=TRAINING).json()["exportableTo"])


def asked_before(origin: Mapping[str, str] = ORIGIN) -> dict[str, str]:
    """The headers of a browser that asks whether it may call."""
    return {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,prediction-key",
        "Access-Control-Request-Private-Network": "true",
    }


def test_a_page_of_another_site_may_predict(
    client: TestClient, garden: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """A browser is allowed to ask with the key, without one it may read why it was refused."""
    path = f"/customvision/v3.0/prediction/{garden.project_id}/classify/iterations/garden/image"
    before = client.options(path, headers=asked_before())
    assert (204, "*", "*", "true") == (
        before.status_code,
        before.headers["access-control-allow-origin"],
        before.headers["access-control-allow-headers"],
        before.headers["access-control-allow-private-network"],
    )
    assert "POST" in before.headers["access-control-allow-methods"].split(", ")
    for headers, status in (({**ORIGIN, **PREDICTION}, 200), (ORIGIN, 401)):
        answer = client.post(path, headers=headers, content=drawn_image(1))
        assert (status, "*") == (answer.status_code, answer.headers["access-control-allow-origin"])


@pytest.mark.parametrize(
    ("cors", "path", "is_allowed"),
    [
        (("prediction",), "v3.3/training/projects", False),
        (("prediction", "training"), "v3.3/training/projects", True),
        ((), "v3.0/prediction/x/classify/iterations/y/image", False),
        (("prediction",), "v2.0/Prediction/x/image", True),
    ],
)
def test_which_apis_other_sites_may_call(store: Store, cors: tuple[str, ...], path: str, is_allowed: bool) -> None:
    """Training only by the setting, and nothing where that says so."""
    client = client_of(store, cors=cors)
    answer = client.options(f"/customvision/{path}", headers=asked_before())
    assert (204 if is_allowed else 401) == answer.status_code
    assert is_allowed == ("access-control-allow-origin" in answer.headers)


@pytest.mark.parametrize("version", ["v2.0", "v2.2", "v1.0", "v1.1"])
def test_predictions_before_version_3(
    client: TestClient,
    store: Store,
    garden: Iteration,
    drawn_image: Callable[[int], bytes],
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    """They name an iteration by its id or not at all, and keep the image unless told not to."""
    monkeypatch.setattr(uploads, "fetched", lambda call, url: drawn_image(1))
    for end in ("image", "image/nostore", "url", f"url/nostore?iterationId={garden.id}"):
        body = drawn_image(1) if "image" in end else json.dumps({"Url": "https://a.example/b.jpg"}).encode()
        path = f"/customvision/{version}/Prediction/{garden.project_id}/{end}"
        answer = client.post(path, headers=PREDICTION, content=body)
        assert 200 == answer.status_code
        if version.startswith("v1"):
            assert {"Id", "Project", "Iteration", "Created", "Predictions"} == set(answer.json())
            assert {"TagId", "Tag", "Probability"} == set(answer.json()["Predictions"][0])
            assert {"rose", "tulip"} == {each["Tag"] for each in answer.json()["Predictions"]}
        else:
            assert garden.id == answer.json()["iteration"]
            assert {"rose", "tulip"} == {each["tagName"] for each in answer.json()["predictions"]}
    assert 2 == len(store.predictions.of_project(garden.project_id))


def test_the_default_iteration_of_version_2(
    client: TestClient, store: Store, garden: Iteration, drawn_image: Callable[[int], bytes]
) -> None:
    """The field isDefault publishes as `default`, which predictions without an id use; false takes it back."""
    path = f"/customvision/v2.2/training/projects/{garden.project_id}/iterations/{garden.id}"
    ask = f"/customvision/v2.0/Prediction/{garden.project_id}/image"
    assert client.get(path, headers=TRAINING).json()["isDefault"] is False
    assert client.patch(path, headers=TRAINING, json={"isDefault": True}).json()["isDefault"] is True
    store.publications.remove_name(garden.project_id, "garden")
    assert 200 == client.post(ask, headers=PREDICTION, content=drawn_image(1)).status_code
    assert client.patch(path, headers=TRAINING, json={"name": "x"}).json()["isDefault"] is True
    assert client.patch(path, headers=TRAINING, json={"isDefault": False}).json()["isDefault"] is False
    answer = client.post(ask, headers=PREDICTION, content=drawn_image(1))
    assert (404, "NotFoundIteration") == (answer.status_code, answer.json()["code"])
    assert "none of 'Flowers' is published: publish one, or name its id" in answer.json()["message"]
    newer = path.replace("v2.2", "v3.3")
    assert "isDefault" not in client.patch(newer, headers=TRAINING, json={"isDefault": True}).json()
