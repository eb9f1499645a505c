"""Pupils come in by code and nickname, the teacher by the password, and nobody by anything else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from itsdangerous import URLSafeSerializer

from cvcore import classroom, projects
from cvcore.classroom import TEACHER, members, secrets
from cvcore.errors import Conflict, HomeUnusable, InvalidInput, NameRefused, NameTaken, NotFound
from cvcore.store import ClassLimits, SchoolClass, Store

PASSWORD = "chalk and sponge"


@pytest.fixture
def school_class(store: Store) -> SchoolClass:
    """A class, and the teacher's password."""
    classroom.set_password(store, PASSWORD)
    return classroom.open_class(store, "4b")


def test_without_a_class_everybody_is_the_teacher(store: Store) -> None:
    """As before there were classes: no cookie is needed, and none is looked at."""
    assert TEACHER == classroom.viewer(store, "")
    assert not (store.home / "class.key").exists()


def test_a_class_needs_a_password_first(store: Store) -> None:
    """Else nobody could come in again."""
    with pytest.raises(Conflict, match="needs the teacher's password, it is not set"):
        classroom.open_class(store, "4b")
    with pytest.raises(InvalidInput, match="at least 8 letters, this one has 5"):
        classroom.set_password(store, "chalk")


def test_a_class_is_stored_as_it_was_opened(store: Store, school_class: SchoolClass) -> None:
    """Name, code, limits and end come back; a second class has another code, and needs another name."""
    again = classroom.open_class(store, "4c", limits=ClassLimits(10, 5), ends_on=date(2026, 12, 1))
    assert [again, school_class] == store.classes.all()
    assert (ClassLimits(10, 5), date(2026, 12, 1)) == (again.limits, again.ends_on)
    assert 6 == len(again.code)
    assert set(again.code) <= set(secrets.ALPHABET)
    assert again.code != school_class.code
    with pytest.raises(NameTaken):
        classroom.open_class(store, " 4b ")
    with pytest.raises(NotFound, match="there is no class"):
        store.classes.get("none")


def test_the_teacher_signs_in(store: Store, school_class: SchoolClass) -> None:
    """By the password; not by another one, nor by a cookie from before the password was changed."""
    cookie = classroom.sign_in(store, PASSWORD)
    assert TEACHER == classroom.viewer(store, cookie)
    with pytest.raises(InvalidInput, match="the password is wrong"):
        classroom.sign_in(store, PASSWORD + "x")
    newer = classroom.set_password(store, "another password")
    assert classroom.viewer(store, cookie) is None
    assert TEACHER == classroom.viewer(store, newer)
    assert PASSWORD not in (store.home / "tagwise.db").read_bytes().decode("latin-1")


def test_a_pupil_joins(store: Store, school_class: SchoolClass) -> None:
    """With the code, however it is typed; the pupil has a home folder of their own, in which there is nothing."""
    pupil, cookie = classroom.join(store, f" {school_class.code[:3]}-{school_class.code[3:].lower()}", " Anna ")
    assert "Anna" == pupil.nickname
    assert pupil == classroom.viewer(store, cookie)
    projects.create(store, "Flowers")
    own = classroom.store_of(store, pupil)
    assert [] == own.projects.all()
    assert own.home.is_relative_to(store.home / "classes" / school_class.id)
    assert 0o700 == own.home.stat().st_mode & 0o777


@pytest.mark.parametrize("cookie", ["", "nonsense", "eyJ0ZWFjaGVyIjoxfQ.x"])
def test_a_stranger_is_nobody(store: Store, school_class: SchoolClass, cookie: str) -> None:
    """Without a cookie that was signed here."""
    assert classroom.viewer(store, cookie) is None


@pytest.mark.parametrize("content", [{}, {"pupil": "x"}, {"pupil": None}, {"teacher": None}, {"teacher": 7}])
def test_a_cookie_of_nobody_is_nobody(store: Store, school_class: SchoolClass, content: dict[str, object]) -> None:
    """A pupil who was deleted, a password that was changed."""
    assert classroom.viewer(store, secrets.signed(store.home, content)) is None


def test_another_home_s_cookie_is_nobody(store: Store, school_class: SchoolClass) -> None:
    """Each home folder signs with a key of its own, which is its owner's alone."""
    other = Store(store.home.parent / "other")
    classroom.set_password(other, PASSWORD)
    classroom.open_class(other, "4b")
    assert classroom.viewer(store, classroom.sign_in(other, PASSWORD)) is None
    classroom.viewer(store, "x")
    assert 0o600 == (store.home / "class.key").stat().st_mode & 0o777


def test_a_wrong_code_is_told(store: Store, school_class: SchoolClass) -> None:
    """So is a nickname that somebody has, in whatever case, or that is none."""
    with pytest.raises(InvalidInput, match="the class code must be the one on the teacher's screen"):
        classroom.join(store, "AAAAAA", "Anna")
    classroom.join(store, school_class.code, "Anna")
    with pytest.raises(Conflict, match="'ANNA' is in this class already"):
        classroom.join(store, school_class.code, "ANNA")
    with pytest.raises(NameRefused):
        classroom.join(store, school_class.code, "\u202e")


