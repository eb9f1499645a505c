"""A cluster's machines train the folds of an Advanced training, and one that dies leaves its fold to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore import training
from cvcore.cluster import workers
from cvcore.errors import Unavailable
from cvcore.files import blobs
from cvcore.finetuning import schedule
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import SplitNetwork
from cvcore.finetuning.schedule import Schedule
from cvcore.records import ADVANCED
from cvcore.store import Store
from cvcore.training import worker
from tests.conftest import Fill
from tests.cvcore.cluster.conftest import StartCluster

EPOCHS = 5


@pytest.mark.slow
@pytest.mark.network
def test_folds_go_on_when_a_machine_dies(
    store: Store, fill: Fill, start_cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every epoch is trained and reported once, although one of the two machines that train is killed."""
    monkeypatch.setattr(workers, "PATIENCE_S", 300.0)  # so that the head trains none itself
    project = fill(rose=15, tulip=15)
    job = training.start(store, project, options=ADVANCED)
    iteration_id = job.iteration_id or ""
    folds = 6  # five of cross-validation, and the one that ships
    planned = Schedule(EPOCHS, (1,) * folds, 32, is_short=False)
    schedule.save(planned, blobs.checkpoint_folder(store.home, iteration_id))
    nodes = start_cluster(2)

    def watch(stage: str, fraction: float) -> None:
        if nodes.worker_nodes and stage.endswith("(2 machines, 2 cores)"):
            nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)

    ended = worker.finish_job(store, job, watch)
    assert ("done", "") == (ended.status, ended.error)
    assert not nodes.worker_nodes
    assert list(range(1, EPOCHS + 1)) == [epoch.number for epoch in store.trainings.epochs(iteration_id)]


def test_a_machine_without_the_features_says_so(tmp_path: Path) -> None:
    """Its folder is not mounted there."""
    with pytest.raises(Unavailable, match="every machine must see the training's features"):
        feature_cache.kept(SplitNetwork(None, None, ((2,),)), tmp_path)
