"""Small files of a large import are read in other processes, with the same results, and no process outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np
import pytest

from cvcore import languages, settings
from cvcore.datasets import Entry, reader_processes, reading
from cvcore.projects import uploads
from cvcore.settings import Limits
from tests.conftest import DrawImage

PID = b"__import__('os').getpid()"
MANY = reader_processes.MANY_FILES


def until_another_answers(read: Callable[[bytes], object], question: bytes = PID) -> object:
    """What another process answers, once it is there; before, this one does."""
    while (answer := read(question)) == eval(question):
        time.sleep(0.01)
    return answer


def is_running(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_other_processes_read_what_is_small() -> None:
    """Of many files the small ones are read elsewhere, large ones here; at the end no process is left."""
    with reader_processes.beside(eval, files=MANY, most=2) as read:
        pid = until_another_answers(read)
        assert isinstance(pid, int)
        assert is_running(pid)
        assert os.getpid() == read(PID + b" " * reader_processes.SMALL_BYTES)
    assert not is_running(pid)


@pytest.mark.parametrize(("files", "most"), [(MANY - 1, 2), (MANY, 1)])
def test_few_are_read_here(files: int, most: int) -> None:
    """For few files, or for one processor, no process is worth its start."""
    with reader_processes.beside(eval, files=files, most=most) as read:
        assert read is eval


def test_no_more_processes_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other imports have all processes that there may be, files are read here."""
    monkeypatch.setattr(reader_processes, "_free", threading.BoundedSemaphore(1))
    with reader_processes.beside(eval, files=MANY, most=2) as read:
        pid = until_another_answers(read)
        with reader_processes.beside(eval, files=MANY, most=2) as other:
            assert {os.getpid()} == {other(PID) for _ in range(9)}
        assert pid == read(PID)
    with reader_processes.beside(eval, files=MANY, most=2) as read:
        until_another_answers(read)


def test_a_process_that_ends_costs_no_file() -> None:
    """What a process did not live to answer is done here, and so is what comes then."""
    question = b"__import__('os').getpid() == %d or __import__('os')._exit(1)" % os.getpid()
    with reader_processes.beside(eval, files=MANY, most=2) as read:
        pids = {until_another_answers(read) for _ in range(2)}
        while pids & {read(PID)}:
            assert read(question) is True
        assert os.getpid() == read(PID)


def test_errors_are_those_of_the_work() -> None:
    """An error that nobody foresaw is raised here as it would be without the processes."""
    with reader_processes.beside(eval, files=MANY, most=2) as read:
        until_another_answers(read)
        with pytest.raises(ZeroDivisionError):
            read(b"1 / 0")


def test_the_language_goes_along() -> None:
    """Sentences are in the language of whoever asks."""
    question = b"__import__('cvcore.languages').languages.current(), " + PID
    with reader_processes.beside(eval, files=MANY, most=2) as read, languages.using("ko"):
        answer = until_another_answers(read, question)
    assert isinstance(answer, tuple)
    assert "ko" == answer[0]


@pytest.mark.parametrize("side", [48, 400])
def test_what_is_read_is_the_same(drawn_image: DrawImage, side: int) -> None:
    """An image that is read elsewhere is all that it is here; one that is its own thumbnail is one file there too."""
    data = drawn_image(1, side)
    question = (
        b"""__import__('os').getpid(), __import__('cvcore.projects.uploads').projects.uploads.read(
        %r, __import__('cvcore.settings').settings.Limits())"""
        % data
    )
    with reader_processes.beside(eval, files=MANY, most=2) as read:
        until_another_answers(read)
        pid, there = cast("tuple[int, uploads.ReadFile]", read(question))
    here = uploads.read(data, Limits())
    assert os.getpid() != pid
    assert here == there
    assert np.array_equal(here.info.measures, there.info.measures)
    assert (side == 48) is (there.info.thumbnail is there.arrival.data)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_no_process_outlives_one_that_is_killed() -> None:
    """When the importing process is killed its readers end."""
    script = f"""
import os, time
from cvcore.datasets import reader_processes
with reader_processes.beside(eval, files={MANY}, most=2) as read:
    while (pid := read({PID!r})) == os.getpid():
        time.sleep(0.01)
    print(pid, flush=True)
    time.sleep(600)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=settings.environ_of_programs()) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    while is_running(pid):
        time.sleep(0.01)


def test_all_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads them, all entries come once and in the order given, refused ones among them."""
    monkeypatch.setattr(reader_processes, "MANY_FILES", 1)
    sizes = [number % 7 for number in range(400)]
    entries = [Entry(f"{number}", (), partial(bytes, size)) for number, size in enumerate(sizes)]
    found = [each for batch in reading.batches(entries, len) for each in batch]
    assert [f"{number}" for number in range(400)] == [each.entry.name for each in found]
    assert [size or None for size in sizes] == [each.made for each in found]
    assert {"an image must have content, this file is empty: copy it again"} == {
        each.refusal for each in found if each.made is None
    }


def test_closed_in_the_middle_it_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes no more batches has no process left, started or starting."""
    free = threading.BoundedSemaphore(2)
    monkeypatch.setattr(reader_processes, "_free", free)
    monkeypatch.setattr(reader_processes, "MANY_FILES", 1)
    found = reading.batches([Entry(f"{number}", (), lambda: b"x") for number in range(400)], len)
    assert 1 == next(found)[0].made
    found.close()
    assert all(free.acquire(blocking=False) for _ in range(2))