def test_a_full_or_locked_class_takes_nobody(store: Store, school_class: SchoolClass) -> None:
    """A device that joins again and again cannot fill the disk, also not if the teacher removes them."""
    for number in range(members.PUPILS_MOST):
        store.pupils.add(school_class.id, f"{number}", "x")
    with pytest.raises(Conflict, match="at most 100 pupils"):
        classroom.join(store, school_class.code, "Anna")
    for pupil in store.pupils.all():
        store.pupils.remove(pupil.id)
    for number in range(members.PUPILS_MOST, 3 * members.PUPILS_MOST):
        store.pupils.remove(store.pupils.add(school_class.id, f"{number}", "x").id)
    with pytest.raises(Conflict, match="at most 100 pupils"):
        classroom.join(store, school_class.code, "Anna")
    store.classes.update(SchoolClass(**{**vars(school_class), "is_locked": True}))
    with pytest.raises(Conflict, match="it is locked: ask the teacher"):
        classroom.join(store, school_class.code, "Anna")


def test_a_lost_pupil_comes_back(store: Store, school_class: SchoolClass) -> None:
    """With six digits from the teacher, once; the browser from before is out from then on."""
    pupil, before = classroom.join(store, school_class.code, "Anna")
    digits = classroom.offer_return(store, pupil)
    assert classroom.viewer(store, before) is not None
    back, cookie = classroom.come_back(store, school_class.code, f"{digits[:3]} {digits[3:]}")
    assert (pupil.id, pupil.nickname) == (back.id, back.nickname)
    assert classroom.viewer(store, before) is None
    assert back == classroom.viewer(store, cookie)
    with pytest.raises(InvalidInput, match="must be the teacher's, used once and within 15 minutes"):
        classroom.come_back(store, school_class.code, digits)


def test_a_late_code_does_not_count(store: Store, school_class: SchoolClass) -> None:
    """Nor does a code of another class."""
    pupil, _ = classroom.join(store, school_class.code, "Anna")
    store.pupils.offer_return(pupil.id, "123456", datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(InvalidInput):
        classroom.come_back(store, school_class.code, "123456")
    other = classroom.open_class(store, "4c")
    with pytest.raises(InvalidInput):
        classroom.come_back(store, other.code, classroom.offer_return(store, pupil))


def test_when_a_pupil_was_seen_is_kept(store: Store, school_class: SchoolClass) -> None:
    """At most every 20 seconds, so that thirty pupils do not write all the time."""
    pupil, cookie = classroom.join(store, school_class.code, "Anna")
    classroom.viewer(store, cookie)
    assert pupil.seen_at == store.pupils.get(pupil.id).seen_at
    store._connections.write("update pupils set seen_at = ?", [(datetime.now(UTC) - timedelta(minutes=1)).isoformat()])
    classroom.viewer(store, cookie)
    seen_at = store.pupils.get(pupil.id).seen_at
    assert seen_at is not None
    assert datetime.now(UTC) - seen_at < timedelta(seconds=20)


def test_locked_and_deleted_pupils(store: Store, school_class: SchoolClass) -> None:
    """A lock is kept; a deleted pupil is nobody, and the nickname is free again; with the class, all pupils go."""
    pupil, cookie = classroom.join(store, school_class.code, "Anna")
    store.pupils.set_locked(pupil.id, True)
    assert store.pupils.get(pupil.id).is_locked
    store.pupils.delete(pupil.id)
    assert classroom.viewer(store, cookie) is None
    classroom.join(store, school_class.code, "Anna")
    store.classes.delete(school_class.id)
    assert [] == store.pupils.all()


def test_a_ticket_lasts_a_minute(store: Store, school_class: SchoolClass) -> None:
    """It gives the teacher's browser its cookie; it is no cookie itself, and an old one is refused."""
    given = classroom.ticket(store)
    assert classroom.viewer(store, given) is None
    assert TEACHER == classroom.viewer(store, classroom.take_ticket(store, given))
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    for text in ("nonsense", secrets.signed(store.home, {"for": 1, "until": past}), classroom.sign_in(store, PASSWORD)):
        with pytest.raises(InvalidInput, match="this link is too old"):
            classroom.take_ticket(store, text)
    with pytest.raises(Conflict, match="must be set first"):
        classroom.ticket(Store(store.home.parent / "other"))


@pytest.mark.parametrize("data", [b"", b"short"])
def test_a_key_that_was_cut_short_signs_nothing(store: Store, data: bytes) -> None:
    """Anybody could sign with an empty one: nobody is known any more, and who comes in is told why not."""
    cookie = classroom.set_password(store, PASSWORD)
    forged = str(URLSafeSerializer(data, salt="tagwise-class").dumps({"teacher": 1}))
    (store.home / "class.key").write_bytes(data)
    assert [None, None] == [classroom.viewer(store, each) for each in (cookie, forged)]
    with pytest.raises(HomeUnusable, match=rf"class.key must hold a key of 32 bytes, it has {len(data)}"):
        classroom.sign_in(store, PASSWORD)


@pytest.mark.parametrize("nickname", ["ana", "ANA", "Ａｎａ", "A\u200bna"])
def test_nicknames_that_look_alike(store: Store, nickname: str) -> None:
    """Nobody poses as another by letters of another case or width, or ones that are not seen."""
    classroom.set_password(store, PASSWORD)
    code = classroom.open_class(store, "4b").code
    classroom.join(store, code, "Ana")
    with pytest.raises(Conflict, match="is in this class already"):
        classroom.join(store, code, nickname)
