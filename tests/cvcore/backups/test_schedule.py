"""One backup a day, and the newest seven stay."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from cvcore.backups import schedule
from cvcore.errors import NotFound
from cvcore.store import Store
from tests.conftest import awaited

TODAY = date(2026, 11, 28)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_a_day(store: Store, tmp_path: Path) -> None:
    """The first look of a day writes a backup, the next one does not."""
    folder = tmp_path / "saved"
    folder.mkdir()
    schedule.write_todays(store.home, folder, TODAY)
    written = (folder / "tagwise-2026-11-28.zip").stat().st_mtime_ns
    schedule.write_todays(store.home, folder, TODAY)
    assert ["tagwise-2026-11-28.zip"] == names(folder)
    assert written == (folder / "tagwise-2026-11-28.zip").stat().st_mtime_ns


def test_a_disk_that_is_not_connected(store: Store, tmp_path: Path) -> None:
    """The folder of its backups is not made where the disk would be: they would fill the one that is backed up."""
    with pytest.raises(NotFound, match=r"^TAGWISE_BACKUPS must be a folder that exists, .*saved does not: connect its"):
        schedule.write_todays(store.home, tmp_path / "disk" / "saved", TODAY)
    assert not (tmp_path / "disk").exists()


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
    """A full disk, or an error that nobody foresaw, ends one attempt, not the schedule; the log tells it."""
    tried: list[date] = []

    def fail(home: Path, folder: Path, today: date) -> None:
        tried.append(today)
        raise OSError("no space") if len(tried) == 1 else ValueError("foreseen by nobody")

    monkeypatch.setattr(schedule, "write_todays", fail)

    async def run() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(schedule.keep(store.home, tmp_path, look_every_s=0.01), 0.5)

    awaited(run())
    assert len(tried) > 2
    assert "today's backup could not be written: no space" in caplog.text
    assert "foreseen by nobody" in caplog.text


def test_what_killed_processes_left_goes(store: Store, tmp_path: Path) -> None:
    """Half a zip and the copy of a database beside it; not what another process writes now, nor what is the user's."""
    for name in (".tagwise-2026-11-26.zip.12-0123abcd", ".mine.zip.12-0123abcd"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".tagwise-2026-11-26.zip.x1y2z3_a").mkdir()
    for path in tmp_path.iterdir():
        os.utime(path, (time.time() - 2 * schedule.ABANDONED_S,) * 2)
    (tmp_path / ".tagwise-2026-11-28.zip.13-0123abcd").write_bytes(b"half")
    schedule.write_todays(store.home, tmp_path, TODAY)
    kept = [name for name in names(tmp_path) if name.startswith((".", "tagwise-"))]
    assert [".mine.zip.12-0123abcd", ".tagwise-2026-11-28.zip.13-0123abcd", "tagwise-2026-11-28.zip"] == kept


def test_a_clock_that_was_wrong(store: Store, tmp_path: Path) -> None:
    """Backups dated later than today, from before the clock was set back, neither go nor take today's place."""
    for days in range(7):
        schedule.write_todays(store.home, tmp_path, TODAY + timedelta(days=366 + days))
    schedule.write_todays(store.home, tmp_path, TODAY)
    kept = [name for name in names(tmp_path) if name.startswith("tagwise-")]
    assert (8, "tagwise-2026-11-28.zip") == (len(kept), kept[0])
