"""Zips in the home folder that wait to be downloaded: under names that cannot be guessed, and for a day."""

from __future__ import annotations

import contextlib
import secrets
import time
from pathlib import Path

from cvcore import names
from cvcore.files import blobs

KEPT_S = 24 * 60 * 60
TOKEN_BYTES = 16


def new(home: Path, name: str) -> tuple[str, Path]:
    """The token of a zip to be, and where to write it; `name` is what the browser will call it.

    Those older than a day are deleted, and what a process that was killed left of its own.

    Raises:
        StorageFull, HomeUnusable: its folder cannot be made.
    """
    for folder in (home / "outgoing").glob("*"):
        # Two that begin at once may both want an old one gone.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > KEPT_S:
                blobs.delete(folder)
    token = secrets.token_hex(TOKEN_BYTES)
    path = _folder(home, token) / f"{names.portable(name)}.zip"
    with blobs.storage_errors(path):
        path.parent.mkdir(parents=True)
    return token, path


def find(home: Path, token: str) -> Path | None:
    """The zip of that token, if it is written; None for anything that is no token too."""
    if len(token) != 2 * TOKEN_BYTES or not set(token) <= set("0123456789abcdef"):
        return None
    return next((path for path in _folder(home, token).glob("*.zip") if not path.name.startswith(".")), None)


def _folder(home: Path, token: str) -> Path:
    return home / "outgoing" / token
