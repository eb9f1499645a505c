"""A real cluster of nodes of one core each, on this machine."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cvcore.cluster import connection

StartCluster = Callable[..., Any]

MEMORY_BYTES = 80 * 2**20


@pytest.fixture
def start_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartCluster]:
    """Starts a cluster of so many nodes and names it in `TAGWISE_RAY`; skips where Ray is not installed."""
    for name, value in connection.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    pytest.importorskip("ray", reason="several machines need the extra `ray`, which is not installed")
    from ray.cluster_utils import Cluster

    clusters = []

    def start(nodes: int = 2) -> Any:
        one = {"num_cpus": 1, "object_store_memory": MEMORY_BYTES, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=one)
        clusters.append(cluster)
        for _ in range(nodes - 1):
            cluster.add_node(**one)
        monkeypatch.setenv("TAGWISE_RAY", cluster.address)
        return cluster

    handler = signal.getsignal(signal.SIGTERM)
    yield start
    for cluster in clusters:
        cluster.shutdown()
    signal.signal(signal.SIGTERM, handler)
