"""Embeddings are computed once per image and backbone, and the names of damaged images are in the message."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cvcore import imaging, training
from cvcore.errors import Unavailable
from cvcore.files import blobs
from cvcore.networks import backbones, embedding_cache, feature_extraction
from cvcore.progress import Stopped, silent
from cvcore.projects import uploads
from cvcore.records import Project
from cvcore.store import SnapshotImage, Store

BUILT_IN = backbones.built_in()

Fill = Callable[..., Project]


@pytest.fixture(autouse=True)
def _ready(store: Store) -> None:
    """The network is prepared, as a training sees to before it embeds."""
    backbones.prepare(BUILT_IN.name, BUILT_IN.side, blobs.backbones_folder(store.home))


def snapshot_of(store: Store, project: Project) -> list[SnapshotImage]:
    """A snapshot of a project of two tags."""
    return store.iterations.images(training.start(store, project).iteration_id or "")


def original(store: Store, image: SnapshotImage) -> bytes:
    return blobs.read(blobs.original_path(store.home, image.sha256))


def test_each_row_is_its_pictures_embedding(store: Store, fill: Fill) -> None:
    """Rows follow the snapshot, whatever was computed when, and are those of each image alone."""
    snapshot = snapshot_of(store, fill(rose=20, tulip=20))
    embedding_cache.fill(store, BUILT_IN, [snapshot[7].sha256, snapshot[3].sha256], silent)
    computed = embedding_cache.compute(store, BUILT_IN, snapshot, silent)
    pixels = [imaging.pixels(original(store, image), BUILT_IN.side) for image in snapshot]
    assert (np.float32, (40, BUILT_IN.dimension)) == (computed.dtype, computed.shape)
    embed = feature_extraction.load(BUILT_IN, blobs.backbones_folder(store.home))
    np.testing.assert_array_equal(np.stack([embed(each[None])[0] for each in pixels]), computed)


def test_what_is_kept_is_not_computed_again(store: Store, fill: Fill) -> None:
    """Without the files, what was computed once is kept; and there is no progress where nothing is done."""
    snapshot = snapshot_of(store, fill(rose=5, tulip=5))
    first = embedding_cache.compute(store, BUILT_IN, snapshot, silent)
    for image in snapshot:
        blobs.original_path(store.home, image.sha256).unlink()
    stages: list[str] = []
    second = embedding_cache.compute(store, BUILT_IN, snapshot, lambda stage, fraction: stages.append(stage))
    np.testing.assert_array_equal(first, second)
    assert [] == stages


def test_progress_is_told_batch_by_batch(store: Store, fill: Fill) -> None:
    """Each batch says how many images are done, of those that are missing, each counted once."""
    digests = store.images.digests(fill(rose=35).id)
    stages: list[tuple[str, float]] = []
    embedding_cache.fill(
        store, BUILT_IN, [*digests, *digests], lambda stage, fraction: stages.append((stage, round(fraction, 2)))
    )
    assert [("Computing embeddings: 0 of 35", 0.0), ("Computing embeddings: 32 of 35", 0.91)] == stages


def test_what_is_finished_is_kept_when_stopped(store: Store, fill: Fill) -> None:
    """A stop between batches loses nothing that was computed before it."""
    digests = store.images.digests(fill(rose=35).id)

    def stop_later(stage: str, fraction: float) -> None:
        if fraction:
            raise Stopped

    with pytest.raises(Stopped):
        embedding_cache.fill(store, BUILT_IN, digests, stop_later)
    assert digests[32:] == store.embeddings.missing(BUILT_IN.fingerprint, digests)


def test_broken_pictures_are_named_all_at_once(store: Store, fill: Fill) -> None:
    """What is missing or damaged in the home folder is named in the message."""
    snapshot = snapshot_of(store, fill(rose=5, tulip=5))
    blobs.original_path(store.home, snapshot[0].sha256).unlink()
    blobs.original_path(store.home, snapshot[4].sha256).write_bytes(original(store, snapshot[4])[:50])
    with pytest.raises(Unavailable) as refusal:
        embedding_cache.compute(store, BUILT_IN, snapshot, silent)
    assert (
        "every image must be in the home folder, these are missing or damaged: "
        f"{snapshot[0].name!r}, {snapshot[4].name!r}; delete them and train again, or restore the folder from a backup"
    ) == str(refusal.value)


def test_a_hundred_broken_pictures_make_one_sentence(store: Store, fill: Fill) -> None:
    """Five names are enough to know what is meant."""
    snapshot = snapshot_of(store, fill(rose=5, tulip=5))
    for image in snapshot:
        blobs.original_path(store.home, image.sha256).unlink()
    with pytest.raises(Unavailable) as refusal:
        embedding_cache.compute(store, BUILT_IN, snapshot, silent)
    assert f"{snapshot[4].name!r}, …; delete" in str(refusal.value)


def test_a_picture_deleted_meanwhile_holds_nothing_up(store: Store, fill: Fill) -> None:
    """Someone may delete what is still in the queue; the others get their embeddings."""
    project = fill(rose=3)
    digests = store.images.digests(project.id)
    uploads.delete(store, [image.id for image in store.images.page(project.id, take=1)])
    embedding_cache.fill(store, BUILT_IN, digests, silent)
    assert digests[2:] == store.embeddings.missing(BUILT_IN.fingerprint, digests)
