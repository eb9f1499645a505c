"""Rows of classes, and of the teacher's password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cvcore.errors import NotFound
from cvcore.languages import t
from cvcore.store.database import Connections, Row, new_id, now, unique_name


@dataclass(frozen=True)
class Limits:
    """What each pupil of a class may store: images, and megabytes of image files."""

    images: int = 5000
    megabytes: int = 2000


@dataclass(frozen=True)
class SchoolClass:
    """A class: pupils join it by its code; it is deleted after the day `ends_on`, or never by itself.

    Pupils' iterations are tested on the images of the project `test_project_id`; None is no test.
    """

    id: str
    name: str
    code: str
    limits: Limits
    ends_on: date | None
    is_locked: bool
    is_board_shown: bool
    opened_at: datetime
    test_project_id: str | None = None


_SELECT = """
    select classes.*, (select project_id from class_test_sets where class_id = classes.id) as test_project_id
    from classes
"""


class Classes:
    """All classes of the home folder, and the teacher's password, of which only a hash is stored."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, name: str, code: str, *, limits: Limits, ends_on: date | None) -> SchoolClass:
        """Add a class.

        Raises:
            NameTaken: another class has that name or that code.
        """
        row = {
            "id": new_id(),
            "name": name,
            "code": code,
            "most_images": limits.images,
            "most_megabytes": limits.megabytes,
            "ends_on": ends_on.isoformat() if ends_on else None,
            "opened_at": now(),
        }
        with self._db.transaction(), unique_name("class", name):
            self._db.insert("classes", row)
        return self.get(str(row["id"]))

    def get(self, class_id: str) -> SchoolClass:
        """The class with that id.

        Raises:
            NotFound: there is no such class.
        """
        row = self._db.row(f"{_SELECT} where id = ?", [class_id])
        if row is None:
            raise NotFound(t("there is no class {class_id!r}: it may have been deleted", class_id=class_id[:80]))
        return _class(row)

    def with_code(self, code: str) -> SchoolClass | None:
        """The class with that code, or None."""
        row = self._db.row(f"{_SELECT} where code = ?", [code])
        return _class(row) if row else None

    def all(self) -> list[SchoolClass]:
        """All classes, the newest first."""
        return [_class(row) for row in self._db.rows(f"{_SELECT} order by opened_at desc, id")]

    def is_any(self) -> bool:
        """Whether there is a class, so that strangers must join or sign in."""
        return bool(self._db.value("select exists (select 1 from classes)"))

    def update(self, changed: SchoolClass) -> None:
        """Store a class's changed name, code, limits, end, lock and board.

        Raises:
            NameTaken: another class has that name or that code.
        """
        ends_on = changed.ends_on.isoformat() if changed.ends_on else None
        with self._db.transaction(), unique_name("class", changed.name):
            self._db.write(
                """update classes set name = ?, code = ?, most_images = ?, most_megabytes = ?, ends_on = ?,
                   is_locked = ?, is_board_shown = ? where id = ?""",
                [
                    *(changed.name, changed.code, changed.limits.images, changed.limits.megabytes, ends_on),
                    *(int(changed.is_locked), int(changed.is_board_shown), changed.id),
                ],
            )
            self._db.write("delete from class_test_sets where class_id = ?", [changed.id])
            # None if the project was deleted meanwhile.
            self._db.write(
                "insert into class_test_sets select ?, id from projects where id = ?",
                [changed.id, changed.test_project_id],
            )

    def delete(self, class_id: str) -> None:
        """Delete a class and its pupils' rows."""
        self._db.write("delete from classes where id = ?", [class_id])

    def password(self) -> tuple[str, int] | None:
        """The hash of the teacher's password and how often it was set, or None if there is none."""
        row = self._db.row("select hash, version from teacher_password where hash != ''")
        return (row["hash"], row["version"]) if row else None

    def set_password(self, hashed: str) -> int:
        """Store the hash of the teacher's password; returns how often it was set, which ends older sessions."""
        with self._db.transaction():
            version = 1 + int(self._db.value("select coalesce(max(version), 0) from teacher_password"))
            self._db.write("delete from teacher_password")
            self._db.insert("teacher_password", {"hash": hashed, "version": version})
        return version

    def remove_password(self) -> bool:
        """Remove the teacher's password if there is no class; returns whether. How often it was set stays known."""
        with self._db.transaction():
            if is_unused := not self.is_any():
                self._db.write("update teacher_password set hash = ''")
        return is_unused


def _class(row: Row) -> SchoolClass:
    return SchoolClass(
        id=row["id"],
        name=row["name"],
        code=row["code"],
        limits=Limits(row["most_images"], row["most_megabytes"]),
        ends_on=date.fromisoformat(row["ends_on"]) if row["ends_on"] else None,
        is_locked=bool(row["is_locked"]),
        is_board_shown=bool(row["is_board_shown"]),
        opened_at=datetime.fromisoformat(row["opened_at"]),
        test_project_id=row["test_project_id"],
    )
