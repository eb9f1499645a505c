"""What a killed process had half written goes after an hour; all else in a home stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import filelock
import pytest

from cvcore.files import blobs, leftovers

DIGEST = "ab" * 32


def half_written(path: Path) -> Path:
    """What is left of a folder `path` if its writer is killed before it has its name."""
    with blobs.new_folder(path) as temporary:
        pass
    path.rename(temporary)
    (temporary / "weights.npz").write_bytes(b"half")
    return temporary


def an_hour_ago(home: Path) -> None:
    """Make all files older."""
    then = time.time() - blobs.ABANDONED_S - 1
    for path in home.rglob("*"):
        os.utime(path, (then, then))


def test_what_is_half_written_goes_after_an_hour(tmp_path: Path) -> None:
    """Temporary files and folders are deleted, wherever they lie; finished files, and users' own in buckets, stay."""
    kept = [blobs.original_path(tmp_path, DIGEST), tmp_path / "buckets" / "b" / ".photo.1-0123abcd", tmp_path / ".dot"]
    half = [
        kept[0].with_name(f".{DIGEST}.77-0123abcd"),
        tmp_path / "backups" / ".before-m020.db.77-0123abcd-journal",
        tmp_path / "classes" / "c" / "p" / "thumbnails" / "ab" / f".{DIGEST}.77-0123abcd",
    ]
    for path in (*kept, *half):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    half.append(half_written(tmp_path / "iterations" / "i"))
    with blobs.scratch_folder(tmp_path) as scratch:
        half.append(scratch)
    scratch.mkdir()
    assert [] == leftovers.sweep(tmp_path)
    an_hour_ago(tmp_path)
    assert sorted(half) == sorted(leftovers.sweep(tmp_path))
    assert [] == [path for path in half if path.exists()]
    assert all(path.exists() for path in kept)


def test_what_is_still_written_to_stays(tmp_path: Path) -> None:
    """A folder that is filled for longer than an hour stays as long as files in it are young."""
    folder = half_written(tmp_path / "iterations" / "i")
    an_hour_ago(tmp_path)
    (folder / "more.npz").write_bytes(b"x")
    os.utime(folder, (0, 0))
    assert [] == leftovers.sweep(tmp_path)
    assert folder.exists()


@pytest.mark.parametrize("is_pupils", [False, True])
def test_a_zip_that_is_laid_out_stays(is_pupils: bool, tmp_path: Path) -> None:
    """What is left of unpacking goes at once, unless the process that unpacks still has the lock."""
    home = blobs.pupil_home(tmp_path, "c", "p") if is_pupils else tmp_path
    staged = home / "unpacking" / "originals"
    staged.mkdir(parents=True)
    with filelock.FileLock(home / "unpacking.lock"):
        leftovers.sweep(tmp_path)
        assert staged.exists()
    leftovers.sweep(tmp_path)
    assert not staged.parent.exists()
