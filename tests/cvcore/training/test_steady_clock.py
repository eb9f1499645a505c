"""Nothing is deleted because the clock jumps: what is old is old by a clock that has run on since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cvcore.errors import StorageFull
from cvcore.files import blobs
from cvcore.training import steady_clock
from cvcore.training.steady_clock import look

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAY, HOUR, YEAR = timedelta(days=1), timedelta(hours=1), timedelta(days=365)


def by_the_hour(home: Path, begin: datetime, hours: int) -> list[datetime]:
    """The steady time at so many hours, each of which is looked at."""
    return [look(home, begin + hour * HOUR) for hour in range(hours)]


def test_a_clock_that_runs_on(home: Path) -> None:
    """What it shows first is believed, and then what is one to two days behind."""
    steady = by_the_hour(home, START, 100)
    assert {START} == set(steady[:25])
    assert all(DAY <= START + hour * HOUR - steady[hour] < 2 * DAY for hour in range(24, 100))


@pytest.mark.parametrize("hours", [1, 23])
def test_a_clock_set_forward_and_back(home: Path, hours: int) -> None:
    """Within a day after a jump, and ever after it was put right, the steady time is none that never was."""
    by_the_hour(home, START, 100)
    wrong = START + 100 * HOUR + YEAR
    assert max(by_the_hour(home, wrong, hours)) <= START + 99 * HOUR
    right = START + (100 + hours) * HOUR
    steady = by_the_hour(home, right, 60)
    assert all(steady[hour] <= right + hour * HOUR for hour in range(60))
    assert steady[-1] >= right


def test_a_clock_that_stays_ahead(home: Path) -> None:
    """After a day it is believed, as after a holiday; once it is set back the steady time is not in the future."""
    by_the_hour(home, START, 100)
    assert look(home, START + YEAR) < START + 100 * HOUR
    assert look(home, START + YEAR + DAY) == START + YEAR
    assert look(home, START + 200 * HOUR) == START + 200 * HOUR


def test_who_opens_the_app_once_a_month(home: Path) -> None:
    """Each time what was old at the time before is old, so that nothing is kept for ever."""
    for month in range(2, 12):
        assert look(home, START + month * 30 * DAY) == START + max(2, month - 1) * 30 * DAY


@pytest.mark.parametrize("written", ["", "yesterday today", "2026-11-29"])
def test_a_damaged_memory(home: Path, written: str) -> None:
    """Whoever cannot read what was remembered believes nothing, and remembers anew."""
    home.mkdir()
    (home / steady_clock.FILE).write_text(written, "utf-8")
    assert look(home, START).year == 1970
    assert look(home, START + DAY) == START


def test_a_full_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be remembered is no reason to delete nothing."""
    look(home, START)

    def write(*_: object) -> None:
        raise StorageFull("full")

    monkeypatch.setattr(blobs, "write", write)
    assert look(home, START + DAY) == START
