"""Output of the commands: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cvcore.errors import InvalidInput


def percent(rate: float | None) -> str:
    """A rate in per cent, or a dash if it is undefined.

    >>> percent(0.873), percent(None)
    ('87.3%', '–')
    """
    return "–" if rate is None else f"{rate:.1%}"


def print_result(result: Any, text: str, *, as_json: bool) -> None:
    """Print a command's result: as JSON for a script, or the text for a person."""
    if as_json:
        print_json(result)
    else:
        print(text)


def print_json(result: Any) -> None:
    """Print a result as JSON; undefined numbers must be None in it."""
    print(json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False))


def print_json_list(head: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """Print what `print_json({**head, name: list(items)})` prints, but each item as soon as it is known."""
    # The null is a placeholder for the items: the text is split there.
    begin, end = json.dumps({**head, name: [None]}, indent=2, ensure_ascii=False, allow_nan=False).rsplit("null", 1)
    separator = begin
    for item in items:
        text = json.dumps(item, indent=2, ensure_ascii=False, allow_nan=False)
        print(separator, textwrap.indent(text, " " * 4).lstrip(), sep="", end="", flush=True)
        separator = ",\n    "
    print(end if separator != begin else begin.rstrip() + end.lstrip())


def print_error(reason: str) -> None:
    """Print one line on standard error, in place of the progress."""
    show_progress("")
    print("tagwise:", *reason.split(), file=sys.stderr)


def show_progress(text: str) -> None:
    """Write the progress over the last one, in one line of a terminal; a log gets nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def on_progress(stage: str, fraction: float) -> None:
    """A `Progress`: show the stage of the work and the fraction that is done, 0..1."""
    show_progress(f"{stage} ({fraction:.0%})")


def unwritable(option: str, path: Path, error: OSError) -> InvalidInput:
    """The error for a file that an option names but that cannot be written."""
    return InvalidInput(f"{option} must name a file that can be written, {path}: {error}")
