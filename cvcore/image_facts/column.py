"""A column: the texts of a key that occur, and which of them each image has."""

from __future__ import annotations

import itertools
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


def of_texts(key: str, places: Mapping[str, Sequence[int]], count: int) -> Column:
    """The column of so many images, given the places of those with each text; numbers in texts are ordered as numbers.

    >>> column = of_texts("room", {"12": [0], "9": [3]}, 4)
    >>> column.values, column.codes.tolist()
    (('9', '12'), [1, -1, -1, 0])
    """
    values = in_order(text for text, own in places.items() if len(own))
    codes = np.full(count, -1, np.int32)
    lengths = [len(places[value]) for value in values]
    at = np.fromiter(itertools.chain.from_iterable(places[value] for value in values), np.int64, sum(lengths))
    codes[at] = np.repeat(np.arange(len(values)), lengths)
    return Column(key, tuple(values), codes)


def of_numbered(key: str, texts: Sequence[str], numbers: NDArray[np.int32]) -> Column:
    """The column of images given by the number of each one's text, (images,); texts without a letter are left out.

    >>> column = of_numbered("room", ["12", "", "9"], np.array([0, 2, 1]))
    >>> column.values, column.codes.tolist()
    (('9', '12'), [1, 0, -1])
    """
    values = in_order(text for text in texts if text and not text.isspace())
    code_of = {text: code for code, text in enumerate(values)}
    codes = np.array([code_of.get(text, -1) for text in texts], np.int32)
    return Column(key, tuple(values), codes[numbers])


def in_order(texts: Iterable[str]) -> list[str]:
    """Texts in the order of lists: letters of either case alike, numbers as numbers."""
    return sorted(texts, key=_natural)


def of_classes(key: str, numbers: NDArray[np.float64], classes: Classes) -> Column:
    """The column of numbers, nan where undefined, put into classes; those without an image are left out.

    >>> from cvcore.image_facts.classes import SIZES
    >>> column = of_classes("size", np.array([63.0, np.nan, 1024.0]), SIZES)
    >>> column.values, column.codes.tolist()
    (('tiny (under 64 px)', 'large (from 1,024 px)'), [0, -1, 1])
    """
    found = classified(numbers, classes)
    used = np.unique(found[found >= 0])
    codes = np.where(found < 0, -1, np.searchsorted(used, found)).astype(np.int32)
    return Column(key, tuple(classes.names[place] for place in used), codes)


def by_key(groups: Iterable[tuple[str, str, list[str]]], ids: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """The places of images by key and text, of groups of key, text and ids; texts without a letter are left out.

    >>> by_key([("room", "9", ["b", "other"]), ("room", " ", ["a"])], ["a", "b"])
    {'room': {'9': [1]}}
    """
    place_of = {image_id: place for place, image_id in enumerate(ids)}.get
    found: dict[str, dict[str, list[int]]] = {}
    for key, text, image_ids in groups:
        places = [place for place in map(place_of, image_ids) if place is not None]
        if places and text and not text.isspace():
            found.setdefault(key, {})[text] = places
    return found


def _natural(text: str) -> tuple[list[tuple[bool, float, str]], str]:
    pieces = _NUMBER.split(text.casefold())
    return [(False, float(each), "") if place % 2 else (True, 0.0, each) for place, each in enumerate(pieces)], text
