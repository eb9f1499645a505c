"""Tags that a person would take for one: they differ in capitals, accents, spaces, signs or script alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from cvcore.annotations import shown
from cvcore.languages import t

# Small letters of Cyrillic and Greek that are drawn as Latin ones.
_DRAWN_AS = str.maketrans("асеорхуіјѕһԁԛԝοανι", "aceopxyijshdqwoavi")
_ACCENT = re.compile("[\u0300-\u036f]")
SHOWN = 5


def lookalikes(tags: Iterable[str]) -> list[str]:
    """A sentence for each group of tags that look alike.

    >>> lookalikes(["cat", "Cat", "dog"])
    ['The tags Cat, cat look alike. If they mean the same, give all their images one of them.']
    """
    groups: dict[str, list[str]] = {}
    for tag in sorted(tags):
        groups.setdefault(key(tag), []).append(tag)
    return [
        t(
            "The tags {tags} look alike. If they mean the same, give all their images one of them.",
            tags=_listed(group),
        )
        for group in groups.values()
        if len(group) > 1
    ]


def _listed(tags: Sequence[str]) -> str:
    return ", ".join(map(shown, tags[:SHOWN])) + (" …" if len(tags) > SHOWN else "")


def key(tag: str) -> str:
    """What tags that look alike have in common.

    >>> key("Café au-lait") == key("cafe_au  lait"), key("cat") == key("c\u0430t\u200b"), key("が") == key("か")
    (True, True, False)
    """
    # Accents are taken off Latin letters; of other scripts such marks make other letters.
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", tag.casefold())).translate(_DRAWN_AS)
    seen = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return re.sub(r"[\s_\-.]+", "", seen) or tag
