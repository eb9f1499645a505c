"""Rows of datasets' entries: a line for each image's source, for each image without one, and for each refused line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cvcore.records import Image
from cvcore.store.database import Connections, Row, chunks, marks
from cvcore.store.images import image
from cvcore.store.rekognition.arns import Purpose

_IS_TEST = "exists (select 1 from test_images where image_id = images.id)"

_TAG_IDS = """
    (select group_concat(tag_id) from (select tag_id from image_tags where image_id = images.id order by rowid))
"""

# Every image once for each of its sources, or once without; `:prefix` is how the address of one without begins.
_IMAGES = f"""
    from images left join rekognition_sources as sources on sources.image_id = images.id
    where images.project_id = :project and in_workspace = 1 and {_IS_TEST} = (:purpose = 'TEST')
"""
_SOURCE = "coalesce(source, :prefix || sha256 || '/' || images.name)"
# Positions hold no source: it may be longer than a client's token.
_SOURCE_ROW = "coalesce(sources.rowid, 0)"
_REFUSED = "from rekognition_refused_lines where project_id = :project and purpose = :purpose"
_REFUSED_LABELS = """
    select label.value as name from rekognition_refused_lines, json_each(labels) as label
    where project_id = :project and purpose = :purpose
"""
_TAGGED = "exists (select 1 from image_tags where image_id = images.id)"


@dataclass(frozen=True)
class Entry:
    """An entry: the image, its source and the line that it came with, both empty if it came otherwise.

    A refused line has no image, but reasons: each has a code and a message. `position` is where the next entry begins.
    """

    position: tuple[str, ...]
    source: str
    line: str
    image: Image | None = None
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class EntryFilter:
    """Which entries: those with one of these labels, with or without labels or errors, with this text in the source."""

    labels: tuple[str, ...] = ()
    is_labeled: bool | None = None
    has_errors: bool | None = None
    source_contains: str = ""


@dataclass(frozen=True)
class EntryStats:
    """How many entries a dataset has, how many of them with labels and with errors, and how many labels."""

    total: int
    labeled: int
    errors: int
    labels: int


class Entries:
    """The entries of all datasets; images added, tagged or deleted elsewhere change them.

    prefix: what comes before `SHA256/NAME` in the address of an image that came without a source.
    """

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def image_id(self, project_id: str, source: str) -> str | None:
        """The id of the workspace image that came with that source, or None."""
        found = self._db.value(
            """select image_id from rekognition_sources join images on images.id = image_id
               where rekognition_sources.project_id = ? and source = ? and in_workspace = 1""",
            [project_id, source],
        )
        return None if found is None else str(found)

    def image_of(self, project_id: str, sha256: str) -> str | None:
        """The id of the workspace image with that content, or None."""
        found = self._db.value(
            "select id from images where project_id = ? and sha256 = ? and in_workspace = 1", [project_id, sha256]
        )
        return None if found is None else str(found)

    def signatures(self, image_ids: Sequence[str]) -> dict[str, bytes]:
        """The signature of each image, by which near duplicates are found, by the image's id."""
        signatures: dict[str, bytes] = {}
        for part in chunks(image_ids):
            for row in self._db.rows(f"select id, signature from images where id in ({marks(part)})", part):
                signatures[row["id"]] = row["signature"]
        return signatures

    def put_source(self, project_id: str, source: str, image_id: str, line: str) -> None:
        """Store the source of an image and the line that named it; the source names no other image any more."""
        self._db.write(
            "insert or replace into rekognition_sources values (?, ?, ?, ?)", [project_id, source, image_id, line]
        )

    def sources(self, image_ids: Sequence[str]) -> dict[str, str]:
        """The source that each image came with first; images without one are left out."""
        sources: dict[str, str] = {}
        for part in chunks(image_ids):
            query = f"select image_id, source from rekognition_sources where image_id in ({marks(part)}) order by rowid"
            for row in self._db.rows(query, part):
                sources.setdefault(row["image_id"], row["source"])
        return sources

    def forget_sources(self, image_id: str) -> None:
        """Delete the sources of an image that was in the workspace before, and comes anew."""
        self._db.write("delete from rekognition_sources where image_id = ?", [image_id])

    def refuse(
        self,
        project_id: str,
        purpose: Purpose,
        line: str,
        *,
        source: str,
        labels: Sequence[str],
        errors: Sequence[tuple[str, str]],
    ) -> None:
        """Store a line that gave no image, with codes and messages; replaces one of the same source, if it has one."""
        with self._db.transaction():
            self.forget_refused(project_id, purpose, source)
            row: Row = {"project_id": project_id, "purpose": purpose, "source": source, "line": line}
            row |= {"labels": json.dumps(list(labels)), "errors": json.dumps(list(errors))}
            self._db.insert("rekognition_refused_lines", row)

    def forget_refused(self, project_id: str, purpose: Purpose, source: str) -> None:
        """Delete the refused line of a source, which has an image now or is refused for another reason."""
        if source:
            self._db.write(
                "delete from rekognition_refused_lines where project_id = ? and purpose = ? and source = ?",
                [project_id, purpose, source],
            )

    def page(
        self,
        project_id: str,
        purpose: Purpose,
        *,
        prefix: str,
        matching: EntryFilter = EntryFilter(),
        after: tuple[str, ...] = (),
        take: int,
    ) -> list[Entry]:
        """Entries after that position: images from the oldest to the newest, then refused lines."""
        scope: Row = {"project": project_id, "purpose": purpose, "prefix": prefix, "take": take}
        entries: list[Entry] = []
        if matching.has_errors is not True and len(after) in (0, 3):
            entries = self._images(scope, matching, after)
        if matching.has_errors is not False and len(entries) < take:
            scope["take"] = take - len(entries)
            entries += self._refused(scope, matching, after if len(after) == 1 else ())
        return entries

    def stats(self, project_id: str, purpose: Purpose) -> EntryStats:
        """Counts of a dataset's entries and labels, of refused lines too."""
        scope = {"project": project_id, "purpose": purpose}
        images = (
            self._db.row(f"select count(*) as total, coalesce(sum({_TAGGED}), 0) as labeled {_IMAGES}", scope) or {}
        )
        labeled = "coalesce(sum(labels <> '[]'), 0) as labeled"
        refused = self._db.row(f"select count(*) as total, {labeled} {_REFUSED}", scope) or {}
        # Counting the images of each label takes several times as long as finding one.
        labels = self._db.value(
            f"""select count(*) from (
                    select name from tags where project_id = :project and exists (
                        select 1 from image_tags join images on images.id = image_id
                        where tag_id = tags.id and in_workspace = 1 and {_IS_TEST} = (:purpose = 'TEST'))
                    union {_REFUSED_LABELS})""",
            scope,
        )
        return EntryStats(
            images["total"] + refused["total"], images["labeled"] + refused["labeled"], refused["total"], labels
        )

    def label_counts(self, project_id: str, purpose: Purpose) -> dict[str, int]:
        """How many entries have each label, by the label's name, in its order."""
        rows = self._db.rows(
            f"""select name, count(*) as number from (
                    select tags.name from image_tags join tags on tags.id = tag_id
                    join (select images.id {_IMAGES}) as entries on entries.id = image_tags.image_id
                    union all
                    {_REFUSED_LABELS}
                ) group by name order by name""",
            {"project": project_id, "purpose": purpose},
        )
        return {row["name"]: row["number"] for row in rows}

    def _images(self, scope: Row, matching: EntryFilter, after: tuple[str, ...]) -> list[Entry]:
        conditions: list[str] = []
        if matching.labels:
            named = f"select 1 from tags where tags.id = tag_id and name in ({_names(matching.labels)})"
            conditions.append(f"exists (select 1 from image_tags where image_id = images.id and exists ({named}))")
        if matching.is_labeled is not None:
            conditions.append(f"{_TAGGED} = {int(matching.is_labeled)}")
        if matching.source_contains:
            conditions.append(f"instr({_SOURCE}, :contains) > 0")
        if after:
            conditions.append(f"(created_at, images.id, {_SOURCE_ROW}) > (:after0, :after1, cast(:after2 as integer))")
        rows = self._db.rows(
            f"""select images.*, {_TAG_IDS} as tag_ids, {_IS_TEST} as is_test, source, line,
                    {_SOURCE_ROW} as source_row
                {_IMAGES} {_joined(conditions)}
                order by created_at, images.id, source_row limit :take""",
            {**scope, **_values(matching, after)},
        )
        return [
            Entry(
                (row["created_at"], row["id"], str(row["source_row"])),
                row["source"] or "",
                row["line"] or "",
                image(row),
            )
            for row in rows
        ]

    def _refused(self, scope: Row, matching: EntryFilter, after: tuple[str, ...]) -> list[Entry]:
        conditions: list[str] = []
        if matching.labels:
            conditions.append(f"exists (select 1 from json_each(labels) where value in ({_names(matching.labels)}))")
        if matching.is_labeled is not None:
            conditions.append(f"(labels <> '[]') = {int(matching.is_labeled)}")
        if matching.source_contains:
            conditions.append("instr(source, :contains) > 0")
        if after:
            conditions.append("id > cast(:after0 as integer)")
        rows = self._db.rows(
            f"select id, source, line, errors {_REFUSED} {_joined(conditions)} order by id limit :take",
            {**scope, **_values(matching, after)},
        )
        return [
            Entry(
                (str(row["id"]),),
                row["source"],
                row["line"],
                errors=tuple((c, m) for c, m in json.loads(row["errors"])),
            )
            for row in rows
        ]


def _names(labels: Sequence[str]) -> str:
    return ", ".join(f":label{number}" for number in range(len(labels)))


def _values(matching: EntryFilter, after: tuple[str, ...]) -> Row:
    labels = {f"label{number}": label for number, label in enumerate(matching.labels)}
    positions = {f"after{number}": value for number, value in enumerate(after)}
    return {**labels, **positions, "contains": matching.source_contains}


def _joined(conditions: Sequence[str]) -> str:
    return "".join(f" and {condition}" for condition in conditions)
