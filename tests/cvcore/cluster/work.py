"""Work for actors, small enough to be seen through."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from cvcore.errors import InvalidInput, Unavailable


def squares(seconds: float) -> Callable[[int], tuple[int, int]]:
    """Squares a number, slowly, and says in which process."""

    def square(number: int) -> tuple[int, int]:
        time.sleep(seconds)
        return number**2, os.getpid()

    return square


def refusal() -> Callable[[int], int]:
    """No machine can do this."""
    raise Unavailable("it does not see the folder")


def deaths() -> Callable[[int], int]:
    """Whoever does this dies."""
    return lambda number: os._exit(1)


def errors() -> Callable[[int], int]:
    """Whoever does this finds an error of ours."""

    def fail(number: int) -> int:
        raise InvalidInput(f"{number} is wrong")

    return fail


def first_dies(folder: Path) -> Callable[[int], int]:
    """The first actor that is given the number 3 dies of it."""

    def square(number: int) -> int:
        if number == 3 and not (folder / "died").exists():
            (folder / "died").touch()
            os._exit(1)
        return number**2

    return square
