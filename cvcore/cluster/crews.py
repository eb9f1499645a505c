"""The actors of one piece of work: one for each core of every machine, or for each GPU where there are some.

Machines that join get actors, those of machines that die are forgotten. The process that calls is the head: it alone
writes the database.
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
# So long without an actor that works or has started, and the head does a shard itself.
PATIENCE_S = 15.0
# How many of a machine's actors may die before they have started.
STILLBORN_MOST = 3

Shard = Any
Result = Any

log = logging.getLogger("tagwise.cluster")


@dataclass(eq=False)
class Engaged:
    """An actor on a machine; `shard` is what it works on, with its number: none while it starts or is idle."""

    handle: Any
    machine: Machine
    has_started: bool = False
    shard: tuple[int, Shard] | None = None


@dataclass(eq=False)
class Crew:
    """The actors of one piece of work; `here` works on a shard in this process.

    `busy` are the actors that start or work, by Ray's reference of what they will return; `idle` are the others.
    `stillborn` counts by machine the actors that died before they had started. `seen_at` is when an actor was last
    known to be alive, `looked_at` when new machines were last looked for.
    """

    here: Callable[[Shard], Result]
    is_joined: bool
    prepare: Prepare | None = None
    arguments: Any = None
    by_machine: bool = False
    busy: dict[Any, Engaged] = field(default_factory=dict)
    idle: list[Engaged] = field(default_factory=list)
    stillborn: Counter[str] = field(default_factory=Counter)
    seen_at: float = field(default_factory=time.monotonic)
    looked_at: float = float("-inf")

    @property
    def engaged(self) -> list[Engaged]:
        """All actors."""
        return [*self.busy.values(), *self.idle]

    @property
    def machines(self) -> Sequence[Machine]:
        """The machines that work now: those with an actor that has started."""
        return list({each.machine.id: each.machine for each in self.engaged if each.has_started}.values())

    @property
    def is_alone(self) -> bool:
        """Whether the head must work itself, because no actor has been there for a while."""
        return not self.is_joined or (not self.machines and time.monotonic() > self.seen_at + PATIENCE_S)


@contextlib.contextmanager
def crew(
    address: str, prepare: Prepare, *arguments: Any, here: Callable[[Shard], Result], by_machine: bool = False
) -> Iterator[Crew]:
    """Actors on the machines of the cluster at `address`, for the length of the block; none where it cannot be joined.

    `prepare(*arguments)`, called on each machine, returns the function that works on a shard. It raises a TagwiseError
    where the machine cannot take part, which the log then says. Both are pickled; `prepare` is a module's function.
    `by_machine`: one actor has all cores of a machine without a GPU.
    """
    with connection.joined(address) as is_joined:
        members = Crew(here, is_joined, prepare, by_machine=by_machine)
        if is_joined:
            import ray

            members.arguments = ray.put(arguments)
        try:
            yield members
        finally:
            for each in members.engaged:
                _kill(each)


def engage(members: Crew) -> bool:
    """Start the actors that machines lack, and forget the idle ones of machines that left; at most once a second.

    Whether the cluster still answers.
    """
    if not members.is_joined or time.monotonic() < members.looked_at + LOOK_S:
        return True
    members.looked_at = time.monotonic()
    try:
        present = machines.alive()
    except Exception as error:  # Ray raises many types for a cluster that is gone
        log.warning("the cluster does not answer any more (%s): this machine works alone", error)
        return False
    ids = {machine.id for machine in present}
    members.idle = [each for each in members.idle if each.machine.id in ids]
    if members.machines:
        members.seen_at = members.looked_at
    engaged = Counter(each.machine.id for each in members.engaged)
    for machine in present:
        if members.stillborn[machine.id] < STILLBORN_MOST:
            for _ in range(engaged[machine.id], _actors_on(machine, by_machine=members.by_machine)):
                _start(members, machine)
    return True


def part(members: Crew) -> list[Engaged]:
    """Do without the cluster from now on; returns the actors that were busy."""
    busy = list(members.busy.values())
    members.is_joined = False
    members.busy.clear()
    members.idle.clear()
    return busy


def forget(members: Crew, engaged: Engaged, reason: str = "") -> None:
    """Do without an actor that has died, or that gave a reason why its machine cannot take part."""
    if reason:
        if members.stillborn[engaged.machine.id] < STILLBORN_MOST:
            log.warning("%s", reason)
        members.stillborn[engaged.machine.id] = STILLBORN_MOST
    elif not engaged.has_started:
        members.stillborn[engaged.machine.id] += 1
    elif all(each.machine.id != engaged.machine.id for each in members.engaged):
        log.warning("no process that works is left on the machine %s: others do its work", engaged.machine.address)
    _kill(engaged)


def _actors_on(machine: Machine, *, by_machine: bool) -> int:
    return machine.gpus or (1 if by_machine else machine.cores)


def _start(members: Crew, machine: Machine) -> None:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    cores = machine.cores if members.by_machine else 1
    lent = {"num_gpus": 1, "num_cpus": 0} if machine.gpus else {"num_cpus": cores}
    there = NodeAffinitySchedulingStrategy(machine.id, soft=False)
    handle: Any = ray.remote(Actor).options(**lent, scheduling_strategy=there).remote()
    started = handle.start.remote(cvcore.__version__, members.prepare, members.arguments)
    members.busy[started] = Engaged(handle, machine)


def _kill(engaged: Engaged) -> None:
    import ray

    with contextlib.suppress(Exception):  # it may be dead, or the whole cluster gone
        ray.kill(engaged.handle)
