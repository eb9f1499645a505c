"""The list of routes is the SDK's, no more and no less."""

from __future__ import annotations

import inspect
import re

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient

from cvcore.api.customvision import routes
from cvcore.api.customvision.routes import Operation


@pytest.mark.parametrize(
    ("client", "ours"),
    [(CustomVisionTrainingClient, routes.TRAINING), (CustomVisionPredictionClient, routes.PREDICTION)],
)
def test_every_method_of_the_sdk(client: type, ours: tuple[Operation, ...]) -> None:
    """Each operation has the name, the verb and the path that Microsoft's client uses."""
    theirs = {}
    for name, method in inspect.getmembers(client, inspect.isfunction):
        if hasattr(method, "metadata"):
            verb = re.search(r"self\._client\.(get|post|put|patch|delete)\(", inspect.getsource(method))
            assert verb is not None
            theirs[name] = (verb[1].upper(), method.metadata["url"])
    assert theirs == {each.name: (each.method, each.path) for each in ours}


def test_what_is_supported() -> None:
    """All but object detection: 49 operations to train, 4 to ask."""
    counts = [sum(each.is_supported for each in them) for them in (routes.TRAINING, routes.PREDICTION)]
    assert [49, 4] == counts


@pytest.mark.parametrize("ours", [routes.TRAINING, routes.PREDICTION])
def test_a_path_leads_to_one_operation(ours: tuple[Operation, ...]) -> None:
    """No two operations of one verb fit a path, but for `import`, which no project has as its id."""
    for each in ours:
        path = re.sub(r"\{\w+\}", "x", each.path)
        assert [each.name] == [found.name for found, _ in routes.find(ours, path) if found.method == each.method]
