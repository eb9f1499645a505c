"""The time by which what is old is deleted for good: one that the clock showed a day ago, and that has passed since.

A clock that is set forward, as on a machine with an empty battery, makes old what is young: the trash, predictions, a
class. So nothing is deleted by what the clock shows now, whether the app ran at the jump or not. Whoever sees within a
day that the clock is wrong, and sets it right, loses nothing.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cvcore.errors import TagwiseError
from cvcore.files import blobs

FILE = "clock.txt"
TRIED = timedelta(days=1)
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Seen:
    """What the clock showed: a time that has proved right, and one that is on trial for a day."""

    steady: datetime
    on_trial: datetime


def look(home: Path, now: datetime | None = None) -> datetime:
    """The steady time of a home folder, which remembers what its clock shows; to be called now and then.

    It is up to two days behind a clock that runs on, also while the app does not. A home folder that remembers nothing
    believes what the clock shows; one whose memory is damaged believes the year 1970, by which nothing is old.
    """
    now = now or datetime.now(UTC)
    try:
        kept: Seen | None = _kept(home / FILE)
    except FileNotFoundError:
        kept = None
    seen = after(kept, now) if kept else Seen(now, now)
    if seen != kept:
        # Where the disk is full, what is deleted makes room.
        with contextlib.suppress(TagwiseError, OSError):
            blobs.write(home / FILE, f"{seen.steady.isoformat()} {seen.on_trial.isoformat()}\n".encode())
    return seen.steady


def after(seen: Seen, now: datetime) -> Seen:
    """What is known of the clock once it shows `now`.

    >>> first, second, third = (datetime(2026, 12, day, tzinfo=UTC) for day in (1, 2, 3))
    >>> after(Seen(first, second), third) == Seen(second, third)
    True
    >>> after(Seen(first, third), second) == Seen(first, second)  # it was set back
    True
    """
    if now < seen.on_trial:
        return Seen(min(seen.steady, now), now)
    return Seen(seen.on_trial, now) if now - seen.on_trial >= TRIED else seen


def _kept(path: Path) -> Seen:
    """What the home folder remembers; the year 1970 if it cannot be read.

    Raises:
        FileNotFoundError: it remembers nothing yet.
    """
    try:
        steady, on_trial = map(datetime.fromisoformat, path.read_text("utf-8").split())
        return Seen(steady.astimezone(UTC), on_trial.astimezone(UTC))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, OverflowError):
        return Seen(_NEVER, _NEVER)
