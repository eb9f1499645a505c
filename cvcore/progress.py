"""Progress callbacks for long work; a callback ends the work by raising `Stopped`."""

from __future__ import annotations

from collections.abc import Callable

# Called with the stage in words and the fraction that is done, 0..1; raises Stopped to end the work.
Progress = Callable[[str, float], None]


class Stopped(Exception):
    """The work was asked to end; what is finished is kept."""


def share(progress: Progress, start: float, end: float) -> Progress:
    """The progress callback for a part of the work: its 0..1 is reported as `start`..`end` of the whole.

    >>> share(lambda stage, fraction: print(stage, fraction), 0.5, 1.0)("half of the second half", 0.5)
    half of the second half 0.75
    """
    return lambda stage, fraction: progress(stage, start + (end - start) * fraction)


def silent(stage: str, fraction: float) -> None:
    """A progress callback that does nothing."""
