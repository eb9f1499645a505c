"""The keys of a bucket in the order of their bytes, in pages, and folded at a delimiter as folders are.

Text in Python is ordered by code points, which is the order of its bytes in UTF-8.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cvcore.buckets import addresses, paths, records

# After every key that begins like what is before it.
LAST = "\U0010ffff"


class Keys:
    """A bucket's keys that begin with `prefix` and come after `after`, which may be raised while they are read."""

    def __init__(self, home: Path, bucket: str, prefix: str = "", after: str = "") -> None:
        self._home = home
        self._bucket = bucket
        self._prefix = prefix
        self.after = after

    def __iter__(self) -> Iterator[str]:
        """The keys in order."""
        previous = None
        for key in heapq.merge(self._found(), self._aside()):
            if key != previous and key > self.after:
                yield key
            previous = key

    def _found(self) -> Iterator[str]:
        if self._bucket == addresses.IMAGES:
            return self._images()
        return self._plain()

    def _images(self) -> Iterator[str]:
        """A key for each stored image: its name says nothing, as any is right."""
        for folder in sorted(_entries(self._home / "originals"), key=lambda entry: entry.name):
            for entry in sorted(_entries(Path(folder.path)), key=lambda entry: entry.name):
                key = f"{entry.name}/image"
                if len(entry.name) == addresses.SHA256_LETTERS and key.startswith(self._prefix) and key > self.after:
                    yield key

    def _plain(self) -> Iterator[str]:
        folder = paths.folder(self._home, self._bucket)
        base = self._prefix.rpartition("/")[0]
        if not base:
            return self._below(folder, "")
        start = paths.plain(folder, base)
        is_there = start and start.is_dir() and paths.is_inside(start / "key", folder)
        return self._below(start, f"{base}/") if start and is_there and paths.is_spelled(start, folder) else iter(())

    def _below(self, folder: Path, at: str) -> Iterator[str]:
        """The keys of the files in a folder and below it; `at` is what all of them begin with."""
        entries = {entry.name + "/" * entry.is_dir(follow_symlinks=False): entry for entry in _entries(folder)}
        for name in sorted(entries):
            key, entry = at + name, entries[name]
            if not self._may_be(key) or (not at and entry.name == paths.INCOMING):
                continue
            if name.endswith("/"):
                if key > self.after or self.after.startswith(key):
                    yield from self._below(Path(entry.path), key)
            elif key > self.after and entry.is_file(follow_symlinks=False):
                yield key

    def _may_be(self, key: str) -> bool:
        """Whether a key, or a key's beginning, can be one that is wanted."""
        is_wanted = key.startswith(self._prefix) or (key.endswith("/") and self._prefix.startswith(key))
        return is_wanted and _is_key(key)

    def _aside(self) -> Iterator[str]:
        """The keys that cannot be paths."""
        names = [entry.name for entry in _entries(paths.all_aside(self._home, self._bucket))]
        found = [records.load(paths.record_of(self._home, self._bucket, name)) for name in names]
        return iter(sorted(record.key for record in found if record and record.key.startswith(self._prefix)))


@dataclass(frozen=True)
class Page:
    """Some of a bucket's keys, and prefixes that stand for all keys that begin with them.

    `last` is where the next page begins, empty if there is none.
    """

    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    last: str


def page(keys: Keys, *, prefix: str = "", delimiter: str = "", most: int = 1000) -> Page:
    """At most so many keys and prefixes together; a key that has the delimiter after `prefix` counts as its prefix."""
    found: list[str] = []
    prefixes: list[str] = []
    last = ""
    for key in keys:
        if len(found) + len(prefixes) >= most:
            return Page(tuple(found), tuple(prefixes), last if most else "")
        folded = _folded(key, prefix, delimiter)
        if folded:
            prefixes.append(folded)
            last = keys.after = folded + LAST
        else:
            found.append(key)
            last = key
    return Page(tuple(found), tuple(prefixes), "")


def after(marker: str, prefix: str, delimiter: str) -> str:
    """Where a page after a marker begins: if the marker is a prefix, after all keys that it stands for.

    >>> after("photos/", "", "/") == "photos/" + LAST, after("photos/a", "", "/")
    (True, 'photos/a')
    """
    return marker + LAST if marker and _folded(marker, prefix, delimiter) == marker else marker


def _folded(key: str, prefix: str, delimiter: str) -> str:
    """The prefix that stands for a key; empty if the key stands for itself."""
    rest = key.removeprefix(prefix)
    before, found, _ = rest.partition(delimiter) if delimiter and key.startswith(prefix) else (rest, "", "")
    return prefix + before + delimiter if found else ""


def _is_key(key: str) -> bool:
    try:
        return len(key.encode()) <= addresses.KEY_BYTES
    except UnicodeEncodeError:  # a name that is no text
        return False


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    """What is in a folder; nothing if it is gone or cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
