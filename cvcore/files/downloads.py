"""Zips in the home folder that can be downloaded for a day, at addresses that cannot be guessed."""

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
    """A new token and the path to write its zip to; the browser will call the file `name`.

    Zips older than a day are deleted, also unfinished ones that a killed process left.

    Raises:
        StorageFull, HomeUnusable: its folder cannot be made.
    """
    for folder in (home / "outgoing").glob("*"):
        # Another process may delete the same old folder at the same time.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > KEPT_S:
                blobs.delete(folder)
    token = secrets.token_hex(TOKEN_BYTES)
    path = _folder(home, token) / f"{names.portable(name)}.zip"
    with blobs.storage_errors(path):
        path.parent.mkdir(parents=True)
    return token, path


def find(home: Path, token: str) -> Path | None:
    """The path of the finished zip of that token; None if there is no such zip, or the text is not a token."""
    if len(token) != 2 * TOKEN_BYTES or not set(token) <= set("0123456789abcdef"):
        return None
    return next((path for path in _folder(home, token).glob("*.zip") if not path.name.startswith(".")), None)


def _folder(home: Path, token: str) -> Path:
    return home / "outgoing" / token
