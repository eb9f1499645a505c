"""Rows of the pupils of classes: a nickname each, and the ticket that their browser holds."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from cvcore.errors import NotFound
from cvcore.languages import t
from cvcore.store.database import Connections, Row, moment, new_id, now, unique_name


@dataclass(frozen=True)
class Pupil:
    """A pupil of a class; `ticket` is in the cookie of the browser that may be them, and changes when it is given back.

    A locked pupil sees their work and changes nothing.
    """

    id: str
    class_id: str
    nickname: str
    ticket: str
    is_locked: bool
    joined_at: datetime
    seen_at: datetime | None


# Those who were removed are found by `removed` and `with_removed` alone.
_SELECT = "select * from pupils where id not in (select pupil_id from removed_pupils)"


class Pupils:
    """The pupils of all classes; nicknames are unique in a class by what they look like.

    A pupil who was removed has no browser and is in no list, but their row and home folder stay, to bring them back.
    """

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, class_id: str, nickname: str, ticket: str) -> Pupil:
        """Add a pupil.

        Raises:
            NameTaken: another pupil of the class has that nickname.
        """
        row = {
            "id": new_id(),
            "class_id": class_id,
            "nickname": nickname,
            "folded": _folded(nickname),
            "ticket": ticket,
            "joined_at": now(),
            "seen_at": now(),
        }
        with self._db.transaction(), unique_name("pupil", nickname):
            self._db.insert("pupils", row)
        return self.get(str(row["id"]))

    def get(self, pupil_id: str) -> Pupil:
        """The pupil with that id.

        Raises:
            NotFound: there is no such pupil.
        """
        row = self._db.row(f"{_SELECT} and id = ?", [pupil_id])
        if row is None:
            raise NotFound(
                t("there is no pupil {pupil_id!r}: they or the class may have been removed", pupil_id=pupil_id[:80])
            )
        return _pupil(row)

    def of_class(self, class_id: str) -> list[Pupil]:
        """A class's pupils, by nickname."""
        return [_pupil(row) for row in self._db.rows(f"{_SELECT} and class_id = ? order by folded", [class_id])]

    def all(self) -> list[Pupil]:
        """The pupils of all classes, in the order in which they joined."""
        return [_pupil(row) for row in self._db.rows(f"{_SELECT} order by joined_at, id")]

    def with_removed(self) -> list[Pupil]:
        """The pupils of all classes, also those who were removed."""
        return [_pupil(row) for row in self._db.rows("select * from pupils order by joined_at, id")]

    def removed(self, class_id: str) -> list[Pupil]:
        """A class's pupils who were removed, by nickname."""
        rows = self._db.rows(
            "select * from pupils where class_id = ? and id in (select pupil_id from removed_pupils) order by nickname",
            [class_id],
        )
        return [_pupil(row) for row in rows]

    def remove(self, pupil_id: str) -> None:
        """Remove a pupil; their nickname is free for others."""
        with self._db.transaction():
            self._db.write("update pupils set folded = 'removed ' || id, return_code = null where id = ?", [pupil_id])
            self._db.write("insert or ignore into removed_pupils values (?, ?)", [pupil_id, now()])

    def bring_back(self, pupil: Pupil) -> None:
        """Bring a removed pupil back.

        Raises:
            NameTaken: another pupil has their nickname now.
        """
        with self._db.transaction():
            self.rename(pupil.id, pupil.nickname)
            self._db.write("delete from removed_pupils where pupil_id = ?", [pupil.id])

    def rename(self, pupil_id: str, nickname: str) -> None:
        """Give a pupil another nickname.

        Raises:
            NameTaken: another pupil of the class has that nickname.
        """
        with self._db.transaction(), unique_name("pupil", nickname):
            self._db.write(
                "update pupils set nickname = ?, folded = ? where id = ?", [nickname, _folded(nickname), pupil_id]
            )

    def seen(self, pupil_id: str) -> None:
        """Set the time at which a pupil was last there to now."""
        self._db.write("update pupils set seen_at = ? where id = ?", [now(), pupil_id])

    def set_locked(self, pupil_id: str, is_locked: bool) -> None:
        """Lock a pupil's work, or unlock it."""
        self._db.write("update pupils set is_locked = ? where id = ?", [int(is_locked), pupil_id])

    def offer_return(self, pupil_id: str, code: str, until: datetime) -> None:
        """Let the browser in that gives this code until then."""
        self._db.write(
            "update pupils set return_code = ?, return_until = ? where id = ?", [code, until.isoformat(), pupil_id]
        )

    def take_return(self, class_id: str, code: str, ticket: str) -> Pupil | None:
        """Give the pupil whose code this is a new ticket; the code is used up. None if there is none, or it is late."""
        with self._db.transaction():
            row = self._db.row(
                """update pupils set ticket = ?, return_code = null, return_until = null, seen_at = ?
                   where class_id = ? and return_code = ? and return_until > ? returning *""",
                [ticket, now(), class_id, code, now()],
            )
        return _pupil(row) if row else None

    def delete(self, pupil_id: str) -> None:
        """Delete a pupil's row."""
        self._db.write("delete from pupils where id = ?", [pupil_id])


def _folded(nickname: str) -> str:
    """A nickname as it is compared: whatever its case, how wide its letters are, and which of them nobody sees.

    >>> _folded("Ana") == _folded("ANA") == _folded("Ａ\u200bna")
    True
    """
    letters = unicodedata.normalize("NFKC", nickname).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")


def _pupil(row: Row) -> Pupil:
    return Pupil(
        id=row["id"],
        class_id=row["class_id"],
        nickname=row["nickname"],
        ticket=row["ticket"],
        is_locked=bool(row["is_locked"]),
        joined_at=datetime.fromisoformat(row["joined_at"]),
        seen_at=moment(row["seen_at"]),
    )
