"""A disk has room or is full, and a folder on a network share is told from one on this machine's own disk."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from cvcore.files import disks

MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/ann/fast ext4 rw 0 0
//nas/our\\040photos /mnt/our\\040photos cifs rw 0 0
ann@host: /mnt/far fuse.sshfs rw 0 0
/dev/sdc1 /mnt/far ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/tagwise", ""),
        ("/home/ann/.tagwise", "nfs4"),
        ("/home", "nfs4"),
        ("/homes/ann", ""),
        ("/home/ann/fast/tagwise", ""),
        ("/mnt/our photos/tagwise", "cifs"),
        ("/mnt/far/tagwise", ""),
    ],
)
def test_network_shares(folder: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The innermost mount counts, of two at one place the later; names with spaces are read."""
    monkeypatch.setattr(disks, "MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text(MOUNTS)
    assert kind == disks.network_share(Path(folder))
    assert ("delete" if kind else "wal") == disks.journal_mode(Path(folder))


def test_where_no_table_of_mounts_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without one, every folder counts as this machine's own."""
    monkeypatch.setattr(disks, "MOUNTS", tmp_path / "none")
    assert "" == disks.network_share(tmp_path)


@pytest.mark.parametrize(("error", "is_full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_errors_of_a_full_disk(error: int, is_full: bool) -> None:
    """A full disk and a used-up quota are full; other errors of the system, and other exceptions, are not."""
    assert is_full is disks.is_full(OSError(error, "x"))
    assert not disks.is_full(ValueError(error))


def test_room(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """There is room until the disk is full, and again when something was deleted."""
    told = on_small_disk(
        "size=1m",
        """
from cvcore.files import disks
def ask():
    with refusals():
        disks.check_room(disk)
ask()
fill()
ask()
(disk / "filler").unlink()
ask()
""",
    )
    full = "StorageFull the disk that holds the home folder is full: free some space on it and try again"
    assert ["no refusal", full, "no refusal"] == told
