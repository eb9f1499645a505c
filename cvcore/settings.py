"""Settings from the environment: home folder, password, keys, and the limits of uploads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cvcore.errors import HomeUnusable, InvalidInput

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits of an upload.

    The defaults are Custom Vision's if it has one (6 MB, 10,240 px, 25:1, 100 tags per image).
    """

    image_bytes: int = 6 * MEBIBYTE
    side_min_px: int = 8
    side_max_px: int = 10_240
    pixels: int = 60_000_000
    aspect: float = 25.0
    tag_letters: int = 128
    tags_per_image: int = 100
    archive_entries: int = 20_000
    archive_bytes: int = 4096 * MEBIBYTE


@dataclass(frozen=True)
class Settings:
    """Home folder, optional shared password and API keys, further host names of this machine, and limits.

    Without keys, those in the home folder are used. `fetch_private` lets the API fetch images from this machine's own
    network, and webhooks post to it.
    """

    home: Path
    password: str | None = None
    training_key: str | None = field(default=None, repr=False)
    prediction_key: str | None = field(default=None, repr=False)
    fetch_private: bool = False
    hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the variables that begin with `TAGWISE_`.

    Raises:
        InvalidInput: `TAGWISE_MAX_IMAGE_MB` is not a number above 0.
        HomeUnusable: the home folder begins with `~` and this user has no home.

    >>> load({"TAGWISE_HOME": "/data/tagwise"}).home.as_posix()
    '/data/tagwise'
    """
    limits = Limits()
    if megabytes := environ.get("TAGWISE_MAX_IMAGE_MB"):
        limits = Limits(image_bytes=_mebibytes(megabytes))
    home = _home(environ.get("TAGWISE_HOME") or "~/.tagwise")
    hosts = tuple(filter(None, (name.strip() for name in environ.get("TAGWISE_HOSTS", "").split(","))))
    return Settings(
        home=home,
        password=environ.get("TAGWISE_PASSWORD") or None,
        training_key=environ.get("TAGWISE_TRAINING_KEY") or None,
        prediction_key=environ.get("TAGWISE_PREDICTION_KEY") or None,
        fetch_private=environ.get("TAGWISE_FETCH_PRIVATE", "") not in ("", "0"),
        hosts=hosts,
        limits=limits,
    )


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise HomeUnusable(
            f"TAGWISE_HOME must be a folder's full path, the ~ in {text!r} is no user's home folder here: write it out"
        ) from error


def _mebibytes(text: str) -> int:
    try:
        size_bytes = int(float(text) * MEBIBYTE)
    except (ValueError, OverflowError):
        size_bytes = 0
    if size_bytes <= 0:
        raise InvalidInput(f"TAGWISE_MAX_IMAGE_MB must be a number above 0, got {text!r}")
    return size_bytes
