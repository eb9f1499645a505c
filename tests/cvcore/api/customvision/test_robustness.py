"""No request, however odd, brings the server to fail: the SDK would repeat it three times."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvcore.api.customvision import middleware, routes
from cvcore.api.customvision.protocol.request import Call
from cvcore.prediction import publishing
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Store

# The names of all parameters and fields.
NAMES = [
    *("allImages", "application", "classificationType", "contents", "continuation", "customBaseModelInfo"),
    *("description", "domainId", "endTime", "forceTrain", "id", "ids", "imageId", "imageIds", "images", "iterationId"),
    *("maxCount", "maxThreshold", "metadata", "minThreshold", "name", "orderBy", "overwrite", "path", "platform"),
    *("predictionId", "projectId", "publishName", "regions", "reservedBudgetInHours", "selectedTags", "session"),
    *("settings", "skip", "sortBy", "startTime", "store", "tagId", "tagIds", "taggingStatus", "tags", "take"),
    *("threshold", "token", "trainingType", "type", "url", "$filter"),
]

# Hypothesis times how long examples take to draw, which on a busy machine says nothing of the test.
UNTIMED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

OPERATIONS = [*routes.TRAINING, *routes.PREDICTION]


@pytest.fixture
def known(store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration]) -> dict[str, list[str]]:
    """Ids and names that are really there, by the path parameter they fit."""
    project = fill("odd", classification_type="Multilabel", rose=5, tulip=5)
    iteration = trained(project)
    publishing.publish(store, iteration, "garden")
    return {
        "projectId": [project.id],
        "iterationId": [iteration.id],
        "publishedName": ["garden"],
        "tagId": [tag.id for tag in store.tags.of_project(project.id)],
        "imageId": [image.id for image in store.images.page(project.id, take=2)],
        "domainId": ["General"],
    }


def texts(known: dict[str, list[str]]) -> st.SearchStrategy[str]:
    """What a field may hold: something that is there, something nearly right, or anything."""
    there = st.sampled_from([each for values in known.values() for each in values])
    near = ["0", "-1", "true", "nan", "Suggested", "2026-01-01T00:00:00Z", "9" * 400, "a eq 'b'", "\ud800", "\x00", ""]
    return there | st.sampled_from(near) | st.text(max_size=20)


def documents(words: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """JSON of any shape, with the API's own names in it."""
    leaves = words | st.none() | st.booleans() | st.integers() | st.floats()
    keys = st.sampled_from(NAMES)
    return st.recursive(
        leaves, lambda each: st.lists(each, max_size=3) | st.dictionaries(keys, each, max_size=5), max_leaves=12
    )


class Undo(Exception):
    """Ends a transaction whose writes are not wanted."""


@settings(max_examples=300, deadline=None, suppress_health_check=UNTIMED)
@given(data=st.data())
def test_no_request_fails_the_server(store: Store, known: dict[str, list[str]], data: st.DataObject) -> None:
    """Whatever parameters and bodies come, the answer is below 500 and, if it refuses, of the SDK's shape."""
    words = texts(known)
    # No address holds halves of letters once it is decoded.
    plain = words.map(lambda each: each.encode("utf-8", "replace").decode())
    operation = data.draw(st.sampled_from(OPERATIONS))
    path = {name: data.draw(st.sampled_from(values) | plain) for name, values in known.items()}
    query = data.draw(st.dictionaries(st.sampled_from(NAMES).map(str.casefold), plain, max_size=6))
    document = documents(words).map(lambda each: json.dumps(each).encode())
    body = data.draw(st.just(b"") | document | st.binary(max_size=50))
    kind = data.draw(st.sampled_from(["application/json", "image/png", "multipart/form-data; boundary=x"]))
    call = Call(store, Settings(home=store.home), path=path, query=query, content_type=kind, body=body, secret="s")
    with contextlib.suppress(Undo), store.transaction():
        answer = middleware.answer(operation, call)
        raise Undo
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert {"code", "message"} == set(json.loads(answer.body))
