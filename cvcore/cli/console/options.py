"""Helpers to add commands, and options that several commands share."""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

from cvcore.settings import Settings

# The type that `ArgumentParser.add_subparsers` returns; argparse has no public name for it.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

# Runs a command with its options; returns the exit status.
Command = Callable[[argparse.Namespace, Settings], int]


def add_command(subparsers: Subparsers, name: str, run: Command, summary: str) -> argparse.ArgumentParser:
    """Add a command; returns its parser, to which its options are added."""
    command = subparsers.add_parser(name, help=summary, description=summary)
    command.set_defaults(command=run)
    return command


def add_project(command: argparse.ArgumentParser) -> None:
    """Add the argument PROJECT."""
    command.add_argument("project", metavar="PROJECT", type=parse_name, help="the project's name")


def add_iteration(command: argparse.ArgumentParser) -> None:
    """Add the option --iteration."""
    command.add_argument(
        "--iteration", type=int, metavar="N", help="the iteration's number (default: the newest trained one)"
    )


def add_threshold(command: argparse.ArgumentParser) -> None:
    """Add the option --threshold."""
    command.add_argument(
        "--threshold", type=parse_threshold, help="0..1 (default: the one saved with the iteration, or 0.5)"
    )


def add_json(command: argparse.ArgumentParser) -> None:
    """Add the option --json."""
    command.add_argument("--json", action="store_true", help="print the result as JSON, for scripts")


def parse_name(text: str) -> str:
    """A name on the command line in Unicode's normal form, without spaces around it.

    Raises:
        ArgumentTypeError: it is not UTF-8.

    >>> parse_name(" Tree ")
    'Tree'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"must be UTF-8 text, got {text!r}") from None
    return unicodedata.normalize("NFC", text).strip()


def parse_threshold(text: str) -> float:
    """A threshold on the command line; its range is checked where it is used.

    Raises:
        ArgumentTypeError: it is no number.

    >>> parse_threshold("0.5")
    0.5
    """
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number in 0..1, got {text!r}") from None
