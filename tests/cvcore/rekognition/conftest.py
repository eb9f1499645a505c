"""Manifests in buckets, and datasets that are read at once."""

from __future__ import annotations

import json
import time
from typing import Any, Protocol

import pytest

from cvcore import buckets
from cvcore.annotations import ground_truth
from cvcore.records import Project
from cvcore.rekognition import datasets
from cvcore.rekognition.datasets import Manifest
from cvcore.settings import Settings
from cvcore.store import DatasetRow, Purpose, Store
from tests.conftest import DrawImage

BUCKET = "pets"


class Put(Protocol):
    """Puts a manifest of drawn images with these labels into the bucket: the fixture `put`."""

    def __call__(self, **labels: str | list[str]) -> Manifest:
        """Where the manifest is; a name stands for the image `NAME.png`."""


def line(key: str, *labels: str, **more: Any) -> str:
    """A line of a manifest, as scripts write it."""
    record: dict[str, Any] = {"source-ref": f"s3://{BUCKET}/{key}", **more}
    for number, label in enumerate(labels):
        record |= ground_truth.label(f"animal{number}", label, job="labeling-job/pets", date="2026-01-02T03:04:05.678Z")
    return json.dumps(record)


@pytest.fixture
def settings(store: Store) -> Settings:
    """Settings of a home with an empty bucket."""
    (store.home / "buckets" / BUCKET).mkdir(parents=True)
    return Settings(home=store.home)


@pytest.fixture
def put(settings: Settings, drawn_image: DrawImage) -> Put:
    """Puts a manifest of drawn images with these labels into the bucket."""

    def put(**labels: str | list[str]) -> Manifest:
        for number, key in enumerate(labels):
            buckets.write(settings, BUCKET, f"{key}.png", drawn_image(number), "image/png")
        lines = [line(f"{key}.png", *([each] if isinstance(each, str) else each)) for key, each in labels.items()]
        return put_lines(settings, lines)

    return put


def put_lines(settings: Settings, lines: list[str]) -> Manifest:
    """Put a manifest of these lines into the bucket."""
    buckets.write(settings, BUCKET, "train.manifest", "\n".join(lines).encode(), "text/plain")
    return Manifest(BUCKET, "train.manifest")


class Create(Protocol):
    """Creates a dataset, and waits until it is there: the fixture `created`."""

    def __call__(self, project: Project, purpose: Purpose, source: Manifest | DatasetRow | None = None) -> DatasetRow:
        """The dataset, complete or failed."""


@pytest.fixture
def created(store: Store, settings: Settings) -> Create:
    """Creates a dataset, and waits until it is there."""

    def created(project: Project, purpose: Purpose, source: Manifest | DatasetRow | None = None) -> DatasetRow:
        return finished(store, datasets.create(store, settings, project, purpose, source=source))

    return created


def finished(store: Store, dataset: DatasetRow, within_s: int = 20) -> DatasetRow:
    """The dataset, once everything that was to be done has been done."""
    for _ in range(100 * within_s):
        found = store.rekognition_datasets.find(dataset.project_id, dataset.purpose)
        assert found is not None
        if not found.is_in_progress:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{dataset.arn} is not complete after {within_s} seconds")
