"""A column: the texts of a key that occur, and which of them each image has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.image_facts.classes import Classes, classified

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, eq=False)
class Column:
    """A key, the texts that occur, in order, and for each image the index of its text; -1 if it has none.

    `codes` is int32, (images,), in the order of the images.
    """

    key: str
    values: tuple[str, ...]
    codes: NDArray[np.int32]


def of_texts(key: str, texts: Mapping[int, str], count: int) -> Column:
    """The column of so many images whose texts are given by their place; numbers in texts are ordered as numbers.

    >>> column = of_texts("room", {0: "12", 3: "9"}, 4)
    >>> column.values, column.codes.tolist()
    (('9', '12'), [1, -1, -1, 0])
    """
    values = sorted(set(texts.values()), key=_natural)
    index = {value: code for code, value in enumerate(values)}
    codes = np.full(count, -1, np.int32)
    codes[list(texts)] = [index[text] for text in texts.values()]
    return Column(key, tuple(values), codes)


def of_classes(key: str, numbers: NDArray[np.float64], classes: Classes) -> Column:
    """The column of numbers, nan where undefined, put into classes; those without an image are left out.

    >>> from cvcore.image_facts.classes import SIZES
    >>> column = of_classes("size", np.array([64.0, np.nan, 1024.0]), SIZES)
    >>> column.values, column.codes.tolist()
    (('tiny (under 96 px)', 'large (from 1,024 px)'), [0, -1, 1])
    """
    found = classified(numbers, classes)
    used = np.unique(found[found >= 0])
    codes = np.where(found < 0, -1, np.searchsorted(used, found)).astype(np.int32)
    return Column(key, tuple(classes.names[place] for place in used), codes)


def by_key(rows: Iterable[tuple[str, str, str]], ids: Sequence[str]) -> dict[str, dict[int, str]]:
    """The texts of rows of id, key and text, by key and the image's place; texts without a letter are left out.

    >>> by_key([("b", "room", "9"), ("a", "room", " ")], ["a", "b"])
    {'room': {1: '9'}}
    """
    places = {image_id: place for place, image_id in enumerate(ids)}
    texts: dict[str, dict[int, str]] = {}
    for image_id, key, text in rows:
        if text and not text.isspace():
            texts.setdefault(key, {})[places[image_id]] = text
    return texts


def _natural(text: str) -> tuple[list[tuple[bool, float, str]], str]:
    pieces = _NUMBER.split(text.casefold())
    return [(False, float(each), "") if place % 2 else (True, 0.0, each) for place, each in enumerate(pieces)], text
