"""What is known of the disk that a folder lies on: whether there is room, and whether it is a network share."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

from cvcore.errors import StorageFull
from cvcore.languages import marked, t

FULL = marked("the disk is full: free some space on it and try again")
HOME_FULL = marked("the disk that holds the home folder is full: free some space on it and try again")
# SQLite writes at least a page of its log and one of the log's index.
ROOM_BYTES = 64 * 2**10
MOUNTS = Path("/proc/self/mounts")
NETWORK = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "9p", "davfs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs"),
    )
)


def is_full(error: BaseException) -> bool:
    """Whether the system's error says that there is no room: the disk is full, or the user's share of it."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def check_room(home: Path) -> None:
    """Do nothing while the home folder's disk has room for a row of the database.

    Raises:
        StorageFull: it has none.
    """
    if shutil.disk_usage(home).free < ROOM_BYTES:
        raise StorageFull(t(HOME_FULL))


def network_share(folder: Path) -> str:
    """The kind of network share that a folder lies on, such as `nfs4`; empty on a disk of this machine's own.

    Only Linux tells: elsewhere it is empty.
    """
    try:
        mounts = os.fsdecode(MOUNTS.read_bytes())
    except OSError:
        return ""
    kind = file_system(folder.resolve(), mounts)
    return kind if kind in NETWORK else ""


def file_system(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder lies on, by the system's table of mounts (proc(5)).

    >>> mounts = "/dev/sda1 / ext4 rw 0 0\\nserver:/home /home nfs4 rw 0 0\\n"
    >>> file_system(Path("/home/ann/.tagwise"), mounts), file_system(Path("/homes"), mounts)
    ('nfs4', 'ext4')
    """
    found, depth = "", -1
    for line in mounts.splitlines():
        _, point, kind, *_ = [_unescaped(field) for field in line.split(" ")]
        # Of two mounts at one place the later one is seen.
        if folder.is_relative_to(point) and len(Path(point).parts) >= depth:
            found, depth = kind, len(Path(point).parts)
    return found


def journal_mode(folder: Path) -> str:
    """How SQLite shall keep its journal there.

    The write-ahead log needs memory that all its readers share, which a network share has not
    (https://www.sqlite.org/wal.html); without it readers and writers wait for each other.
    """
    return "delete" if network_share(folder) else "wal"


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field)
