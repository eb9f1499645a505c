"""A cluster's machines predict a folder's images as this one does, in its order, whichever of them dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore.networks import feature_extraction
from cvcore.prediction import batch_images, batches
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import DrawImage, Fill, Trained
from tests.cvcore.cluster.conftest import StartCluster

IMAGES = 60


@pytest.fixture
def folder(tmp_path: Path, drawn_image: DrawImage, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of images, one of which is damaged, and shards of ten."""
    monkeypatch.setattr(feature_extraction, "SHARD", 10)
    folder = tmp_path / "new"
    folder.mkdir()
    for number in range(IMAGES):
        (folder / f"{number:03}.png").write_bytes(drawn_image(1000 + number))
    (folder / "007.png").write_bytes(b"no image")
    return folder


@pytest.mark.slow
def test_predictions_are_the_same_and_in_order_when_a_machine_dies(
    store: Store,
    fill: Fill,
    trained: Trained,
    folder: Path,
    start_cluster: StartCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Answers, probabilities and the reason why one image was refused are those of one machine, in its order."""
    iteration = trained(fill(rose=6, tulip=6))
    images, limits = batch_images.images_at(folder, Limits()), Limits()
    monkeypatch.delenv("TAGWISE_RAY", raising=False)
    alone = list(batches.predict(store, iteration, images, 0.5, limits=limits))
    nodes = start_cluster(2)
    most = 0

    def on_wait(machines: object) -> None:
        nonlocal most
        most = max(most, len(machines))  # type: ignore[arg-type]

    together = []
    for answer in batches.predict(store, iteration, images, 0.5, limits=limits, on_wait=on_wait):
        if not together:
            nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)
        together.append(answer)
    assert alone == together
    assert alone[7].refusal
    assert most >= 1


def test_images_in_a_zip_stay_on_this_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only files that other machines can open by their path are sent to them."""
    monkeypatch.setenv("TAGWISE_RAY", "auto")
    files = batch_images.images_at(folder, Limits())
    in_zip = [batch_images.BatchImage(image.name, image.read) for image in files]
    assert "auto" == batches.remote_images(files, 224, Limits()).address
    assert batches.remote_images(in_zip, 224, Limits()) is None
