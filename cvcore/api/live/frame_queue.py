"""The queue of frames: first come, first served, and of each client one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cvcore.languages import carried, t

WAITING_MOST = 64
# Each has networks of its own in memory.
THREADS_MOST = 4

Result = TypeVar("Result")


class FrameQueue:
    """Works in as many threads as there are cores, up to four; all methods are called in the server's event loop.

    Because a client's next frame is taken only once its last is answered, thirty clients get the same share.
    """

    def __init__(self, threads: int = min(os.cpu_count() or 1, THREADS_MOST), most: int = WAITING_MOST) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="live")
        self._clients: set[str] = set()
        self._most = most

    def refusal(self, client: str) -> str:
        """Why a frame of a client cannot be taken now; empty if it can."""
        if client in self._clients:
            return t("a camera must send one frame at a time, the last is not answered yet: wait for its answer")
        if len(self._clients) >= self._most:
            return t(
                "at most {most} cameras are answered at once, so many are waiting: try again in a second",
                most=self._most,
            )
        return ""

    @contextlib.contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A block in which a client has its place in the queue."""
        self._clients.add(client)
        try:
            yield
        finally:
            self._clients.discard(client)

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, once it was its turn; it speaks the language of the caller."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, carried(work))
