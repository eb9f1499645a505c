"""Microsoft's clients to speak to Tagwise, as its own process or its middleware alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training import models as m
from msrest.authentication import ApiKeyCredentials
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from cvcore import domains
from cvcore.api.customvision.middleware import CustomVision
from cvcore.files.api_keys import Keys
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Publication, Store
from tests.cvcore.api.conftest import PREDICTION_KEY, TRAINING_KEY, Server

# The headers with the keys of `client_of`.
TRAINING = {"Training-Key": "t"}
PREDICTION = {"Prediction-Key": "p"}


def client_of(store: Store, **settings: Any) -> TestClient:
    """A client of the middleware alone."""
    app = CustomVision(PlainTextResponse("a page"), store, Settings(home=store.home, **settings), Keys("t", "p"))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def garden(store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration]) -> Iteration:
    """A trained iteration, published as garden."""
    iteration = trained(fill(rose=5, tulip=5))
    store.publications.put(iteration.project_id, Publication("garden", iteration.id, ""))
    return iteration


@pytest.fixture(scope="session")
def trainer(server: Server) -> CustomVisionTrainingClient:
    """Microsoft's training client; its endpoint ends in a slash, as Azure's portal prints it."""
    credentials = ApiKeyCredentials(in_headers={"Training-key": TRAINING_KEY})
    return _impatient(CustomVisionTrainingClient(server.url + "/", credentials))


@pytest.fixture(scope="session")
def predictor(server: Server) -> CustomVisionPredictionClient:
    """Microsoft's prediction client."""
    credentials = ApiKeyCredentials(in_headers={"Prediction-key": PREDICTION_KEY})
    return _impatient(CustomVisionPredictionClient(server.url, credentials))


@pytest.fixture
def project(trainer: CustomVisionTrainingClient, request: pytest.FixtureRequest) -> Iterator[m.Project]:
    """An empty Multilabel project of the test's own."""
    made = trainer.create_project(request.node.name[:100], domain_id=domains.BUILT_IN.id)
    yield made
    trainer.delete_project(made.id)


@pytest.fixture(scope="session")
def flowers(trainer: CustomVisionTrainingClient, drawn_image: Callable[[int], bytes]) -> m.Project:
    """A Multiclass project of two tags with six drawn images each, one untagged one, and one trained iteration."""
    project = trainer.create_project("flowers", domain_id=domains.BUILT_IN.id, classification_type="Multiclass")
    for number, name in enumerate(("rose", "tulip")):
        tag = trainer.create_tag(project.id, name)
        entries = [
            m.ImageFileCreateEntry(name=f"{name}{each}.png", contents=drawn_image(10 * number + each), tag_ids=[tag.id])
            for each in range(6)
        ]
        assert trainer.create_images_from_files(project.id, m.ImageFileCreateBatch(images=entries)).is_batch_successful
    trainer.create_images_from_data(project.id, drawn_image(99))
    finish(trainer, trainer.train_project(project.id))
    return project


@pytest.fixture(scope="session")
def iteration(trainer: CustomVisionTrainingClient, flowers: m.Project) -> m.Iteration:
    """Its iteration, published as `garden`."""
    (trained,) = trainer.get_iterations(flowers.id)
    assert trainer.publish_iteration(flowers.id, trained.id, "garden", "/subscriptions/0/garden-Prediction") is True
    return trainer.get_iteration(flowers.id, trained.id)


@pytest.fixture(scope="session")
def finished(trainer: CustomVisionTrainingClient) -> Callable[[m.Iteration], m.Iteration]:
    """Waits as Microsoft's quickstart does, though not for ever."""
    return lambda iteration: finish(trainer, iteration)


def finish(trainer: CustomVisionTrainingClient, iteration: m.Iteration) -> m.Iteration:
    assert iteration.status == "Training"
    deadline = time.monotonic() + 180
    while iteration.status != "Completed":
        assert (iteration.status, time.monotonic() < deadline) == ("Training", True)
        time.sleep(0.3)
        iteration = trainer.get_iteration(iteration.project_id, iteration.id)
    return iteration


def _impatient(client: Any) -> Any:
    # A 5xx is to be seen at once.
    client.config.retry_policy.policy.total = 0
    return client
