"""Rows of what was read of images' files: the kind of file, the camera, the day, and measures of the pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Float32s
from cvcore.store.database import Connections, chunks, marks
from cvcore.store.facts.grouping import wanted


@dataclass(frozen=True, eq=False)
class FileFacts:
    """The kind of file ("JPEG"), the camera's model and the day it says (2026-05-31), both empty where unknown.

    `numbers` are float32 measures of the pixels, in the order of `imaging.measures`; nan where undefined.
    """

    file_type: str
    camera: str
    day: str
    numbers: Float32s


class Files:
    """What was read of the files, by SHA-256; rows of another version of the measures do not count."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def put(self, version: int, facts: Mapping[str, FileFacts]) -> None:
        """Store what was read of each content, replacing what was there."""
        rows = [
            (
                sha256,
                version,
                each.file_type,
                each.camera,
                each.day,
                each.numbers.astype("<f4").tobytes(),
                *_compared(each),
            )
            for sha256, each in facts.items()
        ]
        with self._db.transaction():
            self._db.connection.executemany("insert or replace into file_facts values (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def get(self, version: int, digests: Sequence[str]) -> dict[str, FileFacts]:
        """What is stored of these contents, by SHA-256."""
        facts: dict[str, FileFacts] = {}
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"""select sha256, file_type, camera, day, numbers from file_facts
                    where version = ? and sha256 in ({marks(part)})""",
                [version, *part],
            )
            facts.update(
                (sha256, FileFacts(file_type, camera, day, np.frombuffer(numbers, "<f4")))
                for sha256, file_type, camera, day, numbers in cursor
            )
        return facts

    def rows(self, version: int, digests: Sequence[str]) -> list[tuple[str, str, str, str, bytes]]:
        """SHA-256, kind of file, camera, day and numbers as bytes of these contents; others can be among them."""
        condition, parameters = wanted(self._db, "sha256", digests)
        return self._db.connection.execute(
            f"select sha256, file_type, camera, day, numbers from file_facts where version = ? and {condition}",
            [version, *parameters],
        ).fetchall()

    def origins(self, digests: Sequence[str]) -> dict[str, tuple[str, str, str]]:
        """The kind of file, the camera and the day stored of these contents, by whatever version, by SHA-256."""
        origins: dict[str, tuple[str, str, str]] = {}
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"select sha256, file_type, camera, day from file_facts where sha256 in ({marks(part)})", part
            )
            origins.update((sha256, (file_type, camera, day)) for sha256, file_type, camera, day in cursor)
        return origins

    def unread(self, version: int) -> dict[str, list[str]]:
        """The SHA-256 of images, which are not erased, of whose files nothing is stored, by their project's id."""
        unread: dict[str, list[str]] = {}
        for project_id, sha256 in self._db.connection.execute(
            """select project_id, sha256 from images where id not in (select image_id from erased_images)
               and not exists (select 1 from file_facts where sha256 = images.sha256 and version = ?)""",
            [version],
        ):
            unread.setdefault(project_id, []).append(sha256)
        return unread

    def missing(self, version: int, digests: Sequence[str]) -> list[str]:
        """The digests of which nothing is stored, in the given order."""
        known: set[str] = set()
        for part in chunks(digests):
            cursor = self._db.connection.execute(
                f"select sha256 from file_facts where version = ? and sha256 in ({marks(part)})", [version, *part]
            )
            known.update(sha256 for (sha256,) in cursor)
        return [sha256 for sha256 in digests if sha256 not in known]

    def delete(self, sha256: str) -> None:
        """Delete what was read of a content."""
        self._db.write("delete from file_facts where sha256 = ?", [sha256])


def _compared(facts: FileFacts) -> tuple[float, float]:
    """How light the image is and how steep its sharpest edge, which searches compare; nan where undefined."""
    # Imported only here: it brings Pillow along, which most commands do without.
    from cvcore.imaging import measures

    if len(facts.numbers) != len(measures.NAMES):
        return math.nan, math.nan
    numbers = dict(zip(measures.NAMES, facts.numbers.astype(np.float64), strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(numbers["brightness"]), float(numbers["edge_1"] / numbers["edge_4"])
