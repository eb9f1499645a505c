"""Every operation of every version, asked with the specification's own examples, answers as that version says."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from cvcore import domains
from cvcore.api.customvision import routes
from cvcore.api.customvision.middleware import CustomVision
from cvcore.api.customvision.operations import uploads
from cvcore.files import blobs
from cvcore.files.api_keys import Keys
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Publication, Store

# Where it is from, and its licence: tests/data/custom-vision-wire.md.
SPECIFICATION = json.loads((Path(__file__).parents[3] / "data" / "custom-vision-wire.json").read_text(encoding="utf-8"))
EXAMPLES = SPECIFICATION["examples"]
VERSIONS = SPECIFICATION["versions"]
# Prediction has versions of its own.
PREDICTION_VERSIONS = {"v3.0": "v3.0", "v3.2": "v3.0", "v3.3": "v3.1", "v3.4-preview": "v3.1"}
# What would take away what others need comes last, in this order.
LAST = ("delete_image_tags", "delete_prediction", "unpublish_iteration", "delete_iteration", "delete_images")
LAST = (*LAST, "delete_tag", "delete_project")
BOXES = {each.name for each in (*routes.TRAINING, *routes.PREDICTION) if not each.is_supported}
# The fields that hold one of a version's words, or several; clients of typed languages know no others.
WORDS = {
    "classificationType": "Classifier",
    "exportableTo": "ExportPlatform",
    "flavor": "ExportFlavor",
    "platform": "ExportPlatform",
    "tagType": "TagType",
    "trainingType": "TrainingType",
}
SIMPLE = {"str": str, "bool": bool, "int": int, "float": (int, float)}


class Replay:
    """A project that has all that the examples name, and a client that asks about it."""

    def __init__(self, store: Store, iteration: Iteration, version: str, image: bytes) -> None:
        self.version, self.store, self.iteration, self.image = version, store, iteration, image
        self.client = TestClient(CustomVision(PlainTextResponse(""), store, Settings(store.home), Keys("t", "p")))
        tags, images = store.tags.of_project(iteration.project_id), store.images.page(iteration.project_id, take=3)
        self.tag_id, self.image_ids = tags[0].id, [each.id for each in images]
        self.operations, self.models = VERSIONS[version]["operations"], VERSIONS[version]["models"]

    def ids(self) -> dict[str, str]:
        """What stands in a path or an address in place of an example's id."""
        stored = self.store.predictions.of_project(self.iteration.project_id)
        return {
            "projectId": self.iteration.project_id,
            "iterationId": self.iteration.id,
            "tagId": self.tag_id,
            "tagIds": self.tag_id,
            "imageId": self.image_ids[0],
            "imageIds": ",".join(self.image_ids),
            "ids": ",".join(each.id for each in stored),
            "domainId": domains.DEFAULT.id,
            "publishedName": "MyModel1",
            "token": self.iteration.project_id,
        }

    def query(self, name: str) -> dict[str, Any]:
        """The example's parameters, with ids of the project."""
        given = EXAMPLES.get(name, {})
        known = {key: self.ids().get(key, value) for key, value in given.items() if value != [""]}
        if name == "import_project":
            export = self.ask("export_project").json()
            return {"token": export["token"], "name": "imported"}
        if name == "get_artifact":
            answer = self.client.get(self.url("get_images"), headers={"Training-Key": "t"}).json()
            return {"path": answer[0]["originalImageUri"]}
        return {**known, **({"imageIds": ",".join(self.image_ids)} if name == "update_image_metadata" else {})}

    def url(self, name: str) -> str:
        """An operation's address."""
        api, _, path, *_ = self.operations[name]
        version = self.version if api == "training" else PREDICTION_VERSIONS[self.version]
        return f"/customvision/{version}/{api}{path}".format(**self.ids())

    def body(self, name: str) -> dict[str, Any]:
        """The arguments of a client's call for a request's body."""
        if name in ("create_images_from_data", "quick_test_image", "classify_image", "classify_image_with_no_store"):
            return {"files": {"imageData": self.image}}
        bodies: dict[str, Any] = {
            "update_project": {"name": "Renamed", "settings": {"domainId": domains.DEFAULT.id}},
            "create_images_from_files": {
                "images": [{"name": "a.png", "contents": base64.b64encode(self.image).decode()}],
                "tagIds": [self.tag_id],
            },
            "create_images_from_urls": {"images": [{"url": "https://example.com/a.png"}], "tagIds": [self.tag_id]},
            "create_images_from_predictions": {
                "images": [{"id": each} for each in self.ids()["ids"].split(",")[:1]],
            },
            "create_image_tags": {"tags": [{"imageId": self.image_ids[0], "tagId": self.tag_id}]},
            "query_suggested_images": {
                "tagIds": [self.tag_id],
                "threshold": 0,
                "maxCount": 2,
                "sortBy": "UncertaintyAscending",
            },
            "query_suggested_image_count": {"tagIds": [self.tag_id], "threshold": 0},
            "update_iteration": {"name": "Best Iteration"},
            "update_tag": {"name": "Better", "type": "Regular"},
            "query_predictions": {"orderBy": "Newest", "maxCount": 64},
            "update_image_metadata": {"room": "12"},
        }
        if name.endswith(("_url", "_url_with_no_store")):
            return {"json": {"url": "https://example.com/a.png"}}
        return {"json": bodies[name]} if name in bodies else {}

    def ask(self, name: str) -> Any:
        """The response to an operation's example."""
        verb = self.operations[name][1]
        headers = {"Training-Key": "t", "Prediction-Key": "p"}
        return self.client.request(verb, self.url(name), headers=headers, params=self.query(name), **self.body(name))

    def check(self, value: Any, kind: str, where: str) -> None:
        """Assert that a value is of a type of the specification; null passes, as Azure sends it in many places."""
        if value is None:
            return
        if kind.startswith("["):
            assert isinstance(value, list), where
            for at, each in enumerate(value):
                self.check(each, kind[1:-1], f"{where}[{at}]")
        elif kind.startswith("{"):
            assert isinstance(value, dict), where
            for key, each in value.items():
                self.check(each, kind[1:-1], f"{where}.{key}")
        elif kind == "iso-8601":
            datetime.fromisoformat(value)
        elif kind in SIMPLE:
            assert isinstance(value, SIMPLE[kind]), f"{where} is {value!r}, not {kind}"
            assert kind == "bool" or not isinstance(value, bool), where
        elif isinstance(self.models[kind], list):
            assert value in self.models[kind], where
        else:
            self.check_fields(value, self.models[kind], where)

    def check_fields(self, value: Any, fields: dict[str, str], where: str) -> None:
        """Assert that an object has the fields of a model."""
        assert isinstance(value, dict), where
        for key, kind in fields.items():
            assert key in value or not kind.endswith("!"), f"{where} lacks {key}"
            self.check(value.get(key), kind.rstrip("!"), f"{where}.{key}")
            words = self.models.get(WORDS.get(key, ""), [])
            given = value.get(key) if isinstance(value.get(key), list) else [value.get(key)]
            assert not words or {*given} - {None} <= {*words}, f"{where}.{key}: {given} not in {words}"


