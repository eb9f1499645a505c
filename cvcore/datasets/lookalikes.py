"""Tags that a person would take for one: they differ in capitals, accents, spaces or signs alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def lookalikes(tags: Iterable[str]) -> list[str]:
    """A sentence for each group of tags that look alike.

    >>> lookalikes(["cat", "Cat", "dog"])
    ['The tags Cat, cat look alike. If they mean the same, give all their images one of them.']
    """
    groups: dict[str, list[str]] = {}
    for tag in sorted(tags):
        groups.setdefault(key(tag), []).append(tag)
    return [
        f"The tags {', '.join(group)} look alike. If they mean the same, give all their images one of them."
        for group in groups.values()
        if len(group) > 1
    ]


def key(tag: str) -> str:
    """What tags that look alike have in common.

    >>> key("Café au-lait") == key("cafe_au  lait")
    True
    """
    plain = unicodedata.normalize("NFKD", tag.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return re.sub(r"[\s_\-.]+", "", letters) or tag
