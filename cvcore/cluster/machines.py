"""The machines of a cluster, as Ray lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cvcore.languages import t


@dataclass(frozen=True)
class Machine:
    """A node of the cluster that is alive: Ray's id of it, its address, and how many cores and GPUs it lends."""

    id: str
    address: str
    cores: int
    gpus: int


def alive() -> list[Machine]:
    """The machines of the cluster that this process has joined, those that lend nothing left out."""
    import ray

    return machines_of(ray.nodes())  # type: ignore[no-untyped-call]


def machines_of(nodes: Sequence[dict[str, Any]]) -> list[Machine]:
    """The machines in Ray's own list of nodes.

    >>> machines_of([{"NodeID": "a", "Alive": True, "NodeManagerAddress": "10.0.0.2", "Resources": {"CPU": 4.0}}])
    [Machine(id='a', address='10.0.0.2', cores=4, gpus=0)]
    """
    machines = [
        Machine(
            node["NodeID"],
            node["NodeManagerAddress"],
            int(node["Resources"].get("CPU", 0)),
            int(node["Resources"].get("GPU", 0)),
        )
        for node in nodes
        if node["Alive"]
    ]
    return [machine for machine in machines if machine.cores or machine.gpus]


def stage_on(machines: Sequence[Machine], stage: str) -> str:
    """A stage of work with how many machines do it, for people; the stage alone where it is not more than one.

    >>> stage_on([Machine("a", "10.0.0.2", 4, 0), Machine("b", "10.0.0.3", 8, 1)], "Fitting")
    'Fitting (2 machines, 12 cores)'
    """
    if len(machines) < 2:
        return stage
    cores = sum(machine.cores for machine in machines)
    return t("{stage} ({machines} machines, {cores} cores)", stage=stage, machines=len(machines), cores=cores)
