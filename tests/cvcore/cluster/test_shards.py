"""Shards are done once each, whichever machines die and join; errors and stops reach the caller."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import pytest

from cvcore import cluster
from cvcore.cluster import connection
from cvcore.errors import InvalidInput, Unavailable
from cvcore.progress import Stopped
from tests.cvcore.cluster import work
from tests.cvcore.cluster.conftest import StartCluster


def locally(number: int) -> tuple[int, int]:
    return number**2, os.getpid()


@pytest.mark.parametrize("address", ["127.0.0.1:9", "no..name:9"])
def test_without_an_answer_this_process_does_everything(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing listens at the address, or it can be none: one sentence in the log, and only this process works."""
    with (
        cluster.joined(address, work.squares, 0.0, work_locally=locally) as workers,
        caplog.at_level(logging.WARNING),
    ):
        assert [(n, (n**2, os.getpid())) for n in range(5)] == list(cluster.in_order(workers, range(5)))
        assert [] == workers.machines
    (line,) = caplog.messages
    assert f"{address} does not answer" in line


def test_machines_die_and_join_and_every_shard_is_done(
    start_cluster: StartCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two nodes one is killed in the middle and another joins: every result once and in order.

    SIGTERM stays as it was, and Ray writes nothing to standard output. While one piece of work has the cluster, another
    of the same process goes on alone.
    """
    nodes = start_cluster(2)
    before = signal.getsignal(signal.SIGTERM)
    capsys.readouterr()
    seen: set[int] = set()
    with cluster.joined(nodes.address, work.squares, 0.1, work_locally=locally) as workers:
        with connection.joined(nodes.address) as is_joined_again:
            assert not is_joined_again
        results = []
        for number, (square, process) in cluster.in_order(workers, range(60)):
            results.append((number, square))
            seen.add(process)
            if number == 10:
                most, is_handler_kept = len(workers.machines), before is signal.getsignal(signal.SIGTERM)
                nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)
                nodes.add_node(num_cpus=1)
    assert [(n, n**2) for n in range(60)] == results
    assert os.getpid() not in seen
    assert 1 <= most <= 2
    assert "" == capsys.readouterr().out
    assert is_handler_kept


@pytest.mark.slow
def test_errors_stops_and_deaths_reach_the_caller(
    start_cluster: StartCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our errors arrive as they are, a stop within a shard; who dies over a shard once is replaced."""
    address = start_cluster(1).address
    with (
        cluster.joined(address, work.errors, work_locally=locally) as workers,
        pytest.raises(InvalidInput, match="0 is wrong"),
    ):
        list(cluster.in_order(workers, range(3)))
    with cluster.joined(address, work.first_dies, tmp_path, work_locally=locally) as workers:
        assert [(n, n**2) for n in range(6)] == list(cluster.in_order(workers, range(6)))
    with (
        cluster.joined(address, work.deaths, work_locally=locally) as workers,
        pytest.raises(Unavailable, match="4 processes died"),
    ):
        list(cluster.in_order(workers, range(3)))

    def stop() -> None:
        raise Stopped

    stop_at = time.monotonic() + 5
    with cluster.joined(address, work.squares, 60.0, work_locally=locally) as workers, pytest.raises(Stopped):
        list(cluster.in_order(workers, range(3), lambda: stop() if time.monotonic() > stop_at else None))
    monkeypatch.setattr("cvcore.cluster.workers.PATIENCE_S", 1.0)

    def slowly(number: int) -> tuple[int, int]:
        time.sleep(4)
        return locally(number)

    with cluster.joined(address, work.refusal, work_locally=slowly) as workers, caplog.at_level(logging.WARNING):
        assert [(n, (n**2, os.getpid())) for n in range(3)] == list(cluster.in_order(workers, range(3)))
    assert any("cannot take part: it does not see the folder" in line for line in caplog.messages)
