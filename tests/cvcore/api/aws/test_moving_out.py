"""Our own server as the AWS that others move out of."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore.projects import tagging
from cvcore.rekognition import arns, migration
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Fill
from tests.cvcore.api.aws.conftest import KEYS, REGION, Server


@pytest.mark.parametrize("kind", ["Multiclass", "Multilabel"])
def test_moving_out_of_our_own_server(
    amazon: Server, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """`tagwise migrate --from rekognition` takes our server for AWS, and finds all that is there."""
    project = fill("flowers", classification_type=kind, rose=5, tulip=4)
    rose, tulip = amazon.store.tags.of_project(project.id)
    images = amazon.store.images.page(project.id, take=9)
    if kind == "Multilabel":
        tagging.add_tags(amazon.store, project, [images[0].id], [rose.id, tulip.id])
    tagging.mark_for_testing(amazon.store, project, [images[0].id, images[-1].id], True)
    other = Store(tmp_path / "other")
    monkeypatch.setenv("AWS_ENDPOINT_URL", amazon.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS.secret_access_key)
    (moved,) = migration.migrate(other, region=REGION, limits=Limits())
    assert (True, ()) == (moved.complete, moved.notes)
    assert (9, 2, 2) == (moved.here.images, moved.here.for_testing, moved.here.tags)
    assert moved.project is not None
    assert (project.name, kind) == (moved.project.name, moved.project.classification_type)
    assert moved.arn == arns.of_project(amazon.store, project) == arns.of_project(other, moved.project)
