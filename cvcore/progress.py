"""How long work tells how far it has come, and how it is told to stop."""

from __future__ import annotations

from collections.abc import Callable

# Told what is being done, in words, and how far it is, 0..1; raises Stopped to end the work there.
Progress = Callable[[str, float], None]


class Stopped(Exception):
    """Whoever watches the progress wants the work to end; what is finished is kept."""


def share(progress: Progress, start: float, end: float) -> Progress:
    """A part's own 0..1, told as `start`..`end` of the whole.

    >>> share(lambda stage, fraction: print(stage, fraction), 0.5, 1.0)("half of the second half", 0.5)
    half of the second half 0.75
    """
    return lambda stage, fraction: progress(stage, start + (end - start) * fraction)


def silent(stage: str, fraction: float) -> None:
    """A progress that nobody watches."""
