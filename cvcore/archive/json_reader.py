"""JSON from strangers, read value by value: each is of its kind and within its bounds, or the whole is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from cvcore.errors import ArchiveRefused

Choice = TypeVar("Choice", bound=str)
Read = TypeVar("Read")


class Value:
    """A value in a JSON file and where it stands there, as `project.json: images[3].name`."""

    def __init__(self, value: Any, where: str) -> None:
        self._value = value
        self.where = where

    def __getitem__(self, key: str) -> Value:
        """The member of that name."""
        if not isinstance(self._value, dict) or key not in self._value:
            raise self.refusal(f"an object with {key}")
        return Value(self._value[key], f"{self.where}.{key}")

    def member(self, key: str) -> Value:
        """The member of that name, or null where there is none, as in what an older Tagwise wrote."""
        there = isinstance(self._value, dict) and key in self._value
        return self[key] if there else Value(None, f"{self.where}.{key}")

    def items(self, at_most: int) -> Iterator[Value]:
        """The elements of a list."""
        if not isinstance(self._value, list) or len(self._value) > at_most:
            raise self.refusal(f"a list of at most {at_most:,}")
        return (Value(each, f"{self.where}[{place}]") for place, each in enumerate(self._value))

    def members(self, at_most: int, letters: int) -> Iterator[tuple[str, Value]]:
        """The names and values of an object."""
        if not isinstance(self._value, dict) or len(self._value) > at_most:
            raise self.refusal(f"an object of at most {at_most:,}")
        for key, value in self._value.items():
            yield Value(key, f"{self.where}'s key").text(letters), Value(value, f"{self.where}.{key[:40]}")

    def text(self, letters: int) -> str:
        """A text of at most so many letters."""
        if not isinstance(self._value, str) or len(self._value) > letters or not _is_whole(self._value):
            raise self.refusal(f"a text of at most {letters:,} letters")
        return str(self._value)

    def hexadecimal(self, digits: int) -> str:
        """A text of exactly so many hexadecimal digits, in lower case."""
        if len(found := self.text(digits)) != digits or not set(found) <= set("0123456789abcdef"):
            raise self.refusal(f"a text of {digits} hexadecimal digits")
        return found

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """One of these texts."""
        for choice in choices:
            if self._value == choice:
                return choice
        raise self.refusal(f"one of {', '.join(choices)}")

    def integer(self, low: int, high: int) -> int:
        """A whole number in low..high."""
        if not isinstance(self._value, int) or isinstance(self._value, bool) or not low <= self._value <= high:
            raise self.refusal(f"a whole number in {low:,}..{high:,}")
        return int(self._value)

    def number(self, low: float, high: float) -> float:
        """A finite number in low..high."""
        is_number = isinstance(self._value, int | float) and not isinstance(self._value, bool)
        if not is_number or not low <= self._value <= high or not math.isfinite(self._value):
            raise self.refusal(f"a number in {low:g}..{high:g}")
        return float(self._value)

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self._value, bool):
            raise self.refusal("true or false")
        return bool(self._value)

    def moment(self) -> datetime:
        """An aware moment, as ISO 8601 has it."""
        try:
            found = datetime.fromisoformat(self.text(40))
        except ValueError:
            found = datetime.min
        if found.tzinfo is None:
            raise self.refusal("a moment with its time zone")
        return found

    def optional(self, read: Callable[[Value], Read]) -> Read | None:
        """What `read` makes of it, or None for null."""
        return None if self._value is None else read(self)

    @property
    def is_list(self) -> bool:
        """Whether there are elements in it to read."""
        return isinstance(self._value, list)

    def refusal(self, rule: str) -> ArchiveRefused:
        """What refuses the file; `rule` says what the value must be."""
        return ArchiveRefused(
            f"a project zip must be as Tagwise writes it, {self.where} is not {rule}: copy or download it again"
        )


def read(data: bytes, name: str) -> Value:
    """The value that a file in UTF-8 holds.

    Raises:
        ArchiveRefused: it is no JSON.

    >>> read(b'{"tags": ["rose"]}', "a.json")["tags"].where
    'a.json.tags'
    """
    try:
        return Value(json.loads(data.decode(), parse_constant=_no_number), name)
    except (ValueError, RecursionError):
        raise Value(None, name).refusal("a file of JSON") from None


def _is_whole(text: str) -> bool:
    """Whether it has no half of a letter, which JSON can write and nothing can show."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)
