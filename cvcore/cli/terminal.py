"""What commands say: results on standard output, progress and complaints on standard error."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cvcore.errors import InvalidInput


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


def print_json_list(about: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """As `print_json` prints `about` with the list of items under that name, but each item as it comes."""
    # Room for one item that is no item, to part what stands before the list from what stands after it.
    begin, end = json.dumps({**about, name: [None]}, indent=2, ensure_ascii=False, allow_nan=False).rsplit("null", 1)
    separator = begin
    for item in items:
        text = json.dumps(item, indent=2, ensure_ascii=False, allow_nan=False)
        print(separator, textwrap.indent(text, " " * 4).lstrip(), sep="", end="", flush=True)
        separator = ",\n    "
    print(end if separator != begin else begin.rstrip() + end.lstrip())


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


def _unwritable(option: str, path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"{option} must name a file that can be written, {path}: {error}")
