"""Images are read ahead in other threads, and come in their order, in batches that hold a bounded number of bytes."""

from __future__ import annotations

import math
import threading

import pytest

from cvcore import languages
from cvcore.datasets import Entry, reading
from cvcore.errors import ArchiveRefused, ImageRefused
from cvcore.languages import t


def entry(number: int, data: bytes = b"x") -> Entry:
    """An entry with that name and content."""
    return Entry(f"{number}", (), lambda: data)


def test_all_come_in_their_order() -> None:
    """However long each takes, all entries come once, in the order given, in batches of 1 to 64."""
    second = threading.Event()

    def work(data: bytes) -> int:
        if data == b"1":
            second.set()
        elif data == b"0" and reading.READERS > 1:
            assert second.wait(timeout=60)
        return int(data)

    found = list(reading.batches([entry(number, b"%d" % number) for number in range(200)], work))
    assert list(range(200)) == [each.made for batch in found for each in batch]
    assert {True} == {1 <= len(batch) <= reading.BATCH for batch in found}


def test_nothing_gives_no_batch() -> None:
    """Without entries there is no batch."""
    assert [] == list(reading.batches([], bytes))


def test_a_refusal_comes_in_its_place_and_language() -> None:
    """What cannot be read or made, or stands in for an image, is told in the language of who asks; others come."""

    def missing() -> bytes:
        raise ArchiveRefused("missing")

    def work(data: bytes) -> bytes:
        if data == b"bad":
            raise ImageRefused("format", t("there are none"))
        return data

    entries = [entry(0, b"bad"), entry(1, b"good"), Entry("2", (), missing), entry(3, b"<svg/>")]
    with languages.using("de"):
        (*found,) = [each for batch in reading.batches(entries, work) for each in batch]
        assert [t("there are none"), "", "missing"] == [each.refusal for each in found[:3]]
    assert "SVG" in found[3].refusal
    assert [None, b"good", None, None] == [each.made for each in found]


def test_another_error_ends_it() -> None:
    """What is no refusal comes to whoever asks for the batch, after all that was read before it."""

    def work(data: bytes) -> bytes:
        if data == b"7":
            raise ZeroDivisionError
        return data

    made: list[bytes | None] = []
    batches = reading.batches([entry(number, b"%d" % number) for number in range(9)], work)
    with pytest.raises(ZeroDivisionError):
        made.extend(each.made for batch in batches for each in batch)
    assert [b"%d" % number for number in range(7)] == made


@pytest.mark.parametrize(("short_s", "is_here"), [(math.inf, True), (0.0, False)])
def test_short_work_is_done_by_who_asks(monkeypatch: pytest.MonkeyPatch, short_s: float, is_here: bool) -> None:
    """Once it is known how long a file takes, the asking thread works on those that take less, others on the rest."""
    monkeypatch.setattr(reading, "SHORT_S", short_s)
    threads: list[threading.Thread] = []

    def work(data: bytes) -> bytes:
        threads.append(threading.current_thread())
        return data

    for _ in reading.batches([entry(number) for number in range(500)], work):
        pass
    assert 500 == len(threads)
    # Those that were read ahead while the first one was worked on are not known to be short.
    assert {is_here} == {thread is threading.current_thread() for thread in threads[reading.BATCH * 3 :]}


def test_a_short_refusal_gives_back_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files are refused by the asking thread, the others are read on."""
    monkeypatch.setattr(reading, "SHORT_S", math.inf)
    monkeypatch.setattr(reading, "HELD_BYTES", 10)

    def work(data: bytes) -> bytes:
        raise ImageRefused("format", "none")

    found = reading.batches([entry(number, b"12345") for number in range(50)], work)
    assert ["none"] * 50 == [each.refusal for batch in found for each in batch]


def test_a_batch_has_all_that_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time for a batch is over, it has all that was made by then, and the next one goes on from there."""
    monkeypatch.setattr(reading, "BATCH_S", 1.0)
    monkeypatch.setattr(reading, "SHORT_S", 0.0)
    asked_again = threading.Event()

    def work(data: bytes) -> int:
        if int(data) >= 5:
            assert asked_again.wait(timeout=60)
        return int(data)

    found = reading.batches([entry(number, b"%d" % number) for number in range(9)], work)
    assert list(range(5)) == [each.made for each in next(found)]
    asked_again.set()
    assert list(range(5, 9)) == [each.made for batch in found for each in batch]


def test_few_bytes_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody asks for more, as much is read as may be held and one file a thread; then all the others come."""
    monkeypatch.setattr(reading, "HELD_BYTES", 10)
    read: list[bytes] = []

    def work(data: bytes) -> bytes:
        read.append(data)
        return data

    found = reading.batches([entry(number, b"12345") for number in range(50)], work)
    first = next(found)
    assert len(first) <= 2 + reading.READERS
    assert len(read) <= 2 + reading.READERS
    assert 50 == len(first) + sum(len(batch) for batch in found)


def test_stopping_early_leaves_no_thread() -> None:
    """Closed in the middle, also while readers wait for room, the threads end."""
    before = threading.active_count()
    found = reading.batches([entry(number, bytes(reading.HELD_BYTES)) for number in range(9)], bytes)
    next(found)
    found.close()
    assert before == threading.active_count()
