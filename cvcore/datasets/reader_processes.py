"""Processes beside this one that read small files of large imports.

To read a small file takes hundreds of short steps, and between them threads of one interpreter only wait for each
other. So where there are many files, processes with interpreters of their own read the small ones. Each ends when the
pipe to its standard input closes: also when this process is killed, on every system.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, cast

from cvcore import languages, settings

# A process takes 50 MB and half a second of processor before its first file.
MANY_FILES = 1000
# Larger files take longest to decode, for which Pillow leaves the interpreter to others.
SMALL_BYTES = 64 * 2**10
# Whoever waits for the disk goes on at once when it is done: see sched(7).
NICE = 5
# However many imports there are at once: the others read all files themselves.
_free = threading.BoundedSemaphore(4)

Made = TypeVar("Made")


@contextlib.contextmanager
def beside(work: Callable[[bytes], Made], *, files: int, most: int) -> Iterator[Callable[[bytes], Made]]:
    """What does the same as `work`; of many files the small ones are read in up to so many processes.

    `work` and its answers must be such that `pickle` can send them, and it speaks the language of whoever calls. Where
    no process can be had, or one has ended, it is called here.
    """
    if files < MANY_FILES or most < 2:
        yield work
        return
    readers = _Readers(work, most)
    try:
        yield readers.read
    finally:
        readers.close()


class _Readers(Generic[Made]):
    """The processes of one import."""

    def __init__(self, work: Callable[[bytes], Made], most: int) -> None:
        self._work, self._most = work, most
        self._starting = threading.Lock()
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._greeters: list[threading.Thread] = []

    def read(self, data: bytes) -> Made:
        """What the work makes of these bytes; the first small ones start the processes."""
        if len(data) > SMALL_BYTES:
            return self._work(data)
        with self._starting:
            while self._most:
                self._most -= 1
                self._start()
        try:
            process = self._idle.get_nowait()
            made = cast("Made", _asked(process, (languages.current(), data)))
        except (queue.Empty, OSError, EOFError, pickle.PickleError):
            return self._work(data)
        self._idle.put(process)
        return made

    def close(self) -> None:
        """End the processes; nobody may be reading."""
        for process in self._processes:
            process.kill()
        for greeter in self._greeters:
            greeter.join()
        for process in self._processes:
            with contextlib.suppress(OSError), process:  # what it has not read cannot be written any more
                pass
            _free.release()

    def _start(self) -> None:
        if not _free.acquire(blocking=False):
            return
        try:
            process = _started()
        except OSError:  # the system has no room for one more
            _free.release()
            return
        self._processes.append(process)
        self._greeters.append(greeter := threading.Thread(target=self._greet, args=[process]))
        greeter.start()

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        """Tell a process its work, and count on it when it has loaded it."""
        with contextlib.suppress(OSError, EOFError, pickle.PickleError):
            _asked(process, self._work)
            self._idle.put(process)


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [sys.executable, "-m", __name__],
        env=settings.environ_of_programs(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _asked(process: subprocess.Popen[bytes], question: object) -> object:
    """The answer of a process. Raises OSError or EOFError if it has ended."""
    assert process.stdin
    assert process.stdout
    pickle.dump(question, process.stdin, pickle.HIGHEST_PROTOCOL)
    process.stdin.flush()
    return pickle.load(process.stdout)  # noqa: S301 - from our own program


def main() -> None:
    """Do the work that is told first for all files that come then; an error ends it, and is met by who asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    if os.name == "posix":
        os.nice(NICE)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    with contextlib.suppress(EOFError):
        work = pickle.load(questions)  # noqa: S301 - from our own program
        answer: object = None
        while True:
            pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
            code, data = pickle.load(questions)  # noqa: S301 - from our own program
            with languages.using(code):
                answer = work(data)


if __name__ == "__main__":
    main()
