"""Conditions that images of a slice fulfil, `key=value`, as texts and as the images that fulfil them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools
from cvcore.errors import InvalidInput
from cvcore.image_facts import Column
from cvcore.languages import t, tn

# So many keys or values stand in a message, each with so many letters.
LISTED, LETTERS = 10, 60


@dataclass(frozen=True)
class Condition:
    """Images have that value of a key.

    >>> str(Condition("camera", "Pixel 8"))
    'camera=Pixel 8'
    """

    key: str
    value: str

    def __str__(self) -> str:
        """The condition as it is written in commands and addresses."""
        return f"{self.key}={self.value}"


def parse(text: str, columns: Mapping[str, Column]) -> Condition:
    """The condition that `key=value` means for images with these columns.

    Keys and values can hold "=": of the ways to part the text, the first at which both exist is taken.

    Raises:
        InvalidInput: there is no "=", no such key, or no image with that value.

    >>> from cvcore.image_facts import Column
    >>> parse("a=b=c", {"a=b": Column("a=b", ("c",), np.zeros(1, np.int32))})
    Condition(key='a=b', value='c')
    """
    places = [place for place, letter in enumerate(text) if letter == "="]
    ways = [Condition(text[:place], text[place + 1 :]) for place in places]
    if not ways:
        raise InvalidInput(t("a slice must be key=value, got {text!r}: {keys}", text=_short(text), keys=_keys(columns)))
    known = [way for way in ways if way.key in columns]
    for way in known:
        if way.value in columns[way.key].values:
            return way
    if not known:
        raise InvalidInput(t("no image has a key {key!r}: {keys}", key=_short(ways[0].key), keys=_keys(columns)))
    way = known[0]
    condition, values = f"{_short(way.key)}={_short(way.value)}", _listed(columns[way.key].values)
    raise InvalidInput(t("no image has {condition}: its values are {values}", condition=condition, values=values))


def chosen(conditions: Sequence[Condition], columns: Mapping[str, Column], images: int) -> Bools:
    """Which of so many images fulfil all conditions, (images,); every image fulfils none.

    Raises:
        InvalidInput: a key or value does not exist, as `parse`.
    """
    result = np.ones(images, np.bool_)
    for condition in conditions:
        column = columns.get(condition.key)
        if column is None or condition.value not in column.values:
            parse(str(condition), columns)
            raise InvalidInput(t("no image has {condition}", condition=_short(str(condition))))
        result &= column.codes == column.values.index(condition.value)
    return result


def _keys(columns: Mapping[str, Column]) -> str:
    if not columns:
        return t("nothing is known of these images beside their tags")
    return t("the keys are {keys}", keys=_listed(list(columns)))


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - LISTED
    listed = ", ".join(map(_short, texts[:LISTED]))
    return tn(more, "{names} and {n} more", "{names} and {n} more", names=listed) if more > 0 else listed


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
