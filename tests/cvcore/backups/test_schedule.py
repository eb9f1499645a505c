"""One backup a day, and the newest seven stay."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import date, timedelta
from pathlib import Path

import pytest

from cvcore.backups import schedule
from cvcore.store import Store
from tests.conftest import awaited

TODAY = date(2026, 11, 28)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_a_day(store: Store, tmp_path: Path) -> None:
    """The first look of a day writes a backup, the next one does not."""
    folder = tmp_path / "saved"
    schedule.write_todays(store.home, folder, TODAY)
    written = (folder / "tagwise-2026-11-28.zip").stat().st_mtime_ns
    schedule.write_todays(store.home, folder, TODAY)
    assert ["tagwise-2026-11-28.zip"] == names(folder)
    assert written == (folder / "tagwise-2026-11-28.zip").stat().st_mtime_ns


def test_seven_are_kept(store: Store, tmp_path: Path) -> None:
    """The oldest go; what else lies in the folder stays."""
    (tmp_path / "tagwise-of-mine.zip").write_bytes(b"mine")
    for days in range(9):
        schedule.write_todays(store.home, tmp_path, TODAY + timedelta(days))
    kept = [name for name in names(tmp_path) if name.startswith("tagwise-2026")]
    assert (7, "tagwise-2026-11-30.zip") == (len(kept), kept[0])
    assert "tagwise-of-mine.zip" in names(tmp_path)


def test_what_goes_wrong_is_tried_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk ends one attempt, not the schedule; the log tells it."""
    tried: list[date] = []

    def fail(home: Path, folder: Path, today: date) -> None:
        tried.append(today)
        raise OSError("no space")

    monkeypatch.setattr(schedule, "write_todays", fail)

    async def run() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(schedule.keep(store.home, tmp_path, look_every_s=0.01), 0.5)

    awaited(run())
    assert len(tried) > 1
    assert "today's backup could not be written: no space" in caplog.text


def test_a_clock_that_was_wrong(store: Store, tmp_path: Path) -> None:
    """Backups dated later than today, from before the clock was set back, neither go nor take today's place."""
    for days in range(7):
        schedule.write_todays(store.home, tmp_path, TODAY + timedelta(days=366 + days))
    schedule.write_todays(store.home, tmp_path, TODAY)
    kept = [name for name in names(tmp_path) if name.startswith("tagwise-")]
    assert (8, "tagwise-2026-11-28.zip") == (len(kept), kept[0])
