"""Which language is spoken: what a request or a page's session chose, English elsewhere."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

ENGLISH = "en"
# By the codes of BCP 47, each by its own name.
LANGUAGES = {ENGLISH: "English", "ko": "한국어", "es": "Español", "de": "Deutsch", "fr": "Français"}
# For tests, by the codes that Android gives them: English with accents, 40 % longer; the same from right to left.
ACCENTED, MIRRORED = "en-XA", "ar-XB"
PSEUDO = (ACCENTED, MIRRORED)
RIGHT_TO_LEFT = (MIRRORED,)

# The cookie in which a browser keeps the language that was chosen.
COOKIE = "tagwise_language"
# What is read of a browser's header at most; browsers send some 50 letters.
HEADER_LETTERS = 1_000
_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)")

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")

_given: ContextVar[str | None] = ContextVar("language", default=None)
_sources: list[Callable[[], str | None]] = []


def current() -> str:
    """The code of the language spoken here and now, a key of `LANGUAGES` or one of `PSEUDO`."""
    if (given := _given.get()) is not None:
        return given
    return next((code for source in _sources if (code := source())), ENGLISH)


def direction() -> str:
    """The direction of the language spoken, as HTML's attribute `dir` has it.

    >>> direction()
    'ltr'
    """
    return "rtl" if current() in RIGHT_TO_LEFT else "ltr"


@contextlib.contextmanager
def using(code: str) -> Iterator[None]:
    """Speak a language within the block, whatever the sources say."""
    token = _given.set(code)
    try:
        yield
    finally:
        _given.reset(token)


def of_request(cookies: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The language for a request: what the browser's cookie `COOKIE` holds, else the first of its own that is spoken.

    headers: by small names; the languages in `accept-language` are taken in the order of their weights, RFC 9110,
    12.5.4.

    >>> of_request({}, {"accept-language": "da, en;q=0.5, fr-CH;q=0.9"}), of_request({}, {})
    ('fr', 'en')
    >>> of_request({COOKIE: "ko"}, {"accept-language": "de"})
    'ko'
    """
    chosen = cookies.get(COOKIE, "")
    return fitting([chosen] if chosen else _by_weight(headers.get("accept-language", "")))


def carried(work: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """The function, which speaks the language of here and now in whatever thread it is called."""
    code = current()

    def call(*given: _Given.args, **named: _Given.kwargs) -> _Made:
        with using(code):
            return work(*given, **named)

    return call


def use_source(source: Callable[[], str | None]) -> None:
    """Ask a function for the language from now on; it answers None where it serves nobody."""
    if source not in _sources:
        _sources.append(source)


def _by_weight(accept_language: str) -> list[str]:
    """The languages in such a header, those wanted most first; without those of weight 0 or of no valid weight."""
    weighed = []
    for each in accept_language[:HEADER_LETTERS].split(","):
        language, _, weight = each.partition(";")
        value = _WEIGHT.fullmatch(weight.strip()) if weight else None
        if (value or not weight) and (quality := float(value[1]) if value else 1.0) > 0:
            weighed.append((-quality, language.strip()))
    return [language for _, language in sorted(weighed, key=lambda pair: pair[0])]


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
