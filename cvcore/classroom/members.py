"""Who somebody is: the teacher, a pupil, or a stranger; how they come in, and how a lost pupil comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cvcore import names
from cvcore.classroom import homes, secrets
from cvcore.errors import Conflict, InvalidInput, NameTaken, NotFound
from cvcore.languages import t
from cvcore.store import ClassLimits, Pupil, SchoolClass, Store

# The cookie that says who a browser is.
COOKIE = "tagwise-class"
CLASS_LETTERS, NICKNAME_LETTERS = 64, 32
PUPILS_MOST = 100
RETURN_MINUTES = 15
TICKET_S = 60
SEEN_EVERY = timedelta(seconds=20)


@dataclass(frozen=True)
class Teacher:
    """The teacher, who sees everything."""


TEACHER = Teacher()

# None is a stranger, who sees nothing but the way to join.
Viewer = Teacher | Pupil | None


def set_password(store: Store, password: str) -> str:
    """Set the teacher's password; returns the cookie of the browser that may be the teacher; others must sign in again.

    Raises:
        InvalidInput: it is shorter than 8 letters.
    """
    return _teacher_cookie(store, store.classes.set_password(secrets.hashed(password)))


def change_password(store: Store, password: str, new: str) -> str:
    """Change the teacher's password; returns what `set_password` does.

    Raises:
        InvalidInput: the present password is wrong, or the new one is too short.
    """
    sign_in(store, password)
    return set_password(store, new)


def remove_password(store: Store, password: str) -> None:
    """Remove the teacher's password, so that everybody is the teacher.

    Raises:
        InvalidInput: it is not the teacher's password.
        Conflict: there is a class.
    """
    sign_in(store, password)
    if not store.classes.remove_password():
        raise Conflict(t("a class needs the teacher's password, there is one: delete the class first"))


def sign_in(store: Store, password: str) -> str:
    """The cookie for a browser that gives the teacher's password.

    Raises:
        InvalidInput: it is not the teacher's password.
    """
    known = store.classes.password()
    if known is None or not secrets.is_password(password, known[0]):
        raise InvalidInput(t("the password is wrong: try again"))
    return _teacher_cookie(store, known[1])


def ticket(store: Store) -> str:
    """A text by which the teacher's own browser gets its cookie, `TICKET_S` long: pages cannot set one themselves.

    Raises:
        Conflict: there is no teacher's password.
    """
    known = store.classes.password()
    if known is None:
        raise Conflict(t("the teacher's password must be set first, it is not: set it"))
    until = (datetime.now(UTC) + timedelta(seconds=TICKET_S)).isoformat()
    return secrets.signed(store.home, {"for": known[1], "until": until})


def take_ticket(store: Store, text: str) -> str:
    """The teacher's cookie for a ticket.

    Raises:
        InvalidInput: it is none, or too old.
    """
    content, known = secrets.content_of(store.home, text), store.classes.password()
    until = content.get("until", "")
    if not (known and content.get("for") == known[1] and until > datetime.now(UTC).isoformat()):
        raise InvalidInput(t("this link is too old: sign in with the teacher's password"))
    return _teacher_cookie(store, known[1])


def open_class(
    store: Store, name: str, *, limits: ClassLimits | None = None, ends_on: date | None = None
) -> SchoolClass:
    """Open a class with a new code; from now on strangers must join it, or sign in.

    Raises:
        Conflict: there is no teacher's password yet, so nobody could come in again.
        NameRefused, NameTaken: the name breaks its rule, or another class has it.
    """
    if store.classes.password() is None:
        raise Conflict(t("a class needs the teacher's password, it is not set: set it first"))
    name = names.clean("class", name, letters=CLASS_LETTERS)
    return store.classes.add(name, secrets.new_code(), limits=limits or ClassLimits(), ends_on=ends_on)


def join(store: Store, code: str, nickname: str) -> tuple[Pupil, str]:
    """Let a new pupil into the class with this code; returns them and their browser's cookie.

    Raises:
        InvalidInput: no class has this code.
        Conflict: the class is locked or full, or somebody has that nickname.
        NameRefused: the nickname breaks its rule.
    """
    school_class = _class_with(store, code)
    if school_class.is_locked:
        raise Conflict(t("the class must be open to join it, it is locked: ask the teacher"))
    present, removed = (len(each(school_class.id)) for each in (store.pupils.of_class, store.pupils.removed))
    if present >= PUPILS_MOST or present + removed >= 3 * PUPILS_MOST:
        raise Conflict(t("a class has at most {most} pupils, this one has them: ask the teacher", most=PUPILS_MOST))
    nickname = names.clean("pupil", nickname, letters=NICKNAME_LETTERS)
    try:
        pupil = store.pupils.add(school_class.id, nickname, secrets.new_ticket())
    except NameTaken:
        raise Conflict(
            t(
                "{nickname!r} is in this class already: choose another nickname or, if it is you, ask the teacher for "
                "a code to come back",
                nickname=nickname,
            )
        ) from None
    homes.store_of(store, pupil)
    return pupil, _pupil_cookie(store, pupil)


def offer_return(store: Store, pupil: Pupil) -> str:
    """A code of six digits by which a pupil's new browser comes in, once and within 15 minutes.

    It replaces the pupil's older codes. The browser that the pupil had stays in until the code is used.
    """
    code = secrets.new_return_code()
    store.pupils.offer_return(pupil.id, code, datetime.now(UTC) + timedelta(minutes=RETURN_MINUTES))
    return code


def come_back(store: Store, code: str, return_code: str) -> tuple[Pupil, str]:
    """Let a pupil in again who has a code from the teacher; returns them and their browser's cookie.

    Raises:
        InvalidInput: no class has the first code, or no pupil of it the second, or it was used, or is too old.
    """
    school_class = _class_with(store, code)
    digits = "".join(return_code.split())[:64]
    pupil = store.pupils.take_return(school_class.id, digits, secrets.new_ticket())
    if pupil is None:
        raise InvalidInput(
            t(
                "the code to come back must be the teacher's, used once and within {minutes} minutes, this one is not: "
                "ask for a new one",
                minutes=RETURN_MINUTES,
            )
        )
    return pupil, _pupil_cookie(store, pupil)


def rename(store: Store, pupil: Pupil, nickname: str) -> Pupil:
    """Give a pupil another nickname; images that were collected from them before keep the name of then.

    Raises:
        NameRefused, NameTaken: the nickname breaks its rule, or another pupil of the class has it.
    """
    store.pupils.rename(pupil.id, names.clean("pupil", nickname, letters=NICKNAME_LETTERS))
    return store.pupils.get(pupil.id)


def viewer(store: Store, cookie: str) -> Viewer:
    """Whose browser it is that has this cookie; everybody is the teacher where there is no password and no class.

    The password holds after the last class, whose pupils' browsers would see the teacher's projects else.
    """
    known = store.classes.password()
    if known is None and not store.classes.is_any():
        return TEACHER
    content = secrets.content_of(store.home, cookie) if cookie else {}
    if "teacher" in content:
        return TEACHER if known and content["teacher"] == known[1] else None
    try:
        pupil = store.pupils.get(str(content.get("pupil", "")))
    except NotFound:
        return None
    if pupil.ticket != content.get("ticket"):
        return None
    if pupil.seen_at is None or datetime.now(UTC) - pupil.seen_at > SEEN_EVERY:
        store.pupils.seen(pupil.id)
    return pupil


def _class_with(store: Store, code: str) -> SchoolClass:
    found = store.classes.with_code(secrets.typed_code(code))
    if found is None:
        raise InvalidInput(t("the class code must be the one on the teacher's screen, this one is not: type it again"))
    return found


def _teacher_cookie(store: Store, version: int) -> str:
    return secrets.signed(store.home, {"teacher": version})


def _pupil_cookie(store: Store, pupil: Pupil) -> str:
    return secrets.signed(store.home, {"pupil": pupil.id, "ticket": pupil.ticket})
