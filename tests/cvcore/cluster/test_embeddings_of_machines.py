"""A cluster's machines compute the embeddings that this one computes, bit for bit, whichever of them dies."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from cvcore.files import blobs
from cvcore.networks import backbones, embedding_cache, feature_extraction
from cvcore.progress import Stopped, silent
from cvcore.store import Store
from tests.conftest import Fill
from tests.cvcore.cluster.conftest import StartCluster

BUILT_IN = backbones.built_in()
IMAGES = 100


@pytest.fixture
def digests(store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images of a project, of which one is damaged and one is missing, and shards of ten."""
    monkeypatch.setattr(feature_extraction, "SHARD", 10)
    backbones.prepare(BUILT_IN.name, BUILT_IN.side, blobs.backbones_folder(store.home))
    digests = list(store.images.digests(fill(rose=IMAGES).id))
    blobs.original_path(store.home, digests[7]).write_bytes(b"no image")
    blobs.original_path(store.home, digests[23]).unlink()
    return digests


def computed(store: Store, digests: list[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for batch in embedding_cache.computed(store, BUILT_IN, digests, silent):
        assert not set(batch) & set(found)
        found |= {digest: embedding.tobytes() for digest, embedding in batch.items()}
    return found


def test_without_the_setting_ray_is_never_imported() -> None:
    """A process that embeds has no module of Ray's."""
    code = "import sys, cvcore.training.worker, cvcore.cli; print(sorted({'ray', 'fsspec'} & set(sys.modules)))"
    assert (
        "[]" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


@pytest.mark.slow
def test_embeddings_are_the_same_when_a_machine_dies(
    store: Store, digests: list[str], start_cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every image has its embedding, bit for bit; the damaged and the missing one have none, as without a cluster."""
    monkeypatch.delenv("TAGWISE_RAY", raising=False)
    alone = computed(store, digests)
    assert IMAGES - 2 == len(alone)
    nodes = start_cluster(2)
    together: dict[str, bytes] = {}
    for batch in embedding_cache.computed(store, BUILT_IN, digests, silent):
        if not together:
            nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)
        together |= {digest: embedding.tobytes() for digest, embedding in batch.items()}
    assert alone == together


@pytest.mark.slow
def test_what_is_stored_is_never_computed_again(
    store: Store, digests: list[str], start_cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head that is stopped between shards has stored them; the next one has only the others to compute."""
    start_cluster(1)
    stages: list[str] = []

    def stop(stage: str, fraction: float) -> None:
        stages.append(stage)
        if fraction > 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        embedding_cache.fill(store, BUILT_IN, digests, stop)
    missing = store.embeddings.missing(BUILT_IN.fingerprint, digests)
    assert 0 < len(missing) < IMAGES - 10
    embedding_cache.fill(store, BUILT_IN, digests, lambda stage, fraction: stages.append(stage))
    assert f"Computing embeddings: 0 of {len(missing)}" in stages
    monkeypatch.delenv("TAGWISE_RAY")
    stored = {digest: each.tobytes() for digest, each in store.embeddings.get(BUILT_IN.fingerprint, digests).items()}
    assert computed(store, digests) == stored


@pytest.mark.slow
def test_where_no_cluster_answers_this_machine_embeds(
    store: Store, digests: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The embeddings are those without the setting, and the log says in one sentence what is missing."""
    monkeypatch.delenv("TAGWISE_RAY", raising=False)
    alone = computed(store, digests)
    monkeypatch.setenv("TAGWISE_RAY", "127.0.0.1:9")
    assert alone == computed(store, digests)
    assert ["does not answer"] == [line[line.index("does") : line.index(" (")] for line in caplog.messages]
    np.testing.assert_equal(IMAGES - 2, len(alone))
