"""Many at once, while a training runs; and our own server as the Azure that others move out of."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training import models as m

from cvcore import azure
from cvcore.settings import Limits
from cvcore.store import Store

TRAINING = {"Training-Key": "0123training"}
PREDICTION = {"Prediction-Key": "4567prediction"}
CLIENTS = 8

pytestmark = pytest.mark.network


def test_eight_clients_lose_nothing(
    trainer: CustomVisionTrainingClient,
    flowers: m.Project,
    iteration: m.Iteration,
    project: m.Project,
    drawn_image: Callable[[int], bytes],
    finished: Callable[[m.Iteration], m.Iteration],
) -> None:
    """Eight clients upload and ask at once while a training runs: every request is answered, every image stored."""
    url = f"{trainer.config.endpoint.rstrip('/')}/customvision/v3.3"
    running = trainer.train_project(flowers.id, force_train=True)

    def client(number: int) -> list[int]:
        statuses = []
        for each in range(5):
            data = drawn_image(1000 + 10 * number + each)
            entry = {"name": f"{number}-{each}.png", "contents": base64.b64encode(data).decode()}
            stored = requests.post(
                f"{url}/training/projects/{project.id}/images/files",
                json={"images": [entry]},
                headers=TRAINING,
                timeout=60,
            )
            asked = requests.post(
                f"{url}/prediction/{flowers.id}/classify/iterations/garden/image",
                data=data,
                headers={**PREDICTION, "Content-Type": "application/octet-stream"},
                timeout=60,
            )
            statuses += [stored.status_code, asked.status_code]
        return statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = [status for each in pool.map(client, range(CLIENTS)) for status in each]
    assert [200] * CLIENTS * 10 == statuses
    assert CLIENTS * 5 == trainer.get_image_count(project.id)
    trainer.delete_iteration(flowers.id, finished(running).id)


def test_moving_out_of_our_own_server(
    server: Any, trainer: CustomVisionTrainingClient, flowers: m.Project, tmp_path: Path
) -> None:
    """`tagwise migrate` takes our server for Azure, and finds all that is there."""
    there = trainer.get_image_count(flowers.id)
    store = Store(tmp_path / "home")
    (moved,) = azure.migrate(store, server.url, TRAINING["Training-Key"], project_id=flowers.id, limits=Limits())
    assert (True, ()) == (moved.complete, moved.notes)
    assert (there, 2) == (moved.here.images, moved.here.tags)
