"""Reads images in other threads while those before are stored, and hands them on in batches."""

from __future__ import annotations

import itertools
import math
import os
import threading
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

# Decoding, and waiting for the disk, leave the interpreter to others.
READERS = min(4, os.cpu_count() or 1)
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
    """All entries in their order, each with what `work` makes of its bytes in another thread.

    A batch is what was read within 0.2 s, and has 1 to 64 entries. No more than 32 MB, and a file for each thread, are
    held while nobody asks for the next batch. Refusals, of `work` too, are said in the language of whoever asks.
    """
    room, ahead = _Room(), enumerate(entries)
    read = languages.carried(partial(_read, work, room))
    waiting: deque[Future[Reading[Made]]] = deque()
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="import")
    try:
        while True:
            waiting.extend(pool.submit(read, *each) for each in itertools.islice(ahead, 2 * BATCH - len(waiting)))
            if not waiting:
                return
            batch = _first_done(waiting)
            yield batch
            room.free(len(batch), sum(each.size_bytes for each in batch))
    finally:
        room.free(0, math.inf)
        pool.shutdown(cancel_futures=True)


def _first_done(waiting: deque[Future[Reading[Made]]]) -> list[Reading[Made]]:
    wait(list(itertools.islice(waiting, BATCH)), BATCH_S)
    batch = [waiting.popleft().result()]
    # An error that nobody foresaw ends the reading, but not before what was read until there is handed on.
    while waiting and len(batch) < BATCH and waiting[0].done() and not waiting[0].exception():
        batch.append(waiting.popleft().result())
    return batch


def _read(work: Callable[[bytes], Made], room: _Room, place: int, entry: Entry) -> Reading[Made]:
    room.wait(place)
    try:
        data = entry.read()
        if reason := stand_ins.reason(data):
            raise ImageRefused("format", reason)
        made = work(data)
    except (InvalidInput, Conflict) as refusal:
        return Reading(entry, None, str(refusal))
    room.fill(len(data))
    return Reading(entry, made, size_bytes=len(data))


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
