"""Shards are done once each, whichever machines die and join; errors and stops reach the caller."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import pytest

from cvcore import cluster
from cvcore.cluster import connection, crews
from cvcore.errors import InvalidInput, Unavailable
from cvcore.progress import Stopped
from tests.cvcore.cluster import work
from tests.cvcore.cluster.conftest import StartCluster


def here(number: int) -> tuple[int, int]:
    return number**2, os.getpid()


def test_without_an_answer_this_process_does_everything(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing listens at the address: one sentence in the log, every result in order, and only this process."""
    with cluster.crew("127.0.0.1:9", work.squares, 0.0, here=here) as crew, caplog.at_level(logging.WARNING):
        assert [(n, (n**2, os.getpid())) for n in range(5)] == list(cluster.in_order(crew, range(5)))
        assert [] == crew.machines
    (line,) = caplog.messages
    assert "127.0.0.1:9 does not answer" in line


def test_machines_die_and_join_and_every_shard_is_done(
    start_cluster: StartCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two nodes one is killed in the middle and another joins: every result once and in order.

    SIGTERM stays as it was, and Ray writes nothing to standard output.
    """
    nodes = start_cluster(2)
    before = signal.getsignal(signal.SIGTERM)
    capsys.readouterr()
    seen: set[int] = set()
    with cluster.crew(nodes.address, work.squares, 0.1, here=here) as crew:
        results = []
        for number, (square, process) in cluster.in_order(crew, range(60)):
            results.append((number, square))
            seen.add(process)
            if number == 10:
                most, is_handler_kept = len(crew.machines), before is signal.getsignal(signal.SIGTERM)
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
    with cluster.crew(address, work.errors, here=here) as crew, pytest.raises(InvalidInput, match="0 is wrong"):
        list(cluster.in_order(crew, range(3)))
    with cluster.crew(address, work.first_dies, tmp_path, here=here) as crew:
        assert [(n, n**2) for n in range(6)] == list(cluster.in_order(crew, range(6)))
    with cluster.crew(address, work.deaths, here=here) as crew, pytest.raises(Unavailable, match="4 processes died"):
        list(cluster.in_order(crew, range(3)))

    def stop() -> None:
        raise Stopped

    stop_at = time.monotonic() + 5
    with cluster.crew(address, work.squares, 60.0, here=here) as crew, pytest.raises(Stopped):
        list(cluster.in_order(crew, range(3), lambda: stop() if time.monotonic() > stop_at else None))
    monkeypatch.setattr(crews, "PATIENCE_S", 1.0)

    def slowly(number: int) -> tuple[int, int]:
        time.sleep(4)
        return here(number)

    with cluster.crew(address, work.refusal, here=slowly) as crew, caplog.at_level(logging.WARNING):
        assert [(n, (n**2, os.getpid())) for n in range(3)] == list(cluster.in_order(crew, range(3)))
    assert any("cannot take part: it does not see the folder" in line for line in caplog.messages)


def test_a_process_is_in_one_cluster_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one piece of work has the cluster, another of the same process goes on alone."""
    monkeypatch.setattr(connection, "_join", lambda address: None)
    monkeypatch.setattr(connection, "_leave", lambda: None)
    with connection.joined("auto") as first, connection.joined("auto") as second:
        assert (True, False) == (first, second)
