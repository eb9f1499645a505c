"""`tagwise class`: what a teacher can do about a class from the laptop itself."""

from __future__ import annotations

import argparse
import getpass
import sys

from cvcore import classroom
from cvcore.cli.console.options import Subparsers, add_command
from cvcore.errors import InvalidInput
from cvcore.settings import Settings
from cvcore.store import Store


def add_class(subparsers: Subparsers) -> None:
    """Add `tagwise class`."""
    command = add_command(subparsers, "class", password, "set a new teacher's password, in place of a forgotten one")
    command.add_argument("action", choices=["password"], help="asks for it twice, or reads it from standard input")


def password(options: argparse.Namespace, settings: Settings) -> int:
    """Set a new teacher's password; the old one need not be known.

    Raises:
        InvalidInput: it is too short, or was not typed twice the same.
    """
    store = Store(settings.home)
    if sys.stdin.isatty():
        new = getpass.getpass("New password of the teacher: ")
        if new != getpass.getpass("Once more: "):
            raise InvalidInput("the password must be typed twice the same, it was not: try again")
    else:
        new = sys.stdin.readline().rstrip("\r\n")
    classroom.set_password(store, new)
    print("The teacher's password is changed: who was signed in as the teacher must sign in again.")
    return 0