@pytest.fixture
def replay(
    store: Store,
    fill: Callable[..., Project],
    trained: Callable[..., Iteration],
    drawn_image: Callable[[int], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Replay]:
    """Makes the project of a version's replay; its images come from no network, and its export is done."""
    iteration = trained(fill(rose=5, tulip=5))
    store.publications.put(iteration.project_id, Publication("MyModel1", iteration.id, ""))
    monkeypatch.setattr(uploads, "fetched", lambda call, url: drawn_image(60))
    folder = blobs.iteration_folder(store.home, iteration.id) / "exports"
    blobs.write(folder / f"tensorflow-{'0' * 32}.zip", b"")
    return lambda version: Replay(store, iteration, version, drawn_image(61))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_operation(replay: Callable[[str], Replay], version: str) -> None:
    """The status is one that the version lists, and the answer has its fields, types and values."""
    there = replay(version)
    there.ask("classify_image")
    names = sorted(there.operations, key=lambda name: (LAST.index(name) if name in LAST else -1, name))
    for name in names:
        response = there.ask(name)
        _, _, _, statuses, kind = there.operations[name]
        if name in BOXES:
            assert (400, "BadRequestNotSupported") == (response.status_code, response.json()["code"]), name
            continue
        assert response.status_code in statuses, f"{name}: {response.status_code} {response.text[:300]}"
        if kind == "stream":
            assert response.content, name
        elif kind:
            assert response.json() is not None, name
            there.check(response.json(), kind, name)
        else:
            assert not response.content, name


@pytest.mark.parametrize("version", VERSIONS)
def test_every_refusal(replay: Callable[[str], Replay], version: str) -> None:
    """An error has a code and a message, and the code is one of the version's list."""
    there = replay(version)
    codes = there.models.get("CustomVisionErrorCodes")
    for path, headers in (("/projects", {}), ("/projects/x", {"Training-Key": "t"}), ("/x", {"Training-Key": "t"})):
        answer = there.client.get(f"/customvision/{version}/training{path}", headers=headers)
        assert 400 <= answer.status_code < 500
        assert {"code", "message"} == set(answer.json())
        assert codes is None or answer.json()["code"] in codes


def test_a_wrong_answer_is_found(replay: Callable[[str], Replay]) -> None:
    """The check sees a missing field, a wrong type and an unknown value."""
    there = replay("v3.3")
    there.check({"name": "a", "description": "", "type": "Regular"}, "Tag", "Tag")
    for value, kind in (
        ({"name": "a", "type": "Regular"}, "Tag"),
        ({"name": "a", "description": "", "type": 5}, "Tag"),
        ([{"tagType": "Odd"}], "[Prediction]"),
        ({"platform": "Abacus"}, "Export"),
        ({"precision": True}, "IterationPerformance"),
    ):
        with pytest.raises(AssertionError):
            there.check(value, kind, kind)
