"""Deletes what processes that were killed had half written in a home folder."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from cvcore.files import blobs, staging

# Users name the files in buckets, which have a clean-up of their own.
LEFT_ALONE = {"buckets"}
# As `blobs` names what it writes before it is complete; SQLite keeps journals beside a copy.
TEMPORARY = re.compile(r"\..+\.\d+-[0-9a-f]{8}(?:-wal|-shm|-journal)?")


def sweep(home: Path) -> list[Path]:
    """Delete temporary files and folders that nobody has written to for an hour; returns them.

    Also those in the homes of a class's pupils, and what is left of a zip that was being unpacked.
    """
    found = []
    for folder, folders, files in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name not in LEFT_ALONE]
        temporary = [name for name in (*folders, *files) if TEMPORARY.fullmatch(name)]
        found += [path for name in temporary if not _is_young(path := Path(folder) / name)]
        folders[:] = [name for name in folders if name not in temporary]
    for path in found:
        with contextlib.suppress(OSError):  # somebody has it open: an hour later again
            blobs.delete(path)
    for each in (home, *home.glob("classes/*/*")):
        staging.sweep(each)
    return found


def _is_young(path: Path) -> bool:
    """Whether it, or a file in it, was written within the last hour; also if it has just got its name."""
    with contextlib.suppress(FileNotFoundError):
        return any(blobs.is_young(each) for each in (path, *path.rglob("*")))
    return True
