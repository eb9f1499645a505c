"""The catalogs of messages, `catalogs/CODE.po`, and what is said of them in the language spoken."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from cvcore.languages import pseudo
from cvcore.languages.choice import ENGLISH, PSEUDO, RIGHT_TO_LEFT, current
from cvcore.languages.numerals import number as in_digits

FOLDER = Path(__file__).parent / "catalogs"


def t(message: str, /, **parts: object) -> str:
    """A message in the language spoken, with its parts in the places that it names in braces.

    The message stands there as a literal, or was `marked`. A message that the catalog lacks is said in English.

    >>> t("Delete {tag}?", tag="{rose}"), t("{} and %"), t("")
    ('Delete {rose}?', '{} and %', '')
    """
    code = current()
    # The empty message is the catalog's own header.
    said = message if code == ENGLISH or not message else _said(code).gettext(message)
    return said.format_map(parts) if parts else said


def tn(number: int, one: str, many: str, /, **parts: object) -> str:
    """A message about a number of things, in the form that the language has for that number; `{n}` is the number.

    >>> tn(1, "{n} image", "{n} images"), tn(1200, "{n} image of {tag}", "{n} images of {tag}", tag="rose")
    ('1 image', '1,200 images of rose')
    """
    code = current()
    said = (one if number == 1 else many) if code == ENGLISH else _said(code).ngettext(one, many, number)
    return said.format_map({"n": in_digits(number), **parts})


def marked(message: str) -> str:
    """The message itself: marks a literal for the catalogs that `t` says later."""
    return message


def messages_for(messages: Iterable[str | tuple[str, str]]) -> dict[str, str | list[str]]:
    """Translations of messages for a script in the browser: one text, or all forms of a message about a number.

    A pair is the singular and plural of such a message, found by its singular. Empty in English.
    """
    code = current()
    if code == ENGLISH:
        return {}
    said = _said(code)
    translations: dict[str, str | list[str]] = {}
    for message in messages:
        if isinstance(message, str):
            translations[message] = said.gettext(message)
        else:
            forms = 1 if code == "ko" else 2
            # 1 has the first form in each of our languages, 2 the last.
            translations[message[0]] = [said.ngettext(*message, number) for number in range(1, forms + 1)]
    return translations


@functools.cache
def _said(code: str) -> NullTranslations:
    """The catalog of a language; one without messages if the language has no file."""
    if code in PSEUDO:
        return pseudo.Pseudo(is_mirrored=code in RIGHT_TO_LEFT)
    path = FOLDER / f"{code}.po"
    if not path.exists():
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
