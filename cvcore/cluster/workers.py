"""The workers of one piece of work: one for each core of every machine, or for each GPU where there are some.

A worker is an actor of Ray's. Machines that join get workers, those of machines that die are removed. The process that
calls is the head: it alone writes the database.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cvcore
from cvcore.cluster import connection, machines
from cvcore.cluster.actor import Actor, Prepare
from cvcore.cluster.machines import Machine

# How often new machines are looked for.
LOOK_S = 1.0
# So long without a worker that has started, and the head does a shard itself.
PATIENCE_S = 15.0
# How many of a machine's workers may fail to start.
FAILED_STARTS_MOST = 3

Shard = Any
Result = Any

log = logging.getLogger("tagwise.cluster")


@dataclass(eq=False)
class Worker:
    """An actor on a machine; `shard` is what it works on, with its number: none while it starts or is idle."""

    handle: Any
    machine: Machine
    has_started: bool = False
    shard: tuple[int, Shard] | None = None


@dataclass(eq=False)
class Workers:
    """The workers of one piece of work; `work_locally` works on a shard in this process.

    `busy` are those that start or work, by Ray's reference of what they will return; `idle` are the others.
    `failed_starts` counts by machine the workers that died before they had started. `seen_at` is when a worker was last
    known to be alive, `looked_at` when new machines were last looked for.
    """

    work_locally: Callable[[Shard], Result]
    is_joined: bool
    prepare: Prepare | None = None
    arguments: Any = None
    by_machine: bool = False
    busy: dict[Any, Worker] = field(default_factory=dict)
    idle: list[Worker] = field(default_factory=list)
    failed_starts: Counter[str] = field(default_factory=Counter)
    seen_at: float = field(default_factory=time.monotonic)
    looked_at: float = float("-inf")

    @property
    def all(self) -> list[Worker]:
        """The busy and the idle ones."""
        return [*self.busy.values(), *self.idle]

    @property
    def machines(self) -> Sequence[Machine]:
        """The machines that work now: those with a worker that has started."""
        return list({each.machine.id: each.machine for each in self.all if each.has_started}.values())

    @property
    def is_alone(self) -> bool:
        """Whether the head must work itself, because no worker has been there for a while."""
        return not self.is_joined or (not self.machines and time.monotonic() > self.seen_at + PATIENCE_S)


@contextlib.contextmanager
def joined(
    address: str, prepare: Prepare, *arguments: Any, work_locally: Callable[[Shard], Result], by_machine: bool = False
) -> Iterator[Workers]:
    """Workers on the machines of the cluster at `address`, for the length of the block; none where it cannot be joined.

    `prepare(*arguments)`, called on each machine, returns the function that works on a shard. It raises a TagwiseError
    where the machine cannot take part, which the log then says. Both are pickled; `prepare` is a module's function.
    `by_machine`: one worker has all cores of a machine without a GPU.
    """
    with connection.joined(address) as is_joined:
        workers = Workers(work_locally, is_joined, prepare, by_machine=by_machine)
        if is_joined:
            import ray

            workers.arguments = ray.put(arguments)
        try:
            yield workers
        finally:
            for each in workers.all:
                _kill(each)


def update(workers: Workers) -> bool:
    """Start the workers that machines lack, and remove the idle ones of machines that left; at most once a second.

    Whether the cluster still answers.
    """
    if not workers.is_joined or time.monotonic() < workers.looked_at + LOOK_S:
        return True
    workers.looked_at = time.monotonic()
    try:
        present = machines.alive()
    except Exception as error:  # Ray raises many types for a cluster that is gone
        log.warning("the cluster does not answer any more (%s): this machine works alone", error)
        return False
    ids = {machine.id for machine in present}
    workers.idle = [each for each in workers.idle if each.machine.id in ids]
    if workers.machines:
        workers.seen_at = workers.looked_at
    numbers = Counter(each.machine.id for each in workers.all)
    for machine in present:
        if workers.failed_starts[machine.id] < FAILED_STARTS_MOST:
            for _ in range(numbers[machine.id], _workers_on(machine, by_machine=workers.by_machine)):
                _start(workers, machine)
    return True


def leave(workers: Workers) -> list[Worker]:
    """Do without the cluster from now on; returns the workers that were busy."""
    busy = list(workers.busy.values())
    workers.is_joined = False
    workers.busy.clear()
    workers.idle.clear()
    return busy


def remove(workers: Workers, worker: Worker, reason: str = "") -> None:
    """Do without a worker that has died, or that gave a reason why its machine cannot take part."""
    if reason:
        if workers.failed_starts[worker.machine.id] < FAILED_STARTS_MOST:
            log.warning("%s", reason)
        workers.failed_starts[worker.machine.id] = FAILED_STARTS_MOST
    elif not worker.has_started:
        workers.failed_starts[worker.machine.id] += 1
    elif all(each.machine.id != worker.machine.id for each in workers.all):
        log.warning("no process that works is left on the machine %s: others do its work", worker.machine.address)
    _kill(worker)


def _workers_on(machine: Machine, *, by_machine: bool) -> int:
    return machine.gpus or (1 if by_machine else machine.cores)


def _start(workers: Workers, machine: Machine) -> None:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    cores = machine.cores if workers.by_machine else 1
    lent = {"num_gpus": 1, "num_cpus": 0} if machine.gpus else {"num_cpus": cores}
    on_machine = NodeAffinitySchedulingStrategy(machine.id, soft=False)
    handle: Any = ray.remote(Actor).options(**lent, scheduling_strategy=on_machine).remote()
    started = handle.start.remote(cvcore.__version__, workers.prepare, workers.arguments)
    workers.busy[started] = Worker(handle, machine)


def _kill(worker: Worker) -> None:
    import ray

    with contextlib.suppress(Exception):  # it may be dead, or the whole cluster gone
        ray.kill(worker.handle)
