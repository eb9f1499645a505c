"""Keeps a home folder safe: writes it into one zip, puts it back, and checks that nothing in it is damaged.

Imports `store`, `files`, `imaging` and the modules beside the packages.
"""

from cvcore.backups.checking import Report, check
from cvcore.backups.contents import Content
from cvcore.backups.restoring import restore
from cvcore.backups.writing import backup

__all__ = [
    "Content",
    "Report",
    "backup",
    "check",
    "restore",
]
