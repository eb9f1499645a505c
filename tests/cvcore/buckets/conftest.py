"""A bucket in a home folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cvcore import buckets
from cvcore.buckets import local
from cvcore.settings import Settings

BUCKET = "photos"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a home with the bucket `photos`."""
    home = tmp_path / "home"
    (home / "buckets" / BUCKET).mkdir(parents=True)
    return Settings(home=home)


@pytest.fixture
def folder(settings: Settings) -> Path:
    """The bucket's folder."""
    return settings.home / "buckets" / BUCKET


@pytest.fixture
def put(settings: Settings) -> Callable[..., None]:
    """Stores bytes at a key, by default the key itself."""

    def put(key: str, data: bytes | None = None) -> None:
        buckets.write(settings, BUCKET, key, key.encode() if data is None else data, "")

    return put


@pytest.fixture
def etag(settings: Settings) -> Callable[[str], str]:
    """The ETag of the object at a key."""
    return lambda key: local.get(settings.home, BUCKET, key).record.etag
