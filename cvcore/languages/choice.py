"""Which language is spoken: what a request or a page's session chose, English elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar

ENGLISH = "en"
# By the codes of BCP 47, each by its own name.
LANGUAGES = {ENGLISH: "English", "ko": "한국어", "es": "Español", "de": "Deutsch", "fr": "Français"}
# For tests, by the codes that Android gives them: English with accents, 40 % longer; the same from right to left.
ACCENTED, MIRRORED = "en-XA", "ar-XB"
PSEUDO = (ACCENTED, MIRRORED)
RIGHT_TO_LEFT = (MIRRORED,)

_given: ContextVar[str | None] = ContextVar("language", default=None)
_sources: list[Callable[[], str | None]] = []


def current() -> str:
    """The code of the language spoken here and now, a key of `LANGUAGES` or one of `PSEUDO`."""
    if (given := _given.get()) is not None:
        return given
    return next((code for source in _sources if (code := source())), ENGLISH)


@contextlib.contextmanager
def using(code: str) -> Iterator[None]:
    """Speak a language within the block, whatever the sources say."""
    token = _given.set(code)
    try:
        yield
    finally:
        _given.reset(token)


def use_source(source: Callable[[], str | None]) -> None:
    """Ask a function for the language from now on; it answers None where it serves nobody."""
    if source not in _sources:
        _sources.append(source)


def fitting(wanted: Iterable[str]) -> str:
    """The first language wanted that is spoken, English if none is; the region makes no difference.

    >>> fitting(["de-AT", "en"]), fitting(["pt-BR", "es"]), fitting([]), fitting(["EN_us"]), fitting(["en-XA"])
    ('de', 'es', 'en', 'en', 'en-XA')
    """
    for each in wanted:
        if each in PSEUDO:
            return each
        code = each.replace("_", "-").split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return ENGLISH
