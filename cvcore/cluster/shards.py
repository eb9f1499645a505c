"""Hands shards of work to workers, and gives what dead ones had to others.

Where no worker is left, the head works on a shard itself, and then looks again. Only a shard's names travel to a
worker, and its result back; a result that the head has is never computed again.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cvcore.cluster.workers import Result, Shard, Workers, leave, remove, update
from cvcore.errors import Unavailable
from cvcore.languages import t

if TYPE_CHECKING:
    from ray import ObjectRef

# How long a worker is waited for before stops are looked for.
POLL_S = 0.5
# How many workers may die over one shard.
TRIES_MOST = 4
# The shards for each worker that may be handed out after one that is not finished: memory holds their results.
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
        """Put a shard whose worker died first.

        Raises:
            Unavailable: too many workers have died over it.
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
    workers: Workers, shards: Iterable[Shard], on_wait: Callable[[], None] = lambda: None
) -> Iterator[tuple[Shard, Result]]:
    """Every shard with its result, in the shards' order; see `finished`."""
    early: dict[int, tuple[Shard, Result]] = {}
    following = 0
    for number, shard, result in finished(workers, shards, on_wait):
        early[number] = shard, result
        while following in early:
            yield early.pop(following)
            following += 1


def finished(
    workers: Workers, shards: Iterable[Shard], on_wait: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Shard, Result]]:
    """Every shard's number, from 0, the shard and its result, as soon as it is there.

    Shards are taken as they are needed. `on_wait` is called at least every second or so while workers are busy; what
    it raises ends the work.

    Raises:
        Unavailable: workers died over one shard again and again.
        Exception: what the work itself raises.
    """
    queue = _Queue(enumerate(shards))
    while not queue.is_empty() or any(each.shard for each in workers.busy.values()):
        on_wait()
        if workers.is_alone and not queue.is_empty():
            number, shard = queue.next.popleft()
            yield number, shard, workers.work_locally(shard)
        if not update(workers):
            queue.next.extendleft(each.shard for each in leave(workers) if each.shard)
        _hand_out(workers, queue)
        yield from _collected(workers, queue)


def _hand_out(workers: Workers, queue: _Queue) -> None:
    while workers.idle and not queue.is_empty() and _is_near(workers, queue):
        worker = workers.idle.pop()
        worker.shard = queue.next.popleft()
        workers.busy[worker.handle.work.remote(worker.shard[1])] = worker


def _is_near(workers: Workers, queue: _Queue) -> bool:
    """Whether the next shard is not too far after the first that is not finished."""
    under_way = [each.shard[0] for each in workers.busy.values() if each.shard]
    return not under_way or queue.next[0][0] - min(under_way) < AHEAD * len(workers.all)


def _collected(workers: Workers, queue: _Queue) -> Iterator[tuple[int, Shard, Result]]:
    """What workers have returned by now, or within half a second."""
    if not workers.busy:
        if workers.is_joined and not workers.idle:
            time.sleep(POLL_S)
        return
    import ray

    ready, _ = ray.wait(list(workers.busy), timeout=POLL_S)
    for reference in ready:
        yield from _returned(workers, queue, reference)


def _returned(workers: Workers, queue: _Queue, reference: ObjectRef[Any]) -> Iterator[tuple[int, Shard, Result]]:
    import ray
    from ray.exceptions import RayError, RayTaskError

    worker = workers.busy.pop(reference)
    shard, worker.shard = worker.shard, None
    try:
        result = ray.get(reference)
    except RayTaskError as error:
        raise error.cause from error
    except RayError:  # the actor, its machine or what it returned is lost
        remove(workers, worker)
        if shard:
            queue.give_back(shard)
        return
    if shard:
        workers.idle.append(worker)
        yield *shard, result
    elif result:
        remove(workers, worker, reason=result)
    else:
        worker.has_started = True
        workers.idle.append(worker)
