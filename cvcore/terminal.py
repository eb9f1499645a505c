"""What commands say: results on standard output, progress and complaints on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any


def percent(rate: float | None) -> str:
    """A rate in per cent, or a dash where it is undefined.

    >>> percent(0.873), percent(None)
    ('87.3%', '–')
    """
    return "–" if rate is None else f"{rate:.1%}"


def tell(result: Any, text: str, *, as_json: bool) -> None:
    """A command's result, for a script or for a person."""
    if as_json:
        print_json(result)
    else:
        print(text)


def print_json(result: Any) -> None:
    """A result for a script; undefined numbers are null."""
    print(json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False))


def complain(reason: str) -> None:
    """One line on standard error, in place of the progress."""
    progress("")
    print("tagwise:", *reason.split(), file=sys.stderr)


def progress(text: str) -> None:
    """How far it is: a terminal gets one line that is written over, a log nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def progress_of(stage: str, fraction: float) -> None:
    """The progress of work that tells its stage and how far it is, 0..1."""
    progress(f"{stage} ({fraction:.0%})")
