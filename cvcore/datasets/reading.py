"""Reads images in other threads while those before are stored, and hands them on in batches."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from cvcore import languages
from cvcore.datasets import stand_ins
from cvcore.datasets.importer import Entry
from cvcore.errors import Conflict, ImageRefused, InvalidInput
from cvcore.settings import MEBIBYTE

# Waiting for the disk, and decoding, leave the interpreter to others.
READERS = min(4, os.cpu_count() or 1)
# The rest of the work on a file takes a millisecond, and two threads at it are slower than one: each waits for the
# interpreter at every step. Files that take less than this are worked on by the thread that asks for them.
SHORT_S = 0.003
WEIGHT = 1 / 16  # of the latest file in the mean
BATCH, BATCH_S = 64, 0.2
HELD_BYTES = 32 * MEBIBYTE

Made = TypeVar("Made")


@dataclass(frozen=True)
class Reading(Generic[Made]):
    """An entry with what was made of its `size_bytes` bytes; or None, and why it was refused."""

    entry: Entry
    made: Made | None
    refusal: str = ""
    size_bytes: int = 0


def batches(entries: Sequence[Entry], work: Callable[[bytes], Made]) -> Generator[list[Reading[Made]]]:
    """All entries in their order, each with what `work` makes of its bytes, in another thread if that takes long.

    A batch is what was read within 0.2 s, and worked on here in another 0.2 s; it has 1 to 64 entries. No more than
    32 MB, and a file for each thread, are held while nobody asks for the next batch. Refusals, of `work` too, are said
    in the language of whoever asks.
    """
    room, ahead = _Room(), enumerate(entries)
    read = languages.carried(partial(_read, _Timed(work), room))
    waiting: deque[Future[Callable[[], Reading[Made]]]] = deque()
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="import")
    try:
        while True:
            waiting.extend(pool.submit(read, *each) for each in itertools.islice(ahead, 2 * BATCH - len(waiting)))
            if not waiting:
                return
            batch = _first_made(waiting)
            yield batch
            room.free(len(batch), sum(each.size_bytes for each in batch))
    finally:
        room.free(0, math.inf)
        pool.shutdown(cancel_futures=True)


def _first_made(waiting: deque[Future[Callable[[], Reading[Made]]]]) -> list[Reading[Made]]:
    wait(list(itertools.islice(waiting, BATCH)), BATCH_S)
    end = time.monotonic() + BATCH_S
    batch = [waiting.popleft().result()()]
    while waiting and len(batch) < BATCH and waiting[0].done() and time.monotonic() < end:
        try:
            batch.append(waiting[0].result()())
        except Exception:  # nobody foresaw it, and it ends the reading: first what was read until there is handed on
            break
        waiting.popleft()
    return batch


def _read(work: _Timed[Made], room: _Room, place: int, entry: Entry) -> Callable[[], Reading[Made]]:
    """Read a file; what is returned gives its reading, and may only then make it."""
    room.wait(place)
    try:
        data = entry.read()
        if reason := stand_ins.reason(data):
            raise ImageRefused("format", reason)
    except (InvalidInput, Conflict) as refusal:
        return partial(Reading, entry, None, str(refusal))
    room.fill(len(data))
    if work.is_short:
        return partial(_made, work, entry, data)
    reading = _made(work, entry, data)
    return lambda: reading


def _made(work: _Timed[Made], entry: Entry, data: bytes) -> Reading[Made]:
    try:
        return Reading(entry, work(data), size_bytes=len(data))
    except (InvalidInput, Conflict) as refusal:
        return Reading(entry, None, str(refusal), len(data))


class _Timed(Generic[Made]):
    """Work, and the mean of how long a processor is at it."""

    def __init__(self, work: Callable[[bytes], Made]) -> None:
        self._work, self._mean_s = work, math.nan

    @property
    def is_short(self) -> bool:
        """Whether it takes less than `SHORT_S`, as far as is known."""
        return self._mean_s < SHORT_S

    def __call__(self, data: bytes) -> Made:
        before = time.thread_time()
        try:
            return self._work(data)
        finally:
            took_s = time.thread_time() - before
            self._mean_s = took_s if math.isnan(self._mean_s) else self._mean_s + WEIGHT * (took_s - self._mean_s)


class _Room:
    """How many bytes may be held; the file that is waited for is always let in."""

    def __init__(self) -> None:
        self._held, self._taken = 0.0, 0
        self._changed = threading.Condition()

    def wait(self, place: int) -> None:
        """Wait until less is held than may be, or all files before that place were taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._held < HELD_BYTES or place == self._taken)

    def fill(self, size_bytes: int) -> None:
        """Hold so many bytes more."""
        with self._changed:
            self._held += size_bytes

    def free(self, files: int, size_bytes: float) -> None:
        """Hold so many files and bytes less: they were taken."""
        with self._changed:
            self._held -= size_bytes
            self._taken += files
            self._changed.notify_all()
