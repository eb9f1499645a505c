"""A backup once a day, into a folder that the user names; the newest seven are kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from datetime import date
from pathlib import Path

from cvcore.backups.writing import backup
from cvcore.errors import NotFound, TagwiseError
from cvcore.files import blobs

KEPT = 7
LOOK_EVERY_S = 600.0
_NAME = re.compile(r"tagwise-\d{4}-\d{2}-\d{2}\.zip")
# What is written beside a backup before it is complete.
_TEMPORARY = re.compile(rf"\.{_NAME.pattern}\..+")
ABANDONED_S = 86_400

log = logging.getLogger("tagwise.backups")


async def keep(home: Path, folder: Path, *, look_every_s: float = LOOK_EVERY_S) -> None:
    """Write today's backup where there is none yet, now and whenever a new day has begun, until this is cancelled.

    What goes wrong is logged and tried again.
    """
    while True:
        try:
            await asyncio.to_thread(write_todays, home, folder, date.today())
        except (TagwiseError, OSError) as error:
            log.error("today's backup could not be written: %s", error)
        except Exception:
            # Whatever it was: tomorrow's backup must be tried.
            log.exception("today's backup could not be written")
        await asyncio.sleep(look_every_s)


def write_todays(home: Path, folder: Path, today: date) -> None:
    """Write the backup of a day unless it is there, then remove all but the newest seven of ours.

    What killed processes left half written there goes, too. The folder is not made: where its disk is not connected it
    would be on the disk that the backup is to outlive.

    Raises:
        NotFound: there is no such folder; and what `backup` raises.
    """
    path = folder / f"tagwise-{today:%Y-%m-%d}.zip"
    if path.exists():
        return
    if not folder.is_dir():
        raise NotFound(f"TAGWISE_BACKUPS must be a folder that exists, {folder} does not: connect its disk, or make it")
    _sweep(folder)
    made = backup(home, path)
    log.info("backup %s: %d files, %.1f MB", path, made.files, made.size_bytes / 1e6)
    if made.left_out:
        log.warning(
            "the backup %s has not %d files, such as %s: run tagwise check", path, len(made.left_out), made.left_out[0]
        )
    # One that is dated later was written while the clock was wrong: it must not take the place of today's.
    dated = sorted(each for each in folder.iterdir() if _NAME.fullmatch(each.name) and each.name <= path.name)
    for old in dated[:-KEPT]:
        old.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Delete what was half written when a process was killed, a day ago or longer: each time as large as a backup."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process sweeps, too
            if _TEMPORARY.fullmatch(path.name) and time.time() - path.stat().st_mtime > ABANDONED_S:
                blobs.delete(path)
