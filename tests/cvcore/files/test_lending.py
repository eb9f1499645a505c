"""A file has two names and takes its space once; where there are no links it is copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvcore.errors import HomeUnusable
from cvcore.files import blobs, lending


def test_a_second_name_takes_no_space(tmp_path: Path) -> None:
    """Both names are the same file; what replaces one of them leaves the other as it was."""
    source, target = tmp_path / "file", tmp_path / "folder" / "other"
    blobs.write(source, b"content")
    lending.link(source, target)
    assert source.samefile(target)
    blobs.write(source, b"newer")
    assert b"content" == target.read_bytes()


def test_a_name_that_is_there_stays(tmp_path: Path) -> None:
    """A file that has the name keeps it; of a file that is gone there is no link."""
    source, target = tmp_path / "file", tmp_path / "other"
    blobs.write(source, b"content")
    blobs.write(target, b"old")
    lending.link(source, target)
    lending.link(tmp_path / "gone", tmp_path / "none")
    assert b"old" == target.read_bytes()
    assert not (tmp_path / "none").exists()


def test_copied_where_no_link_can_be(tmp_path: Path) -> None:
    """On another file system it is a file of its own, whole, with nothing beside it."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this computer has one file system")
    source, target = tmp_path / "file", memory / f"tagwise-{tmp_path.name}-{tmp_path.parent.name}"
    blobs.write(source, bytes(3 * lending.PIECE_BYTES + 1))
    try:
        lending.link(source, target)
        assert source.read_bytes() == target.read_bytes()
        assert not source.samefile(target)
    finally:
        target.unlink(missing_ok=True)


def test_a_link_where_nothing_can_be_is_told_of(tmp_path: Path) -> None:
    """A folder in whose place a file lies is refused in our own words."""
    blobs.write(tmp_path / "file", b"content")
    with pytest.raises(HomeUnusable):
        lending.link(tmp_path / "file", tmp_path / "file" / "folder" / "other")
