"""Hands shards of work to a crew of actors, and gives what dead ones had to others.

Where no actor is left, the head works on a shard itself, and then looks again. Only a shard's names travel to an actor,
and its result back; a result that the head has is never computed again.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cvcore.cluster import crews
from cvcore.cluster.crews import Crew, Result, Shard
from cvcore.errors import Unavailable
from cvcore.languages import t

if TYPE_CHECKING:
    from ray import ObjectRef

# How long an actor is waited for before stops are looked for.
POLL_S = 0.5
# How many actors may die over one shard.
TRIES_MOST = 4
# The shards for each actor that may be handed out after one that is not finished: memory holds their results.
AHEAD = 8


@dataclass(eq=False)
class _Queue:
    """The shards that are still to be done, with their numbers: those that came back, then those not yet taken."""

    left: Iterator[tuple[int, Shard]]
    next: deque[tuple[int, Shard]] = field(default_factory=deque)
    tries: Counter[int] = field(default_factory=Counter)

    def is_empty(self) -> bool:
        """Whether no shard is left; takes the next one from the caller if none waits."""
        if not self.next:
            self.next.extend([following] if (following := next(self.left, None)) else [])
        return not self.next

    def give_back(self, shard: tuple[int, Shard]) -> None:
        """Put a shard whose actor died first.

        Raises:
            Unavailable: too many actors have died over it.
        """
        self.tries[shard[0]] += 1
        if self.tries[shard[0]] >= TRIES_MOST:
            raise Unavailable(
                t(
                    "the machines of the cluster must live through their work, {times} processes died over the same "
                    "images: look at Ray's logs, or unset TAGWISE_RAY",
                    times=TRIES_MOST,
                )
            )
        self.next.appendleft(shard)


def in_order(
    members: Crew, shards: Iterable[Shard], on_wait: Callable[[], None] = lambda: None
) -> Iterator[tuple[Shard, Result]]:
    """Every shard with its result, in the shards' order; see `finished`."""
    early: dict[int, tuple[Shard, Result]] = {}
    following = 0
    for number, shard, result in finished(members, shards, on_wait):
        early[number] = shard, result
        while following in early:
            yield early.pop(following)
            following += 1


def finished(
    members: Crew, shards: Iterable[Shard], on_wait: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Shard, Result]]:
    """Every shard's number, from 0, the shard and its result, as soon as it is there.

    Shards are taken as they are needed. `on_wait` is called at least every second or so while actors work; what it
    raises ends the work.

    Raises:
        Unavailable: actors died over one shard again and again.
        Exception: what the work itself raises.
    """
    queue = _Queue(enumerate(shards))
    while not queue.is_empty() or any(each.shard for each in members.busy.values()):
        on_wait()
        if members.is_alone and not queue.is_empty():
            number, shard = queue.next.popleft()
            yield number, shard, members.here(shard)
        if not crews.engage(members):
            queue.next.extendleft(each.shard for each in crews.part(members) if each.shard)
        _hand_out(members, queue)
        yield from _collected(members, queue)


def _hand_out(members: Crew, queue: _Queue) -> None:
    while members.idle and not queue.is_empty() and _is_near(members, queue):
        engaged = members.idle.pop()
        engaged.shard = queue.next.popleft()
        members.busy[engaged.handle.work.remote(engaged.shard[1])] = engaged


def _is_near(members: Crew, queue: _Queue) -> bool:
    """Whether the next shard is not too far after the first that is not finished."""
    under_way = [each.shard[0] for each in members.busy.values() if each.shard]
    return not under_way or queue.next[0][0] - min(under_way) < AHEAD * len(members.engaged)


def _collected(members: Crew, queue: _Queue) -> Iterator[tuple[int, Shard, Result]]:
    """What actors have returned by now, or within half a second."""
    if not members.busy:
        if members.is_joined and not members.idle:
            time.sleep(POLL_S)
        return
    import ray

    ready, _ = ray.wait(list(members.busy), timeout=POLL_S)
    for reference in ready:
        yield from _returned(members, queue, reference)


def _returned(members: Crew, queue: _Queue, reference: ObjectRef[Any]) -> Iterator[tuple[int, Shard, Result]]:
    import ray
    from ray.exceptions import RayError, RayTaskError

    engaged = members.busy.pop(reference)
    shard, engaged.shard = engaged.shard, None
    try:
        result = ray.get(reference)
    except RayTaskError as error:
        raise error.cause from error
    except RayError:  # the actor, its machine or what it returned is lost
        crews.forget(members, engaged)
        if shard:
            queue.give_back(shard)
        return
    if shard:
        members.idle.append(engaged)
        yield *shard, result
    elif result:
        crews.forget(members, engaged, reason=result)
    else:
        engaged.has_started = True
        members.idle.append(engaged)
